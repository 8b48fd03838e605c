"""What a test showed, for people and for programs, and whether it is good."""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict

from generator.application.stress import terminal
from generator.application.stress.timeline import Timeline
from generator.errors import ClinicError
from generator.report import Report


def blocks() -> str:
    """What standard output can show of the picture."""
    try:
        terminal.BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return terminal.PLAIN
    return terminal.BLOCKS


def show(timeline: Timeline, report: Report) -> None:
    """The picture for people, the figure for programs."""
    width = min(120, shutil.get_terminal_size((80, 24)).columns) - 2
    for line in terminal.draw(timeline, width, blocks()):
        report.say(line)
    report.tell("figure", title=timeline.title, **timeline.figures())


def tell_all(timeline: Timeline, report: Report) -> None:
    """Every sample and moment for programs."""
    for moment in timeline.moments:
        report.tell("moment", what=moment.kind, second=moment.second, text=moment.text)
    for sample in timeline.samples:
        report.tell("sample", **asdict(sample))


def judge(timeline: Timeline) -> None:
    """ClinicError (1) when no new capacity came or requests failed."""
    wrong = []
    if timeline.seconds is None:
        wrong.append("no new capacity came into service")
    if timeline.failures:
        wrong.append(f"{timeline.failures} of {timeline.requests} requests failed")
    if wrong:
        raise ClinicError(f"{' and '.join(wrong)}.", exit_code=1)
