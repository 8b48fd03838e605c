"""Stateful resources, and what becomes of their data when they leave the stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator import resource_types
from generator.checks.changes.compare import Change

STATEFUL: Mapping[str, str] = resource_types.column("data")
"""Types that hold what no template can make again."""
MADE_ANEW = frozenset({"OriginVerifySecret", "OriginVerifySecretSecond"})
"""Logical ids of secrets whose value nothing outside of the stack knows: another is as good, and
the stack has taken it into use before this one goes."""
OUTCOMES = {
    "Delete": "{what}: lost",
    "Snapshot": "{what}: leaves the stack, a snapshot is kept",
    "Retain": "{what}: leaves the stack, kept in the account",
}


def loss(change: Change) -> str:
    """What becomes of the data that the change takes away; "" if it takes none."""
    if not change.leaves or change.type not in STATEFUL or change.logical in MADE_ANEW:
        return ""
    return OUTCOMES.get(change.policy, OUTCOMES["Delete"]).format(what=STATEFUL[change.type])


def losing(changes: Iterable[Change], allowed: Iterable[str]) -> list[Change]:
    """What takes data away and is not named in ``allowed``, by logical id."""
    return [change for change in changes if loss(change) and change.logical not in set(allowed)]


def sentence(change: Change) -> str:
    """What would be done to one resource, what becomes of its data, and why."""
    why = change.causes or "the templates have it no more."
    return f"{change.path} would be {change.verb} ({loss(change)}): {why}"
