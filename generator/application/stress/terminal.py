"""The picture in a terminal: four strips over one axis, and the moments by letter below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from string import ascii_lowercase

from generator.application.stress.timeline import Moment, Sample, StressTimeline

BLOCKS, PLAIN = " ▁▂▃▄▅▆▇█", "  ..::::#"
"""Eighths of a character's height, and what stands for them where only ASCII can be shown."""
MARGIN = 6
"""Columns for the numbers at the left."""
TALL, FLAT = 5, 2
"""Lines of a strip that matters, and of one that is only looked at when something is wrong."""


def draw(timeline: StressTimeline, width: int = 78, blocks: str = BLOCKS) -> list[str]:
    """Lines of at most ``width`` characters."""
    if not timeline.samples:
        return ["Nothing was measured."]
    columns = max(20, width - MARGIN - 1)
    cells = _cells(timeline.samples, columns)
    most = max(1, *(max(s.wanted, s.serving) for s in timeline.samples))
    slow = max((s.latency or 0 for s in timeline.samples), default=0)
    bad = max(s.failures for s in timeline.samples)
    return [
        f"CPU of the group, % (target {timeline.target:g})",
        *_strip(cells, lambda s: s.cpu, 100, TALL, blocks),
        "Instances in service",
        *_strip(cells, lambda s: s.serving, most, TALL, blocks),
        "Latency through the CDN, ms",
        *_strip(cells, lambda s: s.latency, max(1.0, slow), FLAT, blocks),
        f"Failed requests ({timeline.failures} of {timeline.requests})",
        *_strip(cells, lambda s: s.failures, max(1, bad), FLAT if bad else 1, blocks),
        *_axis(timeline, columns),
        "",
        *(f"  {letter}  {m.second:>5.0f} s  {m.text}" for letter, m in _lettered(timeline)),
    ]


def _cells(samples: Sequence[Sample], columns: int) -> list[list[Sample]]:
    """Which samples fall into each column; a column without any shows the one before it."""
    start, span = samples[0].second, _span(samples)
    cells: list[list[Sample]] = [[] for _ in range(columns)]
    for sample in samples:
        cells[min(columns - 1, int((sample.second - start) / span * columns))].append(sample)
    for column in range(1, columns):
        cells[column] = cells[column] or cells[column - 1][-1:]
    return cells


def _span(samples: Sequence[Sample]) -> float:
    return max(1.0, samples[-1].second - samples[0].second)


def _strip(
    cells: Sequence[Sequence[Sample]],
    value: Callable[[Sample], float | None],
    top: float,
    height: int,
    blocks: str,
) -> list[str]:
    """An area from 0 to ``top``, with the numbers of its ends."""
    eighths = [_eighths(cell, value, top, height) for cell in cells]
    lines = []
    for line in reversed(range(height)):
        bars = "".join(blocks[min(8, max(0, e - 8 * line))] for e in eighths)
        number = f"{top:.0f}" if line == height - 1 else "0" if line == 0 else ""
        lines.append(f"{number:>{MARGIN - 1}} |{bars}".rstrip())
    return lines


def _eighths(
    cell: Sequence[Sample], value: Callable[[Sample], float | None], top: float, height: int
) -> int:
    known = [number for number in map(value, cell) if number is not None]
    return round(min(1.0, fmean(known) / top) * height * 8) if known else 0


def _axis(timeline: StressTimeline, columns: int) -> list[str]:
    """Seconds, and a letter for each moment; letters that would meet go to a line of their own."""
    first, span = timeline.samples[0].second, _span(timeline.samples)

    def place(second: float) -> int:
        return min(columns - 1, max(0, int((second - first) / span * columns)))

    rows = [[" "] * columns]
    for letter, moment in _lettered(timeline):
        at = place(moment.second)
        row = next((row for row in rows if row[at] == " "), None)
        if row is None:
            row = [" "] * columns
            rows.append(row)
        row[at] = letter
    ruler = ["-"] * columns
    numbers = [" "] * (columns + MARGIN)
    for second in range(0, int(first + span) + 1, _tick(span)):
        ruler[place(second)] = "+"
        numbers[place(second) : place(second) + len(str(second))] = str(second)
    margin = " " * MARGIN
    marks = [f"{margin} {''.join(row)}".rstrip() for row in rows]
    scale = f"{margin} {''.join(numbers)}".rstrip()
    return [f"{margin}+{''.join(ruler)}", f"{scale} s", *marks]


def _tick(span: float) -> int:
    return next((t for t in (10, 30, 60, 120, 300, 600, 1200) if span / t <= 8), 3600)


def _lettered(timeline: StressTimeline) -> list[tuple[str, Moment]]:
    """At most 26 moments, as many as there are letters."""
    return list(zip(ascii_lowercase, timeline.moments, strict=False))
