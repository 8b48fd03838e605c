"""The picture of a schedule: bars by layer over time, the critical path marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from generator import svg
from generator.checks.timeline.schedule import Schedule, ScheduledTask, critical, serial, total

WIDE, MARGIN, GUTTER, TAIL = 1120, 28, 250, 70
TOP, ROW, BAR, GAP = 118, 20, 12, 10
SHORT = 10
"""Seconds under which a resource off the critical path is a tick in its layer's bar."""
INK, FAINT, GRID = "#1b2733", "#5d6b78", "#e3e8ed"
CRITICAL, OTHER, LAYER, WAITING = "#d9480f", "#4c8bc0", "#dce7f1", "#f7c9b0"
TICKS = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Seconds between the lines of the time axis; the first that gives at most twelve is taken."""


@dataclass(frozen=True)
class Canvas:
    """Where a second of the schedule is on the paper."""

    seconds: int

    def x(self, second: float) -> float:
        """The place of a second, in pixels."""
        room = WIDE - 2 * MARGIN - GUTTER - TAIL
        return MARGIN + GUTTER + room * second / max(self.seconds, 1)


def draw(steps: Schedule, heading: str, note: str) -> str:
    """The picture in SVG under a ``heading``; ``note`` says what the figures are."""
    canvas = Canvas(total(steps))
    marked = {step.task.name for step in critical(steps)}
    bars, places, y = list[str](), dict[str, float](), float(TOP)
    for layer, members in _layers(steps).items():
        rows = [step for step in members if _has_row(step, marked)]
        bars += _layer(canvas, layer, members, rows, marked, y)
        places |= {step.task.name: y + ROW / 2 for step in members if step not in rows}
        y += ROW
        for step in rows:
            bars += _row(canvas, step, marked, y)
            places[step.task.name] = y + ROW / 2
            y += ROW
        y += GAP
    high = y + 40
    return svg.document(
        WIDE,
        high,
        heading,
        f"{note} Critical path: {', then '.join(step.task.name for step in critical(steps))}.",
        *_head(heading, f"{note} One after another: {serial(steps):,} s."),
        *_axis(canvas, y),
        *_links(canvas, steps, places),
        *bars,
        *_legend(high - 16, any(map(_waits_from, steps.values()))),
    )


def _layers(steps: Schedule) -> dict[str, list[ScheduledTask]]:
    """The steps that take time, by layer; layers and steps in the order in which they begin."""
    layers: dict[str, list[ScheduledTask]] = {}
    for step in sorted(steps.values(), key=lambda s: (s.start, not s.task.is_stack, s.task.name)):
        if step.end > step.start:
            layers.setdefault(step.task.layer, []).append(step)
    return layers


def _has_row(step: ScheduledTask, marked: set[str]) -> bool:
    name, took = step.task.name, step.end - step.start
    return not step.task.is_stack and (name in marked or took >= SHORT)


def _head(heading: str, note: str) -> Iterator[str]:
    yield svg.label(MARGIN, 44, heading, 22, font_weight="bold", fill=INK)
    yield svg.label(MARGIN, 68, note, 13, fill=FAINT)


def _axis(canvas: Canvas, bottom: float) -> Iterator[str]:
    every = next((tick for tick in TICKS if canvas.seconds / tick <= 12), TICKS[-1])
    for second in range(0, canvas.seconds + 1, every):
        x = canvas.x(second)
        yield svg.path([(x, TOP - 8), (x, bottom)], stroke=GRID, stroke_width=1)
        if canvas.x(canvas.seconds) - x > 56:
            yield svg.label(x, TOP - 14, _clock(second), 11, fill=FAINT, text_anchor="middle")
    end = canvas.x(canvas.seconds)
    yield svg.path([(end, TOP - 8), (end, bottom)], stroke=CRITICAL, stroke_dasharray="4 3")
    yield svg.label(end, TOP - 14, f"{canvas.seconds:,} s", 12, fill=CRITICAL, text_anchor="middle")


def _clock(second: int) -> str:
    return f"{second // 60} min" if second and second % 60 == 0 else f"{second} s"


def _layer(
    canvas: Canvas,
    layer: str,
    members: list[ScheduledTask],
    rows: list[ScheduledTask],
    marked: set[str],
    y: float,
) -> Iterator[str]:
    """The layer's name and its whole span, with what has no row of its own as ticks in it."""
    start, end = min(s.start for s in members), max(s.end for s in members)
    name = layer.removesuffix("Stack") or "The stack"
    yield svg.label(
        MARGIN, y + 14, svg.fit(name, GUTTER - 12, 13), 13, font_weight="bold", fill=INK
    )
    yield _box(canvas, start, end, y, svg.title(f"{name}: {start} to {end} s"), fill=LAYER)
    for step in members:
        if step not in rows:
            yield from _bar(canvas, step, y, step.task.name in marked)
    yield _figure(canvas, end, end - start, y)


def _row(canvas: Canvas, step: ScheduledTask, marked: set[str], y: float) -> Iterator[str]:
    name, of_path = step.task.name.rpartition("/")[2], step.task.name in marked
    weight = "bold" if of_path else "normal"
    ink = CRITICAL if of_path else INK
    text = svg.fit(name, GUTTER - 26, 12)
    yield svg.label(MARGIN + 14, y + 14, text, 12, fill=ink, font_weight=weight)
    yield from _bar(canvas, step, y, of_path)
    yield _figure(canvas, step.end, step.end - step.start, y)


def _bar(canvas: Canvas, step: ScheduledTask, y: float, of_path: bool) -> Iterator[str]:
    """One bar or, if something was met while it ran, three: its own work, the wait, the rest."""
    note = f" ({step.task.note})" if step.task.note else ""
    title = svg.title(f"{step.task.name}: {step.start} to {step.end} s{note}")
    colour = CRITICAL if of_path else OTHER
    if since := _waits_from(step):
        yield _box(canvas, step.start, since, y, title, fill=OTHER)
        why = svg.title(f"{step.task.name} waits for {step.held_by} until {step.ready} s")
        yield _box(canvas, since, step.ready, y, why, fill=WAITING)
        yield _box(canvas, step.ready, step.end, y, title, fill=colour)
    else:
        yield _box(canvas, step.start, step.end, y, title, fill=colour)


def _waits_from(step: ScheduledTask) -> int:
    """When a task has done what it can without what it meets; 0 if it never waits."""
    if not step.waited:
        return 0
    return step.start + step.task.seconds - step.task.awaits[step.held_by]


def _box(canvas: Canvas, start: float, end: float, y: float, title: str, fill: str) -> str:
    x = canvas.x(start)
    wide = max(canvas.x(end) - x - 0.6, 1.5)
    return svg.rectangle(x, y + (ROW - BAR) / 2, wide, BAR, title, rx=2, fill=fill)


def _figure(canvas: Canvas, second: int, took: int, y: float) -> str:
    return svg.label(canvas.x(second) + 5, y + 14, f"{took:,} s", 11, fill=FAINT)


def _links(canvas: Canvas, steps: Schedule, places: dict[str, float]) -> Iterator[str]:
    """From each bar of the critical path down to the next, where that is in another row."""
    chain = [step for step in critical(steps) if step.task.name in places]
    for before, after in pairwise(chain):
        x = canvas.x(before.end)
        above, below = places[before.task.name], places[after.task.name]
        if above != below:
            yield svg.path([(x, above), (x, below)], stroke=CRITICAL, stroke_width=1.5)


def _legend(y: float, waits: bool) -> Iterator[str]:
    x = float(MARGIN)
    entries = [
        (CRITICAL, "critical path"),
        (OTHER, "other resources"),
        (LAYER, "the whole layer"),
        (WAITING, "instances wait while they boot"),
    ]
    for colour, text in entries if waits else entries[:-1]:
        yield svg.rectangle(x, y - 10, 14, BAR, rx=2, fill=colour)
        yield svg.label(x + 20, y, text, 12, fill=FAINT)
        x += 20 + svg.width(text) + 24
