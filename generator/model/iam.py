"""IAM: the statements of policy documents in one shape, and whether they let a request happen.

Decides as IAM does: a denial wins, then an allowance, else no. What it does not know, an
operator or a policy variable, is an error and never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from generator.errors import ClinicError
from generator.model.walk import json_of, text

TLS = "aws:SecureTransport"
VARIABLE = re.compile(r"\$\{([^}]+)}")
Context = Mapping[str, str | Sequence[str]]
"""What is known of a request, by condition key."""


class Statement(NamedTuple):
    """One statement of one policy."""

    name: str
    """The policy and, if it has one, the statement's Sid."""
    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    """Whether it speaks of everything but ``actions`` (NotAction)."""
    resources: tuple[Any, ...]
    not_resources: bool
    principals: tuple[tuple[str, Any], ...]
    """(``AWS``, ARN), (``Service``, name), (``*``, ``*``); empty for a role's own policy."""
    not_principals: bool
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(operator, key, values)."""

    def without_tls(self) -> bool:
        """Whether it holds for requests without TLS, and for no others."""
        return [(key.lower(), values) for _, key, values in self.conditions] == [
            (TLS.lower(), ("false",))
        ] and self.conditions[0][0] in ("Bool", "BoolIfExists")


def statements(name: str, document: Any, spell: Callable[[Any], str] = text) -> list[Statement]:
    """The statements of a policy document, which may be JSON in a text; none of another.

    ``spell`` makes texts of the values of conditions.
    """
    document = json_of(document) or document
    entries = document.get("Statement", []) if isinstance(document, dict) else []
    return [_statement(name, each, spell) for each in listed(entries)]


def _statement(name: str, entry: Mapping[str, Any], spell: Callable[[Any], str]) -> Statement:
    principal = entry.get("Principal", entry.get("NotPrincipal"))
    return Statement(
        f"{name} ({entry['Sid']})" if "Sid" in entry else name,
        entry.get("Effect") == "Allow",
        tuple(map(text, listed(entry.get("Action", entry.get("NotAction", []))))),
        "NotAction" in entry,
        tuple(listed(entry.get("Resource", entry.get("NotResource", [])))),
        "NotResource" in entry,
        tuple(_principals(principal)),
        "NotPrincipal" in entry,
        tuple(
            (operator, key, tuple(map(spell, listed(values))))
            for operator, keys in entry.get("Condition", {}).items()
            for key, values in keys.items()
        ),
    )


def _principals(principal: Any) -> Iterable[tuple[str, Any]]:
    if principal is None:
        return []
    if (
        not isinstance(principal, dict)
        or "Ref" in principal
        or any(k.startswith("Fn::") for k in principal)
    ):
        return [("*", "*") if principal == "*" else ("AWS", principal)]
    return [
        ("*", "*") if (kind, value) == ("AWS", "*") else (kind, value)
        for kind, values in principal.items()
        for value in listed(values)
    ]


def listed(value: Any) -> list[Any]:
    """A list of one where a policy may say one or several."""
    return value if isinstance(value, list) else [value]


@cache
def like(pattern: str, words: str) -> bool:
    """Whether ``words`` match ``pattern`` with IAM's wildcards, ``*`` and ``?``."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, words, re.DOTALL) is not None


def covers(
    statement: Statement,
    action: str,
    resources: Iterable[str],
    fill: Callable[[str], str] = str,
) -> bool:
    """Whether a statement speaks of all of ``action`` on a resource, spelt in several ways;
    ``fill`` puts values into the patterns of its resources."""
    acted = any(like(a.lower(), action.lower()) for a in statement.actions)
    if acted == statement.not_actions:
        return False
    there = any(
        like(fill(text(pattern)), spelling)
        for pattern in statement.resources
        for spelling in resources
    )
    return there != statement.not_resources


def allows(
    policies: Iterable[Statement], action: str, resource: str, context: Context | None = None
) -> bool:
    """Whether all statements together let a principal that they speak of do ``action``.

    ClinicError for an operator or a policy variable that is not known.
    """
    effects = {s.allows for s in policies if applies(s, action, resource, context or {})}
    return effects == {True}


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether a statement speaks of this request, whoever makes it."""
    fill = partial(_filled, context=context)
    # The policies of keys and registries name no resource and mean their own.
    of_all = statement if statement.resources else statement._replace(resources=("*",))
    return covers(of_all, action, (resource,), fill) and all(
        _holds(operator, listed(context.get(key, [])), [fill(value) for value in values])
        for operator, key, values in statement.conditions
    )


def _filled(pattern: str, context: Context) -> str:
    """Policy variables such as ``${aws:PrincipalAccount}`` with the request's values."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in context:
            raise ClinicError(f"the policy variable {match[0]} has no value in this request.")
        return str(context[match[1]])

    return VARIABLE.sub(value, pattern)


def _holds(operator: str, values: Sequence[str], expected: Sequence[str]) -> bool:
    optional = operator.endswith("IfExists")
    name = operator.removesuffix("IfExists")
    negated = name in NEGATED
    test = OPERATORS.get(NEGATED.get(name, name.removeprefix("ForAnyValue:")))
    if test is None:
        raise ClinicError(f"the condition operator {operator} is not known here.")
    if not values:
        return optional or negated
    return any(test(value, expected) for value in values) != negated


def _same(value: str, expected: Sequence[str]) -> bool:
    return value in expected


def _alike(value: str, patterns: Sequence[str]) -> bool:
    return any(like(pattern, value) for pattern in patterns)


def _bool(value: str, expected: Sequence[str]) -> bool:
    return value.lower() in (each.lower() for each in expected)


OPERATORS: Mapping[str, Callable[[str, Sequence[str]], bool]] = {
    "StringEquals": _same,
    "StringLike": _alike,
    "ArnEquals": _alike,
    "ArnLike": _alike,
    "Bool": _bool,
}
"""Each also with IfExists and after ForAnyValue: (IAM user guide, "Condition operators")."""
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
"""What each denies; such a one holds when a request does not state the key."""
