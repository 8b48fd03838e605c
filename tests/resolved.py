"""The architecture as a deployment with given parameters would see it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from generator.architecture import templates
from generator.model.resolve import resolve

ENVIRONMENTS = ("seed", "dev", "prod")
PARAMS = Path(__file__).parents[1] / "params"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:1"
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/clinic/0-0"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0-0"


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Every template as plain data, by its path without the suffix."""
    return {path: template.to_dict() for path, template in templates().items()}


def flat() -> dict[str, Any]:
    return documents()["flat"]


def children() -> dict[str, dict[str, Any]]:
    """The nested set by file stem, the root among them."""
    return {p.split("/")[1]: d for p, d in documents().items() if p.startswith("nested/")}


def parameters(environment: str, **changes: str) -> dict[str, str]:
    rows = json.loads((PARAMS / f"{environment}.json").read_text())
    return {row["ParameterKey"]: row["ParameterValue"] for row in rows} | changes


def resources(environment: str = "seed", **changes: str) -> dict[str, dict[str, Any]]:
    """What params/<environment>.json, changed, would create, by logical id."""
    return resolve(flat(), parameters(environment, **changes))["Resources"]


def properties(logical_id: str, environment: str = "seed", **changes: str) -> dict[str, Any]:
    return resources(environment, **changes)[logical_id]["Properties"]


def of_type(kind: str, environment: str = "seed", **changes: str) -> dict[str, dict[str, Any]]:
    """Properties of every resource of a type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in resources(environment, **changes).items()
        if resource["Type"] == kind
    }


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["Statement"]


def actions(document: dict[str, Any]) -> set[str]:
    """Every action that a policy document allows."""
    return {
        action
        for statement in statements(document)
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }
