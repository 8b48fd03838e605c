"""An operation shown to people, to logs and to programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from generator.cloud.stacks import Event, family
from generator.cloud.text import plain
from generator.model.walk import STACK
from generator.report import Report


@dataclass
class ProgressStep:
    """A resource or layer during the operation; times are the service's."""

    type: str
    status: str
    start: datetime
    time: datetime
    """Of the newest event."""
    end: datetime | None = None


@dataclass
class ProgressBoard:
    """What has happened so far, by path; "" is the whole."""

    stack: str
    waits_for: Mapping[str, set[str]] = field(default_factory=dict)
    """Layers by the layers whose outputs they read."""
    steps: dict[str, ProgressStep] = field(default_factory=dict)
    lag: timedelta = timedelta()
    """This machine's clock minus the service's."""

    def add(self, event: Event) -> bool:
        """Take in one event; whether it says something new.

        A nested stack is told of twice, by itself and by its parent, and not always in order.
        """
        if not self.steps:
            self.lag = datetime.now(event.time.tzinfo) - event.time
        step = self.steps.get(event.path)
        if step and (event.time < step.time or event.status == step.status):
            return event.failed and step.status == event.status
        if not step:
            step = ProgressStep(event.type, event.status, event.time, event.time)
            self.steps[event.path] = step
        step.status, step.time = event.status, event.time
        step.end = None if family(event.status) == "busy" else event.time
        return True

    def seconds(self, path: str) -> int:
        """How long a step has taken, until now if it still runs."""
        step = self.steps[path]
        end = step.end or datetime.now(step.start.tzinfo) - self.lag
        return max(0, round((end - step.start).total_seconds()))

    def critical(self) -> list[str]:
        """The chain of layers that decides how long it takes, the last first.

        It ends in the layer that ended last or, while some run, in the one that runs longest; each
        was held up by the one of its sources that ended last.
        """
        layers = [path for path, step in self.steps.items() if step.type == STACK and path]
        chain: list[str] = []
        while layers:
            running = [path for path in layers if not self.steps[path].end]
            last = (
                min(running, key=lambda path: self.steps[path].start)
                if running
                else max(layers, key=lambda path: self.steps[path].end or datetime.min)
            )
            chain.append(last)
            layers = [path for path in layers if path in self.waits_for.get(last, set())]
        return chain


@contextmanager
def screen(board: ProgressBoard, report: Report) -> Iterator[Any]:
    """Give a function that shows one event, in the form that suits where the output goes."""
    if report.json or not sys.stdout.isatty():

        def show(event: Event) -> None:
            matters = event.failed or "/" not in event.path or not report.brief
            if board.add(event) and matters:
                report.say(_line(board, event))
            report.tell(
                "event",
                time=event.time.isoformat(),
                path=event.path,
                type=event.type,
                status=event.status,
                reason=event.reason,
            )

        yield show
        return
    with Live(get_renderable=lambda: _tree(board), console=Console(), refresh_per_second=4):
        yield board.add


def _line(board: ProgressBoard, event: Event) -> str:
    name, reason = event.path or board.stack, event.reason and f"  {plain(event.reason)}"
    took = f"  {board.seconds(event.path)} s" if board.steps[event.path].end else ""
    return f"{event.time:%H:%M:%S}  {event.status:<20}  {plain(name)}{took}{reason}"


def _tree(board: ProgressBoard) -> Group:
    """Layers, and below those in progress what they are busy with or have failed at."""
    lines, critical = [_step(board, "", 0, False)], board.critical()
    for path, step in board.steps.items():
        if not path or (step.type != STACK and "/" in path):
            continue
        lines.append(_step(board, path, 1, path in critical))
        inner = [name for name in board.steps if name.startswith(f"{path}/")]
        lines += [
            _step(board, name, 2, False)
            for name in inner
            if not board.steps[name].end or board.steps[name].status.endswith("_FAILED")
        ]
    return Group(*lines)


def _step(board: ProgressBoard, path: str, depth: int, critical: bool) -> Text:
    if path not in board.steps:
        return Text(f"{board.stack}: waiting for the first event")
    step = board.steps[path]
    name = plain(path.rpartition("/")[2] or board.stack)
    bad = "FAILED" in step.status or "ROLLBACK" in step.status
    style = "red" if bad else "green" if step.end else "yellow"
    mark = " <- critical path" if critical else ""
    return Text.assemble(
        f"{'   ' * depth}{name:<{40 - 3 * depth}} ",
        (f"{step.status:<36}", style),
        f"{board.seconds(path):>5} s{mark}",
    )
