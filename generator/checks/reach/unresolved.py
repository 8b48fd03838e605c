"""What cannot be judged because it refers to nothing, or because its JSON is broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.checks.reach.facts import Unknown
from generator.checks.reach.names import Names
from generator.model.view import View
from generator.model.walk import SUBSTITUTED, json_of

TEXTS = {
    *("AccessPolicy", "AssumeRolePolicyDocument", "DashboardBody", "FileSystemPolicy"),
    *("KeyPolicy", "LifecyclePolicyText", "PolicyDocument", "RepositoryPolicyText"),
    *("ResourcePolicy", "SecretStringTemplate"),
}
"""Properties that hold JSON, as an object or as a text."""


def facts(view: View, names: Names) -> Iterator[Unknown]:
    """An Unknown for each reference to something missing and each text that is no JSON."""
    for name, resource in names.resources.items():
        for key, value in resource.get("Properties", {}).items():
            yield from _within(f"Resources/{name}/Properties/{key}", key, value, view)


def _within(place: str, key: str, node: Any, view: View) -> Iterator[Unknown]:
    for name in _own_references(node):
        logical = name.partition(".")[0]
        if not logical.startswith("AWS::") and logical not in view.resources:
            there = logical in view.whole["Resources"]
            why = "not made with these values" if there else "not in the templates"
            yield Unknown(place, f"{place} refers to {logical}, which is {why}")
    if key in TEXTS and _is_text(node) and json_of(node) is None:
        yield Unknown(place, f"{place} is no JSON")
    if isinstance(node, dict) and not _own_references(node):
        for inner, value in node.items():
            yield from _within(f"{place}/{inner}", inner, value, view)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _within(f"{place}/{number}", "", value, view)


def _own_references(node: Any) -> list[str]:
    """What a function refers to itself; names that an Fn::Sub defines are no references."""
    if not isinstance(node, dict) or len(node) != 1:
        return []
    [(function, argument)] = node.items()
    if function == "Ref" and isinstance(argument, str):
        return [argument]
    if function == "Fn::GetAtt":
        return [argument if isinstance(argument, str) else str(argument[0])]
    if function == "Fn::Sub":
        words, own = argument if isinstance(argument, list) else (argument, {})
        return [name for name in SUBSTITUTED.findall(words) if name not in own]
    return []


def _is_text(node: Any) -> bool:
    if isinstance(node, dict) and len(node) == 1:
        return next(iter(node)) in ("Fn::Join", "Fn::Sub")
    return isinstance(node, str)
