"""CloudFormation's Rules section: combinations of parameters that cannot work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from generator.errors import quote
from generator.model import guard
from generator.parameters import values

FUNCTIONS: dict[str, Callable[..., bool]] = {
    "Fn::And": lambda *conditions: all(conditions),
    "Fn::Or": lambda *conditions: any(conditions),
    "Fn::Not": lambda condition: not condition,
    "Fn::Equals": lambda one, other: one == other,
    "Fn::Contains": lambda strings, string: string in strings,
    "Fn::EachMemberEquals": lambda strings, string: all(item == string for item in strings),
    "Fn::EachMemberIn": lambda strings, allowed: set(strings) <= set(allowed),
}
"""All but the three that look into the account: RefAll, ValueOf, ValueOfAll."""


def broken(
    rules: Mapping[str, Any], declared: Mapping[str, Any], parameters: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Name and description of every assertion that does not hold.

    ``parameters`` over the defaults of ``declared``, both valid, decide. ClinicError for a rule
    that only an account can decide, or nobody.
    """
    refs = {
        name: _value(parameters.get(name, declaration.get("Default", "")), declaration["Type"])
        for name, declaration in declared.items()
    }
    for name, rule in rules.items():
        with guard.guarded(partial(_undecided, name)):
            failed = list(_failed(rule, refs))
        yield from ((name, sentence) for sentence in failed)


def _undecided(name: str, trouble: Exception) -> str:
    return (
        f"the rule {quote(name)} cannot be decided here ({guard.reason(trouble)}): write it with "
        "the functions that look at parameters alone."
    )


def _failed(rule: Mapping[str, Any], refs: Mapping[str, Any]) -> Iterator[str]:
    if evaluate(rule.get("RuleCondition", True), refs):
        for assertion in rule["Assertions"]:
            if not evaluate(assertion["Assert"], refs):
                yield str(assertion.get("AssertDescription", "A rule does not hold."))


def evaluate(expression: Any, refs: Mapping[str, Any]) -> Any:
    """What an expression of the Rules section says for these parameter values."""
    if isinstance(expression, list):
        return [evaluate(item, refs) for item in expression]
    if not isinstance(expression, dict):
        return expression
    [(function, argument)] = expression.items()
    if function == "Ref":
        return refs[argument]
    if function not in FUNCTIONS:
        raise ValueError(f"{function} in a rule cannot be decided offline")
    return FUNCTIONS[function](*evaluate(argument, refs))


def _value(value: Any, kind: str) -> Any:
    return values.split(str(value), kind) if values.is_list(kind) else str(value)
