"""Policy documents: statements in one shape, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from generator.model.references import References, text
from generator.model.walk import json_of

TLS = "aws:SecureTransport"


class Statement(NamedTuple):
    """One statement of one policy."""

    name: str
    """The policy and, if it has one, the statement's Sid."""
    allows: bool
    actions: tuple[str, ...]
    but_actions: bool
    """Whether it speaks of everything but ``actions`` (NotAction)."""
    resources: tuple[Any, ...]
    but_resources: bool
    principals: tuple[tuple[str, Any], ...]
    """(``AWS``, ARN), (``Service``, name), (``*``, ``*``); empty for a role's own policy."""
    but_principals: bool
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(operator, key, values)."""

    def without_tls(self) -> bool:
        """Whether it holds for requests without TLS, and for no others."""
        return [(key.lower(), values) for _, key, values in self.conditions] == [
            (TLS.lower(), ("false",))
        ] and self.conditions[0][0] in ("Bool", "BoolIfExists")


def statements(name: str, document: Any, names: References) -> list[Statement]:
    """The statements of a policy document, which may be JSON in a text; ``places`` tells of one
    that is neither."""
    document = json_of(document) or document
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return [_statement(name, each, names) for each in listed(found)]


def _statement(name: str, given: Mapping[str, Any], names: References) -> Statement:
    principal = given.get("Principal", given.get("NotPrincipal"))
    return Statement(
        f"{name} ({given['Sid']})" if "Sid" in given else name,
        given.get("Effect") == "Allow",
        tuple(map(text, listed(given.get("Action", given.get("NotAction", []))))),
        "NotAction" in given,
        tuple(listed(given.get("Resource", given.get("NotResource", [])))),
        "NotResource" in given,
        tuple(_principals(principal)),
        "NotPrincipal" in given,
        tuple(
            (operator, key, tuple(names.resource(value) for value in listed(values)))
            for operator, keys in given.get("Condition", {}).items()
            for key, values in keys.items()
        ),
    )


def _principals(given: Any) -> Iterable[tuple[str, Any]]:
    if given is None:
        return []
    if not isinstance(given, dict) or "Ref" in given or any(k.startswith("Fn::") for k in given):
        return [("*", "*") if given == "*" else ("AWS", given)]
    return [
        ("*", "*") if (kind, value) == ("AWS", "*") else (kind, value)
        for kind, values in given.items()
        for value in listed(values)
    ]


def listed(value: Any) -> list[Any]:
    """A list of one where a policy may say one or several."""
    return value if isinstance(value, list) else [value]


def conditioned(what: str, statement: Statement) -> str:
    """``what`` and under which conditions."""
    said = [
        f"{key} {_operator(operator)} {', '.join(values)}"
        for operator, key, values in statement.conditions
    ]
    return f"{what} if {' and '.join(said)}" if said else what


def _operator(operator: str) -> str:
    exact = {"StringEquals": "is", "ArnEquals": "is", "Bool": "is", "ArnLike": "is like"}
    return exact.get(operator, {"StringLike": "is like"}.get(operator, operator))


@cache
def like(pattern: str, words: str) -> bool:
    """IAM's wildcards: ``*`` for any text, ``?`` for one character, nothing else."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, words, re.DOTALL) is not None


def covers(statement: Statement, action: str, resources: Iterable[str]) -> bool:
    """Whether a statement speaks of all of ``action`` on a resource, spelt in several ways."""
    acted = any(like(a.lower(), action.lower()) for a in statement.actions)
    there = any(
        like(text(pattern), spelling) for pattern in statement.resources for spelling in resources
    )
    return acted != statement.but_actions and there != statement.but_resources
