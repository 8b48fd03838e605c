"""A bundle held against the embedded endpoint: the same run there, call by call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.acceptance.bundle import CALLS, EVENTS, PROMISED, Bundle
from generator.acceptance.compare import HELD, NOT_JUDGED, OFF, Row
from generator.cloud.aws import SLOW

BUSY = {429, 503}
"""Statuses that say how busy a service is, and nothing about an answer's shape."""

GONE = "NoSuchBucket"
"""A bucket is emptied while CloudFormation deletes it: who comes first is no property of AWS."""


def judge(bundle: Bundle, reference: Bundle) -> Iterator[Row]:
    """``reference`` is a bundle that the same run made at the endpoint."""
    yield from _calls(bundle.read(CALLS), reference.read(CALLS))
    events, played = bundle.lines(EVENTS), reference.lines(EVENTS)
    yield from _sequences(events, played)
    yield from _order(bundle.lines(PROMISED), events, played)


def _calls(seen: dict[str, Any], played: dict[str, Any]) -> Iterator[Row]:
    for name in sorted({*seen, *played}):
        if name not in seen or name not in played:
            where = ("called", "not called") if name in seen else ("not called", "called")
            yield Row("emulator", name, where[1], where[0], NOT_JUDGED)
            continue
        ours, theirs = _shape(played[name]), _shape(seen[name])
        promised = "; ".join(sorted(ours - theirs)) or "the same"
        found = "; ".join(sorted(theirs - ours)) or "the same"
        yield Row("emulator", name, promised, found, HELD if ours == theirs else OFF)


def _shape(call: dict[str, Any]) -> set[str]:
    """Everything about the answers of an operation that can differ."""
    errors, statuses = set(call["errors"]), set(call["statuses"]) - BUSY
    if errors & SLOW:
        statuses -= {400}
    if GONE in errors:
        statuses -= {404}
    codes = {f"error {code}" for code in errors - SLOW - {GONE}}
    return codes | {f"status {status}" for status in statuses} | set(call["attributes"])


def _sequences(seen: list[dict[str, Any]], played: list[dict[str, Any]]) -> Iterator[Row]:
    """The states that each resource goes through; a repeated event counts once."""
    theirs, ours = _states(seen), _states(played)
    for path in sorted({*theirs, *ours}):
        promised, found = (" > ".join(side.get(path, ["nothing"])) for side in (ours, theirs))
        name = f"events of {path or 'the stack'}"
        yield Row("emulator", name, promised, found, HELD if promised == found else OFF)


def _states(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        # A deletion that came to a full bucket is repeated, and which one does is chance.
        if event["status"] == "DELETE_FAILED":
            continue
        states = found.setdefault(event["path"], [])
        if not states or states[-1] != event["status"]:
            states.append(event["status"])
    return found


def _order(
    promised: list[dict[str, Any]], seen: list[dict[str, Any]], played: list[dict[str, Any]]
) -> Iterator[Row]:
    """Whether what waits for another begins after it has ended, there as here."""
    sides = [_places(played), _places(seen)]
    for step in promised:
        before, path = step.get("waits_for"), step.get("path", "")
        if step["kind"] != "step" or step["operation"] != "create" or not before:
            continue
        said = ["after" if _after(side, before, path) else "before" for side in sides]
        name = f"{path} begins, as {before} ends"
        yield Row("emulator", name, said[0], said[1], HELD if said[0] == said[1] else OFF)


def _places(events: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """The place of each first state of a path."""
    found: dict[tuple[str, str], int] = {}
    for place, event in enumerate(events):
        found.setdefault((event["path"], event["status"]), place)
    return found


def _after(places: dict[tuple[str, str], int], before: str, path: str) -> bool:
    began, ended = places.get((path, "CREATE_IN_PROGRESS")), places.get((before, "CREATE_COMPLETE"))
    return began is not None and ended is not None and began > ended
