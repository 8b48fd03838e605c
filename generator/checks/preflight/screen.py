"""A CheckResult as a screen, as JSON objects, or as one line before a deployment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from generator import limits
from generator.checks.lint import formats
from generator.checks.lint.limits import Measure
from generator.checks.preflight import CheckResult
from generator.checks.reach.report import mend
from generator.report import Report

HEADINGS = ("limit", "tightest at", "used", "allowed", "head-room")
SHOWN = 12
"""Findings of one kind that stop a deployment and are listed one by one."""
WIDTH = 60
"""Characters of a place."""


def summary(checked: CheckResult) -> list[str]:
    """A line each for lint, prove and limits, and the note."""
    differences = len(checked.proof.differences)
    ways = len(checked.proof.reaches)
    return [
        f"lint    {_counted(len(checked.lint), 'finding')}; "
        f"{_counted(checked.suppressed, 'suppression')} used",
        f"prove   {_counted(ways, 'way')} to reach something, "
        f"{_counted(differences, 'difference')} from {checked.proof.expectations}",
        f"limits  {_counted(len(checked.tightest), 'limit')}, {len(checked.broken) or 'none'} "
        f"broken; the least head-room is {checked.tightest[0].room} %",
        *([f"note    {checked.note}"] if checked.note else []),
    ]


def show(checked: CheckResult, arguments: Sequence[str], report: Report) -> None:
    """The whole result on one screen; ``arguments`` are those of ``clinic prove`` for the same."""
    report.say(f"check {checked.env}: {checked.name}\n")
    report.say("\n".join([*summary(checked), ""]))
    report.table(HEADINGS, rows(checked))
    for text in [*findings(checked), *mend(checked.proof, arguments)]:
        report.say(f"\n{text}")


def line(checked: CheckResult) -> str:
    """The result in one line, if nothing was found."""
    return (
        f"check: nothing found by lint, {_counted(len(checked.proof.reaches), 'way')} as expected, "
        f"{_counted(len(checked.tightest), 'limit')} kept (least head-room "
        f"{checked.tightest[0].room} %)"
    ) + (f"\nnote: {checked.note}" if checked.note else "")


def rows(checked: CheckResult) -> list[list[str | int]]:
    """The tightest place of each limit, under HEADINGS."""
    return [[m.limit, _end(_where(m)), m.value, m.most, f"{m.room:>7} %"] for m in checked.tightest]


def findings(checked: CheckResult, most: int | None = None) -> Iterator[str]:
    """Everything that was found, as sentences; of more than ``most`` of a kind the rest is
    counted."""
    yield from _first([formats.text(finding) for finding in checked.lint], most)
    yield from _first([one.sentence for one in checked.proof.differences], most)
    over = [f"{_where(m)}: {m.value:,} {m.limit}, {m.most:,} are allowed" for m in checked.broken]
    yield from _first(over, most)


def objects(checked: CheckResult) -> Iterator[dict[str, Any]]:
    """An object for each finding, each difference and each limit, and one for the whole."""
    for finding in checked.lint:
        yield {"kind": "finding", **finding._asdict()}
    for difference in checked.proof.differences:
        yield {"kind": "difference", **difference._asdict()}
    for measure in dict.fromkeys([*checked.tightest, *checked.broken]):
        fields = measure._asdict() | {"head_room": measure.room, "kept": measure.kept}
        yield {"kind": "limit", **fields}
    yield {
        "kind": "check",
        "env": checked.env,
        "region": checked.region,
        "templates": checked.name,
        "lint": len(checked.lint),
        "prove": len(checked.proof.differences),
        "limits": len(checked.broken),
        "findings": checked.count,
        "note": checked.note,
    }


def _first(sentences: list[str], most: int | None) -> list[str]:
    if most is None or len(sentences) <= most:
        return sentences
    return [*sentences[:most], f"and {len(sentences) - most} more"]


def _where(measure: Measure) -> str:
    """The file of a whole template; else the place, and its file if that is not clear."""
    place = measure.place.removeprefix("Resources/")
    if not place or place in limits.COUNTS:
        return measure.file
    return place if measure.place.startswith("Resources/") else f"{measure.file} {place}"


def _end(text: str) -> str:
    return text if len(text) <= WIDTH else f"...{text[3 - WIDTH :]}"


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
