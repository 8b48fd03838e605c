"""The results of the proof: who reaches whom and by what, and what could not be judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from generator.model.unknown import Unknown

__all__ = ["Difference", "Fact", "Facts", "Link", "NotReached", "Proof", "Reach", "Unknown"]


class Reach(NamedTuple):
    """One access: ``source`` may do ``what`` to ``target``."""

    source: str
    target: str
    what: str
    """``tcp 3000``, ``s3:GetObject``, ``https /api/*``, ..."""
    why: tuple[str, ...] = ()
    """What lets it through, from the source on: routes, ACLs, group rules, listeners, ..."""
    refusal: bool = False
    """Whether it is a refusal, of which there may be more than expected."""
    blocked: tuple[str, ...] = ()
    """What in the network is in the way of something that a policy allows."""


class Link(NamedTuple):
    """The ports open between two components or networks."""

    source: str
    target: str
    may: int
    """Port set: open between at least one pair of addresses."""
    must: int
    """Port set: open between every pair of subnets and addresses."""
    passed: tuple[tuple[str, int], ...] = ()
    """What lets packets through, each with its ports."""
    stopped: tuple[tuple[str, int], ...] = ()
    """What stops packets, each with the ports that still pass."""

    def why(self, ports: int) -> tuple[str, ...]:
        """The rules, ACLs and routes that let some of ``ports`` pass, from the source on."""
        return tuple(dict.fromkeys(name for name, let in self.passed if let & ports))

    def why_not(self, ports: int) -> tuple[str, ...]:
        """The hops that stop some of ``ports``, the nearest to the source first."""
        return tuple(dict.fromkeys(name for name, let in self.stopped if ports & ~let))


class NotReached(NamedTuple):
    """An access that a behaviour or a rule is meant to give and that something else prevents."""

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
