"""The documents, IAM's own list of actions and the resources that the documents are for."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from generator import architecture, policies


@pytest.fixture(scope="session")
def documents() -> dict[str, dict[str, Any]]:
    return policies.documents()


@pytest.fixture(scope="session")
def deployer(documents: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [text for stem, text in documents.items() if stem.startswith("deployer-")]


@pytest.fixture(scope="session")
def iam() -> dict[str, Any]:
    """Per service: Actions (lower case, with the resource types that narrow them), Resources."""
    text = files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@pytest.fixture(scope="session")
def flat() -> dict[str, Any]:
    """The resources of the flat template, as JSON."""
    resources: dict[str, Any] = architecture.templates()["flat"].to_dict()["Resources"]
    return resources
