"""A template as CloudFormation hands it to the services: with the types of AWS's own schemas.

Parameters are text ("true", "400"), and CloudFormation makes a boolean or a number of it where the
property is one. Judges of templates do not, and would report a database without a standby whose
MultiAZ is "true".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from generator.model.resolve import resolve
from generator.policies.refresh import REGION

Schema = Mapping[str, Any]


def typed(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The resources that ``template`` makes with ``parameters``, as a template of its own."""
    resources = resolve(template, parameters)["Resources"]
    for resource in resources.values():
        if "::CustomResource" not in resource["Type"] and "Properties" in resource:
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource["Type"]).schema
            resource["Properties"] = _typed(resource["Properties"], schema, schema)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _typed(value: Any, schema: Schema, whole: Schema) -> Any:
    while "$ref" in schema:
        place: Any = whole
        for key in schema["$ref"].removeprefix("#/").split("/"):
            place = place[key]
        schema = place
    if isinstance(value, list):
        return [_typed(entry, schema.get("items", {}), whole) for entry in value]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {name: _typed(entry, known.get(name, {}), whole) for name, entry in value.items()}
    return _scalar(value, schema.get("type"))


def _scalar(value: Any, kind: Any) -> Any:
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind in ("integer", "number") and isinstance(value, str):
        return int(value) if kind == "integer" else float(value)
    return value
