"""The instances while they are replaced: for people, logs and programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime

from rich import box
from rich.console import Console
from rich.console import Group as Stacked
from rich.live import Live
from rich.table import Table
from rich.text import Text

from generator.application.release.fleet import Group, Instance
from generator.application.release.refresh import Refresh
from generator.report import Report

Show = Callable[[Refresh, Group], None]


@dataclass
class Seen:
    """An instance, and since when it has been here."""

    instance: Instance
    since: float

    @property
    def seconds(self) -> int:
        return round(time.monotonic() - self.since)


@dataclass
class Board:
    """What was seen last."""

    refresh: Refresh | None = None
    instances: dict[str, Seen] = field(default_factory=dict)

    def add(self, refresh: Refresh, group: Group) -> list[tuple[str, Seen]]:
        """Take in one look: what is new about each instance (new, changed, gone)."""
        now, news = time.monotonic(), list[tuple[str, Seen]]()
        there = {instance.id: instance for instance in group.instances}
        for name, instance in there.items():
            seen = self.instances.get(name)
            if seen is None or seen.instance != instance:
                self.instances[name] = Seen(instance, seen.since if seen else now)
                news.append(("changed" if seen else "new", self.instances[name]))
        for name in self.instances.keys() - there.keys():
            news.append(("gone", self.instances.pop(name)))
        self.refresh = refresh
        return news


@contextmanager
def screen(report: Report) -> Iterator[Show]:
    """Give a function that shows one look, in the form that suits where the output goes."""
    board = Board()
    if not report.json and sys.stdout.isatty():

        def draw(refresh: Refresh, group: Group) -> None:
            board.add(refresh, group)

        with Live(get_renderable=lambda: _table(board), console=Console(), refresh_per_second=2):
            yield draw
        return

    def show(refresh: Refresh, group: Group) -> None:
        before = board.refresh
        for kind, seen in board.add(refresh, group):
            report.say(f"{datetime.now():%H:%M:%S}  {_line(kind, seen)}")
            report.tell("instance", event=kind, seconds=seen.seconds, **asdict(seen.instance))
        if before is None or (before.status, before.percent) != (refresh.status, refresh.percent):
            reason = refresh.reason and f"  {refresh.reason}"
            report.say(
                f"{datetime.now():%H:%M:%S}  refresh {refresh.status}, {refresh.percent} %{reason}"
            )
            report.tell("refresh", **asdict(refresh))

    yield show


def _line(kind: str, seen: Seen) -> str:
    one = seen.instance
    if kind == "gone":
        return f"{one.id:<20} gone after {seen.seconds} s"
    target = f"target {one.target}" if one.target else "no target"
    state = f"{one.state:<16} {one.health:<10} {target}"
    return f"{one.id:<20} v{one.version:<4} {state}  {seen.seconds} s"


def _table(board: Board) -> Stacked:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("instance", "version", "state", "group says", "balancer says", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for seen in board.instances.values():
        one = seen.instance
        style = "green" if one.serves else "yellow"
        row = (one.id, one.version, one.state, one.health, one.target, str(seen.seconds))
        table.add_row(*(Text(cell, style=style) for cell in row))
    refresh = board.refresh
    head = f"{refresh.status}, {refresh.percent} %  {refresh.reason}" if refresh else "asking"
    return Stacked(Text(f"Instance refresh: {head}"), table)
