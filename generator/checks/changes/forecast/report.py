"""A forecast for people, for programs and for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from generator.checks.changes.compare import Change, Detail
from generator.checks.changes.differences import apart
from generator.checks.changes.forecast import Forecast
from generator.checks.changes.forecast.order import ForecastStep
from generator.checks.changes.stateful import STATEFUL, loss, sentence

HEADINGS = ("step", "what", "resource", "because", "data")
WIDTH, SHOWN = 44, 4
"""Characters of a name or value, and details of a resource, for people; programs get all."""
VERBS = ("created", "updated in place", "replaced", "perhaps replaced", "deleted")
DATA = {"Delete": "lost", "Snapshot": "snapshot", "Retain": "kept"}
TITLES = {
    "update": "In this order; what has the same number may happen at the same time",
    "clean-up": "Then the clean-up",
}


def summary(forecast: Forecast) -> str:
    """One line about an environment."""
    counts = Counter(change.verb for change in forecast.changes)
    counted = ", ".join(f"{counts[verb]} {verb}" for verb in VERBS if counts[verb])
    return f"{forecast.env}: {counted or 'nothing changes'}"


def phases(forecast: Forecast) -> Iterator[tuple[str, list[list[str]]]]:
    """A title and the rows under HEADINGS for each phase in which something happens."""
    for phase, title in TITLES.items():
        steps = [step for step in forecast.steps if step.phase == phase]
        if steps:
            yield title, [row for step in steps for row in _rows(step)]


def _rows(step: ForecastStep) -> Iterator[list[str]]:
    change, cleaning = step.change, step.phase == "clean-up"
    start = [str(step.number), step.what, change.path]
    data = _data(change, cleaning)
    details = [] if cleaning else [_detail(detail) for detail in change.details]
    if len(details) > SHOWN:
        details[SHOWN - 1 :] = [f"and {len(details) - SHOWN + 1} more"]
    for text in details or [change.type]:
        yield [*start, text, data]
        start, data = ["", "", ""], ""


def _data(change: Change, cleaning: bool) -> str:
    if change.leaves:
        return loss(change) if cleaning else ""
    return "holds data" if change.type in STATEFUL else ""


def _detail(detail: Detail) -> str:
    name = detail.name if len(detail.name) <= WIDTH else f"...{detail.name[3 - WIDTH :]}"
    if not detail.certain:
        return f"{name}: only if {_cut(detail.before)} changes"
    before, after = apart(detail.before, detail.after, WIDTH)
    replaces = {"yes": " (replaces)", "maybe": " (may replace)", "": ""}[detail.recreates]
    return f"{name}: {_cut(before)} -> {_cut(after)}{replaces}"


def _cut(text: str) -> str:
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= WIDTH else f"{shown[: WIDTH - 3]}..."


def objects(forecast: Forecast) -> Iterator[dict[str, Any]]:
    """One object for each change, in order, each note, and the whole environment."""
    steps: dict[int, list[ForecastStep]] = {}
    for step in forecast.steps:
        steps.setdefault(id(step.change), []).append(step)
    first = {id(change): steps[id(change)][0].number for change in forecast.changes}
    for change in sorted(forecast.changes, key=lambda change: first[id(change)]):
        yield {"kind": "change", "env": forecast.env, **_object(change, steps[id(change)])}
    for note in forecast.notes:
        yield {"kind": "note", "env": forecast.env, "sentence": note}
    for finding in forecast.refused:
        yield {"kind": "refused", "env": forecast.env, "sentence": finding.sentence}
    counts = Counter(change.verb for change in forecast.changes)
    lost = [change.logical for change in forecast.changes if loss(change)]
    yield {
        "kind": "environment",
        "env": forecast.env,
        **{verb.replace(" ", "_"): counts[verb] for verb in VERBS},
        "loses": lost,
    }


def _object(change: Change, steps: Sequence[ForecastStep]) -> dict[str, Any]:
    return {
        "path": change.path,
        "logical": change.logical,
        "type": change.type,
        "action": change.verb,
        "causes": [detail.name for detail in change.details if detail.recreates and detail.certain],
        "policy": change.policy if change.leaves else "",
        "data": DATA.get(change.policy, "lost") if loss(change) else "",
        "details": [{**detail.__dict__, "certain": detail.certain} for detail in change.details],
        "steps": [{"number": s.number, "phase": s.phase, "what": s.what} for s in steps],
    }


def markdown(base: str, forecasts: Sequence[Forecast]) -> str:
    """A section for the summary of a job."""
    lines = ["## What this change does to deployed stacks", "", f"Compared with {code(base)}."]
    for forecast in forecasts:
        lost = [change for change in forecast.changes if loss(change)]
        lines += ["", f"### {escaped(summary(forecast))}", *alert("CAUTION", map(sentence, lost))]
        lines += alert("CAUTION", (finding.sentence for finding in forecast.refused))
        lines += alert("NOTE", forecast.notes)
        for title, rows in phases(forecast):
            lines += ["", f"<details><summary>{title}</summary>", "", markdown_row(HEADINGS)]
            bar = ["---"] * len(HEADINGS)
            lines += [*map(markdown_row, (bar, *rows)), "", "</details>"]
    return "\n".join([*lines, "", ""])


def alert(kind: str, sentences: Any) -> list[str]:
    """GitHub's alert with a line for each sentence; nothing without one."""
    lines = [f"> - {escaped(text)}" for text in sentences]
    return ["", f"> [!{kind}]", *lines] if lines else []


def markdown_row(cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(map(escaped, cells))} |"


def escaped(text: str) -> str:
    """As a line of Markdown that says what it says."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")


def code(text: str) -> str:
    """As code in Markdown."""
    return f"`{text.replace('`', '')}`"
