"""What a template becomes: nested templates inlined into one, parameters and conditions decided.

References to resources stay references, since only a deployment knows what they stand for.
cloudformation-validate's TemplateModel was tried first: it leaves the choice of an Fn::If's branch
to the caller without saying which conditions hold, and drops creation and update policies.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from generator.checks import rules, values
from generator.checks.folds import FOLDS
from generator.checks.walk import STACK, SUBSTITUTED

Template = Mapping[str, Any]


def pseudo_parameters(region: str = "us-east-1", stack: str = "clinic") -> dict[str, str]:
    """What AWS would say of a stack in some account."""
    return {
        "AWS::AccountId": "123456789012",
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackName": stack,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:123456789012:stack/{stack}/"
        "00000000-0000-0000-0000-000000000000",
        "AWS::URLSuffix": "amazonaws.com",
    }


PSEUDO_PARAMETERS = pseudo_parameters()
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
        if stack["Type"] != STACK:
            whole["Resources"][title] = _wired(stack, outputs)
            continue
        child = templates[stack_file(stack)]
        passed = stack["Properties"].get("Parameters", {})
        bound = {name: _wired(value, outputs) for name, value in passed.items()}
        conditions = child.get("Conditions", {})
        for name, condition in _bind(conditions, bound).items():
            if whole["Conditions"].setdefault(name, condition) != condition:
                raise ValueError(f"{title} means something else by the condition {name}")
        for name, resource in child["Resources"].items():
            holding = _implied(resource.get("Condition", ""), conditions)
            whole["Resources"][name] = _bind(resource, bound, holding)
        outputs[title] = {
            name: _bind(output["Value"], bound) for name, output in child.get("Outputs", {}).items()
        }
    asked = root.get("Parameters", {})
    whole["Parameters"] = {k: v for k, v in asked.items() if k != "TemplateBaseUrl"}
    whole["Outputs"] = {
        name: output | {"Value": _wired(output["Value"], outputs)}
        for name, output in root.get("Outputs", {}).items()
    }
    return whole | {key: root[key] for key in ("Rules",) if key in root}


def stack_file(stack: Mapping[str, Any]) -> str:
    """The file stem of a nested stack's template."""
    url = stack["Properties"]["TemplateURL"]
    return PurePosixPath(url["Fn::Sub"] if isinstance(url, dict) else url).stem


def _wired(node: Any, outputs: Mapping[str, Mapping[str, Any]]) -> Any:
    """``node`` with the values behind other stacks' outputs."""
    if isinstance(node, list):
        return [_wired(item, outputs) for item in node]
    if not isinstance(node, dict):
        return node
    attribute = node.get("Fn::GetAtt")
    if isinstance(attribute, list) and str(attribute[1]).startswith("Outputs."):
        return outputs[attribute[0]][attribute[1].removeprefix("Outputs.")]
    return {key: _wired(value, outputs) for key, value in node.items()}


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


def _implied(condition: str, conditions: Mapping[str, Any]) -> frozenset[str]:
    """The conditions that hold wherever this one does: itself, and those that it joins by And."""
    joined = conditions.get(condition, {}).get("Fn::And", [])
    return frozenset({condition}).union(
        *(_implied(one["Condition"], conditions) for one in joined if "Condition" in one)
    )


def resolve(template: Template, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Resources and Outputs of ``template`` for valid ``parameters``, in some account.

    KeyError for a parameter that has neither value nor default.
    """
    decided = Resolver(template, {**PSEUDO_PARAMETERS, **parameters})
    return {"Resources": decided.resources(), "Outputs": decided.outputs()}


class Resolver:
    """A template under one choice of values."""

    def __init__(self, template: Template, given: Mapping[str, str]) -> None:
        """``given`` goes over the defaults, by parameter or pseudo parameter; other names in it (a
        logical id, or ``Name.Attribute``) are replaced as well. KeyError for a parameter with
        neither."""
        self.template = template
        self.refs: dict[str, Any] = dict(given)
        for name, declared in template.get("Parameters", {}).items():
            text = str(given[name] if name in given else declared["Default"])
            kind = declared["Type"]
            self.refs[name] = values.split(text, kind) if values.is_list(kind) else text

    def resources(self) -> dict[str, Any]:
        """The resources that these values make, by logical id, without properties of no value."""
        return self._present("Resources")

    def outputs(self) -> dict[str, Any]:
        """The outputs that these values give."""
        return self._present("Outputs")

    def _present(self, section: str) -> dict[str, Any]:
        return {
            name: self.resolve({k: v for k, v in entry.items() if k != "Condition"})
            for name, entry in self.template.get(section, {}).items()
            if "Condition" not in entry or self.holds(entry["Condition"])
        }

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""
        return bool(self._decide(self.template["Conditions"][condition]))

    def _decide(self, expression: Any) -> Any:
        if isinstance(expression, list):
            return [self._decide(item) for item in expression]
        if not isinstance(expression, dict):
            return expression
        [(function, argument)] = expression.items()
        if function == "Condition":
            return self.holds(argument)
        if function in rules.FUNCTIONS:
            return rules.FUNCTIONS[function](*self._decide(argument))
        return self.resolve(expression)

    def resolve(self, node: Any) -> Any:
        """``node`` with everything decided that can be."""
        if isinstance(node, list):
            return [item for item in map(self.resolve, node) if item != NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(function, argument)] = node.items()
            if function == "Ref":
                return self.refs.get(argument, node)
            if function == "Fn::GetAtt":
                return self.refs.get(attribute(argument), node)
            if function == "Fn::If":
                return self.resolve(argument[1 if self.holds(argument[0]) else 2])
            if function == "Fn::Sub":
                return self._substitute(argument)
            if function == "Fn::FindInMap":
                return self._look_up(argument)
            if function in FOLDS:
                argument = self.resolve(argument)
                if function == "Fn::GetAZs" and argument == "":
                    argument = self.refs.get("AWS::Region", PSEUDO_PARAMETERS["AWS::Region"])
                folded = FOLDS[function](argument)
                return {function: argument} if folded is None else folded
        decided = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in decided.items() if value != NOTHING}

    def _look_up(self, argument: Any) -> Any:
        title, *keys = self.resolve(argument)
        found = self.template["Mappings"][title]
        for key in keys[:2]:
            found = found[key]
        return found

    def _substitute(self, argument: Any) -> Any:
        text, own = argument if isinstance(argument, list) else (argument, {})
        # Looked up in turn: a copy of all for each text would cost the square of their number.
        known = ChainMap({name: self.resolve(value) for name, value in own.items()}, self.refs)

        def fill(found: re.Match[str]) -> str:
            value = known.get(found[1])
            return value if isinstance(value, str) else found[0]

        done = SUBSTITUTED.sub(fill, text)
        left = {name: known[name] for name in SUBSTITUTED.findall(done) if name in own}
        if not SUBSTITUTED.search(done):
            return done.replace("${!", "${")
        return {"Fn::Sub": [done, left] if left else done}


def attribute(argument: Any) -> str:
    """``Name.Attribute`` of what a GetAtt asks for, in either of its spellings."""
    return argument if isinstance(argument, str) else ".".join(map(str, argument))
