"""``python -m generator.policies.refresh`` rebuilds permissions.json from the installed cfn-lint.

Only this module reads cfn-lint: what is generated must not change with the version installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import filter as matching
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from generator import architecture
from generator.policies.needs import FILE

REGION = "us-east-1"
CUSTOM = "AWS::CloudFormation::CustomResource"
WITHOUT_SCHEMA = {CUSTOM: ["lambda:InvokeFunction"]}
"""Custom resources have none; CloudFormation calls their function as the caller."""


def source() -> str:
    """Where a table derived now comes from."""
    return f"cfn-lint {version('cfn-lint')}"


def resource_types() -> set[str]:
    """The types of all templates; every ``Custom::`` type is one."""
    types = {
        resource.resource_type
        for template in architecture.templates().values()
        for resource in template.resources.values()
    }
    return {CUSTOM if name.startswith("Custom::") else str(name) for name in types}


def known_actions() -> dict[str, dict[str, Any]]:
    """IAM's services, and by lower-case action name whether ``Resources`` narrow it."""
    text = files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8")
    return {service: entry["Actions"] for service, entry in json.loads(text).items()}


def derive(types: Iterable[str]) -> dict[str, Any]:
    """The table of needs.table() for these resource types.

    Handlers also list names that are not IAM actions (operations, typing errors): left out, since
    IAM refuses or ignores them. ``unscoped`` are the actions that IAM grants on ``*`` only.
    """
    known = known_actions()
    of_type = {name: _actions(name, known) for name in sorted(types)}
    exact = {action for actions in of_type.values() for action in actions if "*" not in action}
    unscoped = [action for action in sorted(exact) if not _entry(action, known).get("Resources")]
    return {"source": source(), "types": of_type, "unscoped": unscoped}


def _actions(name: str, known: dict[str, dict[str, Any]]) -> list[str]:
    if name in WITHOUT_SCHEMA:
        return WITHOUT_SCHEMA[name]
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).schema
    listed = set(schema.get("tagging", {}).get("permissions", []))
    for handler in schema.get("handlers", {}).values():
        listed.update(handler.get("permissions", []))
    return sorted(action for action in listed if _is_action(action, known))


def _is_action(action: str, known: dict[str, dict[str, Any]]) -> bool:
    service, _, name = action.partition(":")
    return bool(matching(known.get(service, {}), name.lower()))


def _entry(action: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    service, _, name = action.partition(":")
    entry: dict[str, Any] = known[service][name.lower()]
    return entry


def main() -> None:
    """Write the file beside this module and say so."""
    target = Path(__file__).with_name(FILE)
    table = derive(resource_types())
    target.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"{target}: {len(table['types'])} resource types, from {table['source']}")


if __name__ == "__main__":
    main()
