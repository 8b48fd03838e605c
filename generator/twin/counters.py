"""Packets that each security group rule let through, and those that no rule did.

The router counts where a connection begins: what belongs to an open one passes by its state, as
security groups do it. Each load of the rules begins its counters at zero, so that they are read
before it; a packet between the two is not counted.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from generator.twin.network_plan import (
    CDN,
    NAT,
    STRANGER,
    NetworkInterface,
    NetworkPlan,
    PlannedRule,
)

FORWARD = "forward"
"""The chain of the internet gateway, which drops what has no public address."""


class Decision(NamedTuple):
    """What is decided at an interface of ``owner`` (logical id; empty at the internet gateway):
    ``rule`` lets a packet through; None drops it."""

    rule: PlannedRule | None
    owner: str
    out: bool


GATEWAY = Decision(None, "", True)


def guarded(plan: NetworkPlan) -> list[NetworkInterface]:
    """The interfaces that have security groups."""
    return [one for one in plan.interfaces if one.kind not in (NAT, CDN, STRANGER)]


def decisions(plan: NetworkPlan) -> dict[str, list[Decision]]:
    """What each chain of an interface's decides, in its order."""
    return {
        f"{'out' if out else 'in'}_{one.router_device}": [
            *(
                Decision(rule, one.owner, out)
                for rule in plan.rules
                if rule.egress is out and rule.group in one.groups
            ),
            Decision(None, one.owner, out),
        ]
        for one in guarded(plan)
        for out in (True, False)
    }


def packets(text: str, known: dict[str, list[Decision]]) -> Counter[Decision]:
    """Packets by decision, from what ``nft -j list table`` prints."""
    counts: dict[str, list[int]] = {}
    for chain, count in _counters(text):
        counts.setdefault(chain, []).append(count)
    total: Counter[Decision] = Counter()
    for chain, decided in {**known, FORWARD: [GATEWAY]}.items():
        for decision, count in zip(decided, counts[chain], strict=True):
            total[decision] += count
    return total


def _counters(text: str) -> Iterator[tuple[str, int]]:
    for each in json.loads(text)["nftables"]:
        for part in each.get("rule", {}).get("expr", []):
            if "counter" in part:
                yield each["rule"]["chain"], part["counter"]["packets"]


@dataclass
class Counters:
    """All packets since the network stands."""

    listing: Callable[[], str]
    """What ``nft -j list table`` prints of the rules that are loaded."""
    earlier: Counter[Decision] = field(default_factory=Counter)
    """Of rules that are no longer loaded."""
    known: dict[str, list[Decision]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reload(self, plan: NetworkPlan, load: Callable[[], None]) -> None:
        """Keep what was counted, and ``load`` the rules of ``plan``."""
        with self.lock:
            self.earlier += self._now()
            load()
            self.known = decisions(plan)

    def total(self) -> Counter[Decision]:
        """Packets by decision."""
        with self.lock:
            return self.earlier + self._now()

    def _now(self) -> Counter[Decision]:
        return packets(self.listing(), self.known) if self.known else Counter()
