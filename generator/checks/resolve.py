"""What a template becomes: nested templates inlined into one, parameters and conditions decided.

References to resources stay references, since only a deployment knows what they stand for.
cloudformation-validate's TemplateModel was tried first: it leaves the choice of an Fn::If's branch
to the caller without saying which conditions hold, and drops creation and update policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from itertools import islice
from typing import Any

from generator.checks import rules, values

Template = Mapping[str, Any]

PSEUDO_PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "clinic",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/clinic/"
    "00000000-0000-0000-0000-000000000000",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = {"Ref": "AWS::NoValue"}


def inline(templates: Mapping[str, Template]) -> dict[str, Any]:
    """The one template that a root (``"root"``) and its children by file stem amount to.

    ValueError when children disagree on what a condition means, KeyError when the root reads an
    output that no child has.
    """
    root = templates["root"]
    whole: dict[str, Any] = {"Conditions": {}, "Resources": {}}
    outputs: dict[str, dict[str, Any]] = {}
    for title, stack in root["Resources"].items():
        properties = stack["Properties"]
        child = templates[properties["TemplateURL"]["Fn::Sub"].split("/")[-1].removesuffix(".json")]
        bound = {
            name: _wired(value, outputs) for name, value in properties.get("Parameters", {}).items()
        }
        for name, condition in _bind(child.get("Conditions", {}), bound).items():
            if whole["Conditions"].setdefault(name, condition) != condition:
                raise ValueError(f"{title} means something else by the condition {name}")
        whole["Resources"] |= _bind(child["Resources"], bound)
        outputs[title] = {
            name: _bind(output["Value"], bound) for name, output in child.get("Outputs", {}).items()
        }
    whole["Parameters"] = {k: v for k, v in root["Parameters"].items() if k != "TemplateBaseUrl"}
    whole["Outputs"] = {
        name: output | {"Value": _wired(output["Value"], outputs)}
        for name, output in root["Outputs"].items()
    }
    return whole | {key: root[key] for key in ("Rules",) if key in root}


def _wired(value: Any, outputs: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        stack, attribute = value["Fn::GetAtt"]
        return outputs[stack][attribute.removeprefix("Outputs.")]
    return value


def _bind(node: Any, bound: Mapping[str, Any], holding: frozenset[str] = frozenset()) -> Any:
    """``node`` with the parent's values in place of the child's parameters.

    ``holding`` are the conditions that hold wherever ``node`` counts: under its own condition a
    conditional offer is its bare value, as the flat form has it.
    """
    if isinstance(node, list):
        return [_bind(item, bound, holding) for item in node]
    if not isinstance(node, dict):
        return node
    if list(node) == ["Ref"] and node["Ref"] in bound:
        value = bound[node["Ref"]]
        if isinstance(value, dict) and "Fn::Join" in value:
            return value["Fn::Join"][1]  # a list crossed the boundary as text
        if isinstance(value, dict) and value.get("Fn::If", [None])[0] in holding:
            return value["Fn::If"][1]
        return value
    if list(node) == ["Fn::If"]:
        condition, yes, no = node["Fn::If"]
        yes = _bind(yes, bound, holding | {condition})
        return {"Fn::If": [condition, yes, _bind(no, bound, holding)]}
    if isinstance(condition := node.get("Condition"), str):
        holding |= {condition}
    return {key: _bind(value, bound, holding) for key, value in node.items()}


def resolve(template: Template, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Resources and Outputs of ``template`` for valid ``parameters``; defaults fill the gaps.

    Resources and outputs whose condition does not hold are gone, as are properties without a
    value. KeyError for a parameter that has neither value nor default.
    """
    decided = _Decided(template, parameters)
    resolved: dict[str, Any] = {}
    for section in ("Resources", "Outputs"):
        resolved[section] = {
            name: decided.value({k: v for k, v in entry.items() if k != "Condition"})
            for name, entry in template.get(section, {}).items()
            if decided.holds(entry.get("Condition"))
        }
    return resolved


class _Decided:
    """A template under one choice of parameters."""

    def __init__(self, template: Template, parameters: Mapping[str, str]) -> None:
        self.conditions = template.get("Conditions", {})
        self.mappings = template.get("Mappings", {})
        self.refs: dict[str, Any] = dict(PSEUDO_PARAMETERS)
        for name, declared in template.get("Parameters", {}).items():
            text = str(parameters[name] if name in parameters else declared["Default"])
            kind = declared["Type"]
            self.refs[name] = values.split(text, kind) if values.is_list(kind) else text

    def holds(self, condition: str | None) -> bool:
        return condition is None or bool(self._condition(self.conditions[condition]))

    def _condition(self, expression: Any) -> Any:
        if isinstance(expression, list):
            return [self._condition(item) for item in expression]
        if isinstance(expression, dict):
            [(function, argument)] = expression.items()
            if function == "Condition":
                return self.holds(argument)
            if function in rules.FUNCTIONS:
                return rules.FUNCTIONS[function](*self._condition(argument))
            return self.value(expression)
        return expression

    def value(self, node: Any) -> Any:
        """``node`` with everything decided that can be."""
        if isinstance(node, list):
            items = [self.value(item) for item in node]
            return [item for item in items if item != NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(function, argument)] = node.items()
            if function == "Ref":
                return self.refs.get(argument, node)
            if function == "Fn::If":
                condition, yes, no = argument
                return self.value(yes if self.holds(condition) else no)
            if function == "Fn::Sub":
                return self._sub(argument)
            if fold := FOLDS.get(function):
                argument = self.value(argument)
                folded = fold(argument)
                return {function: argument} if folded is None else folded
        decided = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in decided.items() if value != NOTHING}

    def _sub(self, argument: Any) -> Any:
        text, own = argument if isinstance(argument, list) else (argument, {})
        refs = self.refs | {name: self.value(value) for name, value in own.items()}
        left = {name: value for name, value in refs.items() if not isinstance(value, str)}
        replaced = re.sub(
            r"\$\{([^}!]+)\}",
            lambda match: refs[match[1]] if isinstance(refs.get(match[1]), str) else match[0],
            text,
        )
        if "${" not in replaced:
            return replaced
        used = {name: value for name, value in left.items() if f"${{{name}}}" in replaced}
        return {"Fn::Sub": [replaced, used] if used else replaced}


def _join(argument: Any) -> str | None:
    separator, items = argument
    if isinstance(items, list) and all(isinstance(item, str) for item in items):
        return str(separator.join(items))
    return None


def _select(argument: Any) -> Any:
    index, items = argument
    return items[int(index)] if isinstance(items, list) else None


def _split(argument: Any) -> list[str] | None:
    separator, text = argument
    return text.split(separator) if isinstance(text, str) else None


def _cidr(argument: Any) -> list[str] | None:
    block, count, bits = argument
    if not isinstance(block, str):
        return None
    subnets = IPv4Network(block).subnets(new_prefix=32 - int(bits))
    return [str(subnet) for subnet in islice(subnets, int(count))]


def _zones(region: Any) -> list[str] | None:
    name = region or PSEUDO_PARAMETERS["AWS::Region"]
    return [f"{name}{letter}" for letter in "abc"] if isinstance(name, str) else None


FOLDS: Mapping[str, Callable[[Any], Any]] = {
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _zones,
}
"""Functions that are decided once their arguments are; None means not yet."""
