"""Decides a request as IAM does for one identity's policies: Deny wins, then Allow, else no.

Knows the operators that these documents use and refuses any other, so that it never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

Context = Mapping[str, str | Sequence[str]]
Document = Mapping[str, Any]


def is_allowed(
    documents: Iterable[Document], action: str, resource: str, context: Context | None = None
) -> bool:
    """Whether all documents together let the identity do ``action`` on ``resource``."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in document["Statement"]
        if applies(statement, action, resource, context or {})
    }
    return effects == {"Allow"}


def applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    """Whether a statement speaks of this request."""
    return (
        any(like(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(
            like(filled(pattern, context), resource) for pattern in listed(statement["Resource"])
        )
        and all(
            OPERATORS[operator](
                listed(context.get(key, ())), [filled(v, context) for v in listed(values)]
            )
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


@cache
def like(pattern: str, text: str) -> bool:
    """IAM's wildcards: ``*`` for any text, ``?`` for one character, nothing else."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def filled(pattern: str, context: Context) -> str:
    """Policy variables such as ``${aws:PrincipalAccount}`` with the request's values."""
    return re.sub(r"\$\{([^}]+)}", lambda found: str(context[found[1]]), pattern)


def listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def formats(iam: dict[str, Any], service: str, action: str) -> list[str]:
    """The shapes of the ARNs that an action can be narrowed to, as IAM patterns.

    A recovery point's may be any service's, which would make everything one: left out.
    """
    types = iam[service]["Actions"][action].get("Resources", [])
    return [
        re.sub(r"\$\{\w+}", "*", shape).replace(".*", "*")
        for name in types
        for shape in iam[service]["Resources"][name.lower()]["ARNFormats"]
        if "${Vendor}" not in shape
    ]


def _same(given: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(value in wanted for value in given)


def _alike(given: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(like(pattern, value) for value in given for pattern in wanted)


OPERATORS: Mapping[str, Callable[[Sequence[str], Sequence[str]], bool]] = {
    "StringEquals": _same,
    "ForAnyValue:StringEquals": _same,
    "Bool": _same,
    "StringLike": _alike,
    "ForAnyValue:StringLike": _alike,
    "ArnLike": _alike,
    "BoolIfExists": lambda given, wanted: not given or _same(given, wanted),
}
