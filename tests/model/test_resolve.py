"""The resolver agrees with cfn-lint's, which shares no code with it, on everything both decide."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.context import create_context_for_template
from cfnlint.decode import decode_str
from cfnlint.jsonschema import CfnTemplateValidator
from cfnlint.template import Template

from generator.model.resolve import NOTHING, PSEUDO_PARAMETERS, Resolver
from generator.model.walk import nodes
from generator.parameters import values
from tests.resolved import ENVIRONMENTS, children, flat, parameters

TEMPLATES = {"flat": flat(), **children()}
PASSED = "subnet-0123456789abcdef0"
"""What stands for a value that only a deployment passes from stack to stack."""


def _given(template: dict[str, Any], env: str) -> dict[str, str]:
    """A value for every parameter: the environment's, the default, or something passed."""
    chosen = parameters(env)
    return {
        name: str(chosen.get(name, declared.get("Default", PASSED)))
        for name, declared in template.get("Parameters", {}).items()
    }


class CfnLint:
    """A template as cfn-lint resolves it with one choice of values."""

    def __init__(self, template: dict[str, Any], given: dict[str, str]) -> None:
        fixed = copy.deepcopy(template)
        for name, value in given.items():
            fixed["Parameters"][name] |= {"Default": value, "AllowedValues": [value]}
        decoded, _ = decode_str(json.dumps(fixed))
        self.template = Template("fixed.json", decoded, ["us-east-1"])
        context = create_context_for_template(self.template)
        self.validator = CfnTemplateValidator({}, context=context, cfn=self.template)
        self.given = {**given, "AWS::Region": "us-east-1"}

    def holds(self, condition: str) -> bool:
        both = [
            self.template.conditions.satisfiable({condition: value}, self.given)
            for value in (True, False)
        ]
        assert sorted(both) == [False, True], condition
        return both[0]

    def values(self, node: Any) -> list[Any]:
        """What a node becomes; nothing if cfn-lint does not decide it."""
        found = [value for value, _, error in self.validator.resolve_value(node) if error is None]
        return [value for value in found if not _has_functions(value)]


def _has_functions(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_has_functions, node))
    if isinstance(node, dict):
        return any(
            key == "Ref" or key.startswith("Fn::") or _has_functions(value)
            for key, value in node.items()
        )
    return False


def _functions(node: Any) -> Iterator[Any]:
    """Every node that is a function, outermost first, but for those with a branch in them: which
    one counts is the conditions' to say, and what is in both is looked at by itself."""
    if isinstance(node, list):
        for item in node:
            yield from _functions(item)
    elif isinstance(node, dict):
        if len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::")) and not _branches(node):
            yield node
        for value in node.values():
            yield from _functions(value)


def _branches(node: Any) -> bool:
    return any(isinstance(item, dict) and "Fn::If" in item for item in nodes(node))


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_both_resolvers_agree_on_every_condition(name: str, env: str) -> None:
    template = TEMPLATES[name]
    given = _given(template, env)
    ours, theirs = Resolver(template, {**PSEUDO_PARAMETERS, **given}), CfnLint(template, given)
    for condition in template.get("Conditions", {}):
        assert ours.holds(condition) == theirs.holds(condition), condition


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_both_resolvers_agree_on_every_function(name: str, env: str) -> None:
    template = TEMPLATES[name]
    given = _given(template, env)
    theirs = CfnLint(template, given)
    pseudo = {
        key: value
        for key in PSEUDO_PARAMETERS
        for value in theirs.values({"Ref": key})
        if isinstance(value, str)
    }
    ours = Resolver(template, {**PSEUDO_PARAMETERS, **pseudo, **given})
    compared = 0
    for section in ("Resources", "Outputs"):
        for node in _functions(template.get(section, {})):
            decided = theirs.values(node)
            mine = ours.resolve(node)
            # How many zones a region has is the account's to say; ours are the first three.
            if "Fn::GetAZs" in node:
                continue
            if decided and mine != NOTHING and not _has_functions(mine):
                assert mine in (decided[0], _as_list(decided[0])), node
                compared += 1
    assert compared > len(template["Resources"]) / 2


def _as_list(value: Any) -> Any:
    """cfn-lint leaves a parameter that is a list as the text that was given for it."""
    return values.split(value, "CommaDelimitedList") if isinstance(value, str) else value


def test_a_mapping_is_looked_up_as_cfn_lint_does() -> None:
    template = {
        "Parameters": {"Size": {"Type": "String", "Default": "small"}},
        "Mappings": {
            "Blocks": {"small": {"Block": "10.0.0.0/20"}, "big": {"Block": "10.0.0.0/16"}}
        },
        "Resources": {},
    }
    node = {"Fn::FindInMap": ["Blocks", {"Ref": "Size"}, "Block"]}
    for size in ("small", "big"):
        ours = Resolver(template, {"Size": size}).resolve(node)
        assert [ours] == CfnLint(template, {"Size": size}).values(node)
