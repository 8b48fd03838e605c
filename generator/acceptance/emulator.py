"""Compares a bundle with the same run at the embedded endpoint: calls, events and their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.acceptance.bundle import CALLS, EVENTS, PROMISED, Bundle
from generator.acceptance.compare import HELD, NOT_JUDGED, OFF, Comparison
from generator.cloud.aws import SLOW

BUSY = {429, 503}
"""Statuses that say how busy a service is, and nothing about an answer's shape."""

GONE = "NoSuchBucket"
"""A bucket is emptied while CloudFormation deletes it: who comes first is no property of AWS."""


def judge(bundle: Bundle, reference: Bundle) -> Iterator[Comparison]:
    """``reference`` is a bundle that the same run made at the endpoint."""
    yield from _calls(bundle.read(CALLS), reference.read(CALLS))
    events, played = bundle.lines(EVENTS), reference.lines(EVENTS)
    yield from _sequences(events, played)
    yield from _order(bundle.lines(PROMISED), events, played)


def _calls(account: dict[str, Any], emulated: dict[str, Any]) -> Iterator[Comparison]:
    for name in sorted({*account, *emulated}):
        if name not in account or name not in emulated:
            where = ("called", "not called") if name in account else ("not called", "called")
            yield Comparison("emulator", name, where[1], where[0], NOT_JUDGED)
            continue
        ours, theirs = _shape(emulated[name]), _shape(account[name])
        promised = "; ".join(sorted(ours - theirs)) or "the same"
        actual = "; ".join(sorted(theirs - ours)) or "the same"
        yield Comparison("emulator", name, promised, actual, HELD if ours == theirs else OFF)


def _shape(call: dict[str, Any]) -> set[str]:
    """Everything about the answers of an operation that can differ."""
    errors, statuses = set(call["errors"]), set(call["statuses"]) - BUSY
    if errors & SLOW:
        statuses -= {400}
    if GONE in errors:
        statuses -= {404}
    codes = {f"error {code}" for code in errors - SLOW - {GONE}}
    return codes | {f"status {status}" for status in statuses} | set(call["attributes"])


def _sequences(
    account: list[dict[str, Any]], emulated: list[dict[str, Any]]
) -> Iterator[Comparison]:
    """The states that each resource goes through; a repeated event counts once."""
    theirs, ours = _states(account), _states(emulated)
    for path in sorted({*theirs, *ours}):
        promised, actual = (" > ".join(side.get(path, ["nothing"])) for side in (ours, theirs))
        name = f"events of {path or 'the stack'}"
        yield Comparison("emulator", name, promised, actual, HELD if promised == actual else OFF)


def _states(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    by_path: dict[str, list[str]] = {}
    for event in events:
        # A deletion that came to a full bucket is repeated, and which one does is chance.
        if event["status"] == "DELETE_FAILED":
            continue
        states = by_path.setdefault(event["path"], [])
        if not states or states[-1] != event["status"]:
            states.append(event["status"])
    return by_path


def _order(
    promised: list[dict[str, Any]], account: list[dict[str, Any]], emulated: list[dict[str, Any]]
) -> Iterator[Comparison]:
    """Whether what waits for another begins after it has ended, there as here."""
    sides = [_positions(emulated), _positions(account)]
    for step in promised:
        before, path = step.get("waits_for"), step.get("path", "")
        if step["kind"] != "step" or step["operation"] != "create" or not before:
            continue
        order = ["after" if _after(side, before, path) else "before" for side in sides]
        name = f"{path} begins, as {before} ends"
        yield Comparison(
            "emulator", name, order[0], order[1], HELD if order[0] == order[1] else OFF
        )


def _positions(events: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """Index of the first event by path and status."""
    positions: dict[tuple[str, str], int] = {}
    for place, event in enumerate(events):
        positions.setdefault((event["path"], event["status"]), place)
    return positions


def _after(places: dict[tuple[str, str], int], before: str, path: str) -> bool:
    began, ended = places.get((path, "CREATE_IN_PROGRESS")), places.get((before, "CREATE_COMPLETE"))
    return began is not None and ended is not None and began > ended
