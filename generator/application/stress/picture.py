"""The picture as PNG, by matplotlib: the four strips over one axis, each moment marked in all."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from string import ascii_lowercase
from textwrap import shorten
from typing import TYPE_CHECKING

from generator import files
from generator.application.stress.timeline import IN_SERVICE, Moment, StressTimeline
from generator.errors import ClinicError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
"""Of Okabe and Ito's palette, which people with any colour vision tell apart."""
HEIGHTS = (0.7, 3.0, 2.0, 2.0, 1.2)
COLUMN = 40
"""Characters of a moment's text."""
CLOSE = 0.028
"""Marks closer than this part of the axis stand above each other."""


def require_drawable(path: Path) -> None:
    """ClinicError unless a picture can be drawn and written to ``path``; asked before the test."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ClinicError(
            "--png needs matplotlib: run pip install 'clinic-stack[plots]', or leave --png out; "
            "the terminal shows the same picture."
        )
    files.check(path)


def draw(timeline: StressTimeline, path: Path) -> None:
    """Write the picture, whole or not at all."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 9.2), dpi=130, layout="constrained")
    marks, cpu, capacity, latency, failures = figure.subplots(
        5, 1, sharex=True, gridspec_kw={"height_ratios": HEIGHTS}
    )
    figure.suptitle(_title(timeline), fontsize=13, fontweight="bold", x=0.02, ha="left")
    _cpu(cpu, timeline)
    _capacity(capacity, timeline)
    _latency(latency, timeline)
    _failures(failures, timeline)
    figure.align_ylabels()
    _marks(marks, (cpu, capacity, latency, failures), timeline)
    figure.supxlabel(_key(timeline.moments), fontsize=9, x=0.08, ha="left", family="monospace")
    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    files.write(path, drawn.getvalue())


def _title(timeline: StressTimeline) -> str:
    if timeline.seconds is None:
        return f"{timeline.title}: no new capacity came"
    return f"{timeline.title}: new capacity in service after {timeline.seconds:,.0f} s"


def _points(timeline: StressTimeline, name: str) -> tuple[list[float], list[float]]:
    """Seconds and values; what was not measured is a gap in the line."""
    values = [getattr(sample, name) for sample in timeline.samples]
    seconds = [sample.second for sample in timeline.samples]
    return seconds, [float("nan") if value is None else value for value in values]


def _cpu(axes: Axes, timeline: StressTimeline) -> None:
    axes.plot(*_points(timeline, "cpu"), color=BLUE, linewidth=2, label="average of the group")
    axes.axhline(
        timeline.target, color=ORANGE, linestyle="--", label=f"target {timeline.target:g} %"
    )
    axes.axvspan(0, timeline.load.timeout, color=GREY, alpha=0.1, label="load")
    axes.set(ylabel="CPU (%)", ylim=(0, 108))
    _tidy(axes)


def _capacity(axes: Axes, timeline: StressTimeline) -> None:
    desired, serving = _points(timeline, "wanted"), _points(timeline, "serving")
    axes.step(*desired, where="post", color=ORANGE, linestyle="--", label="wanted")
    axes.step(*serving, where="post", color=GREEN, linewidth=2, label="in service")
    axes.fill_between(*serving, step="post", color=GREEN, alpha=0.15)
    most = int(max([*desired[1], *serving[1], 1]))
    axes.set(ylabel="Instances", ylim=(0, most * 1.15))
    axes.set_yticks(range(0, most + 1, max(1, most // 6)))
    _tidy(axes)


def _latency(axes: Axes, timeline: StressTimeline) -> None:
    seconds, values = _points(timeline, "latency")
    axes.plot(seconds, values, color=BLUE, linewidth=1.5, label="median, through the CDN")
    slowest = max((value for value in values if value == value), default=1)
    axes.set(ylabel="Latency (ms)", ylim=(0, slowest * 1.15))
    _tidy(axes)


def _failures(axes: Axes, timeline: StressTimeline) -> None:
    from matplotlib.ticker import MaxNLocator

    seconds, values = _points(timeline, "failures")
    label = f"{timeline.failures:,} of {timeline.requests:,} requests failed"
    width = (seconds[-1] - seconds[0]) / max(1, len(seconds)) if seconds else 1
    axes.bar(seconds, values, width=width, color=RED, label=label)
    axes.set(ylabel="Failures", xlabel="Seconds since the load began", ylim=(0, max([*values, 1])))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _tidy(axes)


def _tidy(axes: Axes) -> None:
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)


def _marks(top: Axes, below: Sequence[Axes], timeline: StressTimeline) -> None:
    """A letter for each moment above all strips, and a line through them."""
    top.axis("off")
    first, last = timeline.samples[0].second, timeline.samples[-1].second
    top.set(xlim=(first, last), ylim=(-0.5, 2.5))
    ends = [float("-inf")] * 3
    for letter, moment in zip(ascii_lowercase, timeline.moments, strict=False):
        apart = (last - first) * CLOSE
        # The lowest row with room, else the one whose last letter is farthest away.
        row = next((r for r in range(3) if moment.second - ends[r] >= apart), ends.index(min(ends)))
        ends[row] = max(moment.second, ends[row] + apart) if ends[row] > first else moment.second
        new = moment.kind == IN_SERVICE
        top.text(
            *(min(ends[row], last), row, letter),
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold" if new else "normal",
            color=GREEN if new else "black",
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": GREY},
        )
        for axes in below:
            axes.axvline(
                moment.second,
                color=GREEN if new else GREY,
                linewidth=1.4 if new else 0.7,
                linestyle="-" if new else ":",
            )


def _key(moments: Sequence[Moment]) -> str:
    """What the letters stand for, in two columns."""
    lines = [
        f"{letter} {moment.second:>5,.0f} s  {shorten(moment.text, COLUMN, placeholder='...')}"
        for letter, moment in zip(ascii_lowercase, moments, strict=False)
    ]
    half = (len(lines) + 1) // 2
    right = [*lines[half:], ""]
    width = max(map(len, lines), default=0) + 4
    return "\n".join(f"{a:<{width}}{b}" for a, b in zip(lines[:half], right, strict=False))
