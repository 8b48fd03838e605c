"""What other parameters than those that expectations were accepted with explain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from generator.checks.reach.expectations import Expected, Table, differences
from generator.checks.reach.facts import Difference, Fact
from generator.model import guard
from generator.model.network import ports
from generator.model.view import View
from generator.model.walk import is_true

OWN = "AlbExposure"
"""A parameter of the documented system alone: its table says nothing of other templates."""


class Assessment(NamedTuple):
    """The facts of a view, and what the accepted and the documented table expect of them."""

    facts: Sequence[Fact]
    accepted: Expected
    """The environment's expectations, accepted with other parameters."""
    documented: Expected
    """The documented table with the view's own parameters."""


def recorded(view: View) -> dict[str, str]:
    """The parameters that expectations of ``view`` hold for; hidden ones are nobody's to read."""
    declared = view.whole.get("Parameters", {})
    return {
        name: value
        for name, value in view.values.items()
        if not is_true(declared.get(name, {}).get("NoEcho"))
    }


def before(view: View, accepted: Mapping[str, str] | None) -> View | None:
    """``view`` under the parameters of its expectations; None if those are its own, are not known,
    or if the templates are not of the documented system."""
    declared = view.whole.get("Parameters", {})
    if accepted is None or OWN not in declared:
        return None
    defaults = {name: str(one["Default"]) for name, one in declared.items() if "Default" in one}
    hidden = {name: value for name, value in view.values.items() if name not in recorded(view)}
    there = {name: value for name, value in accepted.items() if name in declared}
    old, new = {**defaults, **hidden, **there}, {**defaults, **view.values}
    with guard.resolving(None):
        return None if old == new else view.changed(**old)


def unexplained(now: Assessment, then: Assessment) -> list[Difference]:
    """Differences that the change of parameters from ``then`` to ``now`` does not explain.

    A parameter explains what the documented table has with it, and nothing that was a difference
    without it; what the table has no more is not expected any more.
    """
    old = {_pair(one) for one in differences(then.facts, then.accepted)}
    lacked = {_exact(one) for one in differences(then.facts, then.documented)}
    either = Expected(
        now.accepted.source,
        _joined(_beyond(then.accepted.allowed, then.documented.allowed), now.documented.allowed),
        now.documented.required,
    )
    added = (
        one
        for one in differences(now.facts, either)
        if one.problem != "missing" or _exact(one) not in lacked
    )
    kept = (one for one in differences(now.facts, now.accepted) if _pair(one) in old)
    return list(dict.fromkeys([*kept, *added]))


def _pair(one: Difference) -> tuple[str, ...]:
    """Unexpected ports may be grouped otherwise under other parameters, so any of them counts."""
    return one.problem, one.source, one.target


def _exact(one: Difference) -> tuple[str, ...]:
    return one.problem, one.source, one.target, one.what


def _beyond(accepted: Table, documented: Table) -> Table:
    """What was accepted beyond the documented table: ways of the operator's own."""
    return {
        source: {
            target: _own(ways, documented.get(source, {}).get(target, []))
            for target, ways in row.items()
        }
        for source, row in accepted.items()
    }


def _own(ways: Sequence[str], documented: Sequence[str]) -> list[str]:
    kept = [way for way in ways if ports.parse(way) is None and way not in documented]
    masks = (reduce(or_, (ports.parse(way) or 0 for way in some), 0) for some in (ways, documented))
    mine, theirs = masks
    return [*kept, *(words for words, _ in ports.runs(mine & ~theirs))]


def _joined(first: Table, second: Table) -> Table:
    return {source: dict(_row(first, second, source)) for source in {**first, **second}}


def _row(first: Table, second: Table, source: str) -> Iterator[tuple[str, list[str]]]:
    one, other = first.get(source, {}), second.get(source, {})
    for target in {**one, **other}:
        yield target, [*one.get(target, ()), *other.get(target, ())]
