"""Templates with parameters, conditions and intrinsic functions resolved.

References to resources stay references, since only a deployment knows what they stand for.
cloudformation-validate's TemplateModel was tried first: it leaves the choice of an Fn::If's branch
to the caller without saying which conditions hold, and drops creation and update policies.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Any

from generator.model.intrinsics import FOLDS
from generator.model.walk import SUBSTITUTED
from generator.parameters import rules, values

Template = Mapping[str, Any]


def pseudo_parameters(region: str = "us-east-1", stack: str = "clinic") -> dict[str, str]:
    """The values of pseudo parameters for a stack in an example account."""
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


def resolve(template: Template, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Resources and Outputs of ``template`` for valid ``parameters``, in some account.

    KeyError for a parameter that has neither value nor default.
    """
    decided = Resolver(template, {**PSEUDO_PARAMETERS, **parameters})
    return {"Resources": decided.resources(), "Outputs": decided.outputs()}


class Resolver:
    """A template with values for its parameters."""

    def __init__(self, template: Template, overrides: Mapping[str, str]) -> None:
        """``overrides`` replaces defaults, by parameter or pseudo parameter; other names in it (a
        logical id, or ``Name.Attribute``) are replaced as well. KeyError for a parameter that has
        neither."""
        self.template = template
        self.refs: dict[str, Any] = dict(overrides)
        self._held: dict[str, bool] = {}
        """Conditions that are decided already: many resources ask for the same one."""
        for name, declared in template.get("Parameters", {}).items():
            text = str(overrides[name] if name in overrides else declared["Default"])
            kind = declared["Type"]
            self.refs[name] = values.split(text, kind) if values.is_list(kind) else text

    def resources(
        self, known: Mapping[str, Any] = MappingProxyType({}), untouched: Container[str] = ()
    ) -> dict[str, Any]:
        """The resources that these values make, by logical id, without properties of no value.

        Those that are ``untouched`` by what was changed are taken from ``known``.
        """
        return self._present("Resources", known, untouched)

    def outputs(self) -> dict[str, Any]:
        """The outputs that these values give."""
        return self._present("Outputs")

    def _present(
        self,
        section: str,
        known: Mapping[str, Any] = MappingProxyType({}),
        untouched: Container[str] = (),
    ) -> dict[str, Any]:
        present = {}
        for name, entry in self.template.get(section, {}).items():
            if name in untouched:
                if name in known:
                    present[name] = known[name]
                continue
            try:
                if "Condition" not in entry or self.holds(entry["Condition"]):
                    present[name] = self.resolve(
                        {k: v for k, v in entry.items() if k != "Condition"}
                    )
            except KeyError as error:
                # The outermost place is the one that people find.
                missing = error.args[0] if error.args else ""
                place = missing if " in " in str(missing) else f"{missing} in {section}/{name}"
                raise KeyError(place) from error
        return present

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds; KeyError if it is not there."""
        if condition not in self._held:
            self._held[condition] = bool(self._decide(self.template["Conditions"][condition]))
        return self._held[condition]

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
        mapping = self.template["Mappings"][title]
        for key in keys[:2]:
            mapping = mapping[key]
        return mapping

    def _substitute(self, argument: Any) -> Any:
        text, own = argument if isinstance(argument, list) else (argument, {})
        # Looked up in turn: a copy of all for each text would cost the square of their number.
        known = ChainMap({name: self.resolve(value) for name, value in own.items()}, self.refs)

        def fill(match: re.Match[str]) -> str:
            value = known.get(match[1])
            return value if isinstance(value, str) else match[0]

        done = SUBSTITUTED.sub(fill, text)
        left = {name: known[name] for name in SUBSTITUTED.findall(done) if name in own}
        if not SUBSTITUTED.search(done):
            return done.replace("${!", "${")
        return {"Fn::Sub": [done, left] if left else done}


def attribute(argument: Any) -> str:
    """``Name.Attribute`` of what a GetAtt asks for, in either of its spellings."""
    return argument if isinstance(argument, str) else ".".join(map(str, argument))
