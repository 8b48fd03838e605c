"""The architecture several times over in one nested set, to see what grows with its size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

Templates = dict[str, Any]


def repeated(templates: Mapping[str, Any], times: int) -> Templates:
    """``times`` copies of all layers beside each other under one root, by file stem.

    The copies share the root's parameters and nothing else; the outputs are those of the first.
    """
    root = templates["root"]
    stacks: dict[str, Any] = {}
    found: Templates = {}
    for mark in ascii_lowercase[:times]:
        titles = {title: f"{title}{mark.upper()}" for title in root["Resources"]}
        for title, stack in root["Resources"].items():
            copy = _renamed(stack, titles, {})
            url = copy["Properties"]["TemplateURL"]
            copy["Properties"]["TemplateURL"] = {"Fn::Sub": url["Fn::Sub"][:-5] + f"{mark}.json"}
            stacks[titles[title]] = copy
        for stem, child in templates.items():
            if stem != "root":
                found[f"{stem}{mark}"] = _child(child, mark.upper())
    first = {title: f"{title}A" for title in root["Resources"]}
    outputs = _renamed(root["Outputs"], first, {})
    return {"root": {**root, "Resources": stacks, "Outputs": outputs}, **found}


def _child(child: Mapping[str, Any], mark: str) -> dict[str, Any]:
    resources = {name: f"{name}{mark}" for name in child["Resources"]}
    conditions = {name: f"{name}{mark}" for name in child.get("Conditions", {})}
    copy: dict[str, Any] = _renamed(child, resources, conditions)
    for section, names in (("Resources", resources), ("Conditions", conditions)):
        if section in copy:
            copy[section] = {names[name]: entry for name, entry in copy[section].items()}
    return copy


def _renamed(node: Any, resources: Mapping[str, str], conditions: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_renamed(item, resources, conditions) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _renamed(value, resources, conditions) for key, value in node.items()}
    if isinstance(name := found.get("Ref"), str):
        found["Ref"] = resources.get(name, name)
    if isinstance(attribute := found.get("Fn::GetAtt"), list):
        found["Fn::GetAtt"] = [resources.get(attribute[0], attribute[0]), *attribute[1:]]
    if isinstance(waits := found.get("DependsOn"), str):
        found["DependsOn"] = resources.get(waits, waits)
    elif isinstance(waits, list):
        found["DependsOn"] = [resources.get(name, name) for name in waits]
    if isinstance(name := found.get("Condition"), str):
        found["Condition"] = conditions.get(name, name)
    if isinstance(choice := found.get("Fn::If"), list):
        found["Fn::If"] = [conditions.get(choice[0], choice[0]), *choice[1:]]
    if text := found.get("Fn::Sub"):
        found["Fn::Sub"] = _substituted(text, resources)
    return found


def _substituted(text: Any, resources: Mapping[str, str]) -> Any:
    if isinstance(text, list):
        return [_substituted(text[0], resources), *text[1:]]

    def rename(found: re.Match[str]) -> str:
        name, dot, rest = found[1].partition(".")
        return f"${{{resources.get(name, name)}{dot}{rest}}}"

    return re.sub(r"\$\{([^!}][^}]*)\}", rename, text)
