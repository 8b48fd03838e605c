"""What is said: one thing reaches another, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Reach(NamedTuple):
    """One thing reaches another in one way."""

    source: str
    target: str
    what: str
    """``tcp 3000``, ``s3:GetObject``, ``https /api/*``, ..."""
    why: tuple[str, ...]
    """What lets it through, from the source on: routes, lists, group rules, listeners, policies."""


class Difference(NamedTuple):
    """Where a set of templates is not what its environment expects."""

    problem: str
    """``unexpected``, ``missing`` or ``unknown``."""
    source: str
    target: str
    what: str
    why: tuple[str, ...]
    sentence: str
    """For people: what is wrong, and through what."""


@dataclass(frozen=True)
class Proof:
    """What was found, and whether it is what was expected."""

    env: str
    expectations: str
    """Where they are from: a file, or the rule that they were derived by."""
    reaches: tuple[Reach, ...]
    differences: tuple[Difference, ...]
