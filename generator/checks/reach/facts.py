"""What is said: one thing reaches another, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from generator.model.unknown import Unknown

__all__ = ["Difference", "Fact", "Facts", "Link", "NotReached", "Proof", "Reach", "Unknown"]


class Reach(NamedTuple):
    """One thing reaches another in one way."""

    source: str
    target: str
    what: str
    """``tcp 3000``, ``s3:GetObject``, ``https /api/*``, ..."""
    why: tuple[str, ...] = ()
    """What lets it through, from the source on: routes, lists, group rules, listeners, policies."""
    refusal: bool = False
    """Whether it is a refusal, of which there may be more than expected."""
    blocked: tuple[str, ...] = ()
    """What in the network is in the way of something that a policy allows."""


class Link(NamedTuple):
    """What passes between two places of the network."""

    source: str
    target: str
    may: int
    """Ports that some packet passes by."""
    must: int
    """Ports that every packet passes by, whichever subnets and addresses it is from and for."""
    passed: tuple[tuple[str, int], ...] = ()
    """What lets packets through, each with its ports."""
    stopped: tuple[tuple[str, int], ...] = ()
    """What stops packets, each with the ports that still pass."""

    def why(self, ports: int) -> tuple[str, ...]:
        """The chain for some of ``may``."""
        return tuple(dict.fromkeys(name for name, let in self.passed if let & ports))

    def why_not(self, ports: int) -> tuple[str, ...]:
        """What is in the way of ``ports``, the nearest to the source first."""
        return tuple(dict.fromkeys(name for name, let in self.stopped if ports & ~let))


class NotReached(NamedTuple):
    """One thing does not reach another in a way that something else was made for."""

    source: str
    target: str
    what: str
    why: tuple[str, ...]
    """What is in the way."""


Fact = Reach | Link | NotReached | Unknown
Facts = Iterator[Fact]


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
