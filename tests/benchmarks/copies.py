"""The architecture several times over, to see what grows with its size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any

from generator.model.walk import SUBSTITUTED

Template = dict[str, Any]
Names = Mapping[str, str]


def flat(template: Template, times: int) -> Template:
    """``template`` with so many of each of its resources, each copy wired to itself.

    The copies share the parameters and conditions; the outputs are those of the first.
    """
    names = [{name: f"{name}{number}" for name in template["Resources"]} for number in range(times)]
    resources = {
        own[name]: _renamed(resource, own)
        for own in names
        for name, resource in template["Resources"].items()
    }
    return template | {"Resources": resources, "Outputs": _renamed(template["Outputs"], names[0])}


def nested(templates: Mapping[str, Mapping[str, Any]], times: int) -> dict[str, Template]:
    """So many copies of all layers beside each other under one root, by file stem.

    The copies share the root's parameters and nothing else; the outputs are those of the first.
    """
    root = templates["root"]
    stacks: Template = {}
    found: dict[str, Template] = {}
    for mark in ascii_lowercase[:times]:
        names = {title: f"{title}{mark.upper()}" for title in root["Resources"]}
        for title, stack in root["Resources"].items():
            copy = stacks[names[title]] = _renamed(stack, names)
            url = copy["Properties"]["TemplateURL"]
            copy["Properties"]["TemplateURL"] = {"Fn::Sub": url["Fn::Sub"][:-5] + f"{mark}.json"}
        for stem, child in templates.items():
            if stem != "root":
                found[f"{stem}{mark}"] = _child(child, mark.upper())
    first = {title: f"{title}A" for title in root["Resources"]}
    outputs = _renamed(root["Outputs"], first)
    return {"root": {**root, "Resources": stacks, "Outputs": outputs}, **found}


def _child(child: Mapping[str, Any], mark: str) -> Template:
    resources, conditions = (
        {name: f"{name}{mark}" for name in child.get(section, {})}
        for section in ("Resources", "Conditions")
    )
    copy: Template = _renamed(child, resources, conditions)
    for section, names in (("Resources", resources), ("Conditions", conditions)):
        if section in copy:
            copy[section] = {names[name]: entry for name, entry in copy[section].items()}
    return copy


def _renamed(node: Any, resources: Names, conditions: Names = MappingProxyType({})) -> Any:
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


def _substituted(text: Any, resources: Names) -> Any:
    if isinstance(text, list):
        # Its own names hide resources of the same name.
        seen = {name: copy for name, copy in resources.items() if name not in text[1]}
        return [_substituted(text[0], seen), text[1]]

    def rename(found: re.Match[str]) -> str:
        name, dot, rest = found[1].partition(".")
        return f"${{{resources.get(name, name)}{dot}{rest}}}"

    return SUBSTITUTED.sub(rename, text)
