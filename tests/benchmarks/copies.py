"""The architecture several times over in one template, for what has to be linear in resources."""

from __future__ import annotations

import re
from typing import Any

from generator.checks.walk import SUBSTITUTED


def copies(template: dict[str, Any], count: int) -> dict[str, Any]:
    """``template`` with ``count`` of each of its resources, each copy wired to itself."""
    resources = template["Resources"]
    many = {
        f"{name}{number}": _renamed(resource, resources, str(number))
        for number in range(count)
        for name, resource in resources.items()
    }
    return template | {"Resources": many, "Outputs": _renamed(template["Outputs"], resources, "0")}


def _renamed(node: Any, resources: dict[str, Any], suffix: str) -> Any:
    if isinstance(node, list):
        return [_renamed(item, resources, suffix) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _renamed(value, resources, suffix) for key, value in node.items()}
    if isinstance(name := node.get("Ref"), str) and name in resources:
        found["Ref"] = name + suffix
    if "Fn::GetAtt" in node:
        attribute = node["Fn::GetAtt"]
        name, rest = attribute[0], attribute[1:]
        found["Fn::GetAtt"] = [name + suffix, *rest] if name in resources else attribute
    if isinstance(words := node.get("Fn::Sub"), str):
        found["Fn::Sub"] = SUBSTITUTED.sub(lambda m: _placeholder(m, resources, suffix), words)
    depends = node.get("DependsOn")
    if isinstance(depends, str):
        found["DependsOn"] = depends + suffix
    elif isinstance(depends, list):
        found["DependsOn"] = [name + suffix for name in depends]
    return found


def _placeholder(found: re.Match[str], resources: dict[str, Any], suffix: str) -> str:
    name, dot, rest = found[1].partition(".")
    return f"${{{name + suffix if name in resources else name}{dot}{rest}}}"
