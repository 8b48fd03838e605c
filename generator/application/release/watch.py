"""The instances while they are replaced: for people, logs and programs."""

from __future__ import annotations

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

from generator.application.release.fleet import GroupInstance, GroupState
from generator.application.release.refresh import Refresh
from generator.report import Report

Show = Callable[[Refresh, GroupState], None]


@dataclass
class SeenInstance:
    """An instance, and since when it has been known."""

    instance: GroupInstance
    since: float

    @property
    def seconds(self) -> int:
        return round(time.monotonic() - self.since)


@dataclass
class RefreshBoard:
    """The instances at the last reading."""

    refresh: Refresh | None = None
    instances: dict[str, SeenInstance] = field(default_factory=dict)

    def add(self, refresh: Refresh, group: GroupState) -> list[tuple[str, SeenInstance]]:
        """Record one reading: what is new about each instance (new, changed, gone)."""
        now, news = time.monotonic(), list[tuple[str, SeenInstance]]()
        there = {instance.id: instance for instance in group.instances}
        for name, instance in there.items():
            known = self.instances.get(name)
            if known is None or known.instance != instance:
                self.instances[name] = SeenInstance(instance, known.since if known else now)
                news.append(("changed" if known else "new", self.instances[name]))
        for name in self.instances.keys() - there.keys():
            news.append(("gone", self.instances.pop(name)))
        self.refresh = refresh
        return news


@contextmanager
def screen(report: Report) -> Iterator[Show]:
    """Yield a function that shows one reading: a table on a terminal, lines elsewhere."""
    board = RefreshBoard()
    if report.redrawn:

        def draw(refresh: Refresh, group: GroupState) -> None:
            board.add(refresh, group)

        with Live(get_renderable=lambda: _table(board), console=Console(), refresh_per_second=2):
            yield draw
        return

    def show(refresh: Refresh, group: GroupState) -> None:
        before = board.refresh
        for kind, instance in board.add(refresh, group):
            report.say(f"{datetime.now():%H:%M:%S}  {_line(kind, instance)}")
            report.tell(
                "instance", event=kind, seconds=instance.seconds, **asdict(instance.instance)
            )
        if before is None or (before.status, before.percent) != (refresh.status, refresh.percent):
            reason = refresh.reason and f"  {refresh.reason}"
            report.say(
                f"{datetime.now():%H:%M:%S}  refresh {refresh.status}, {refresh.percent} %{reason}"
            )
            report.tell("refresh", **asdict(refresh))

    yield show


def _line(kind: str, instance: SeenInstance) -> str:
    one = instance.instance
    if kind == "gone":
        return f"{one.id:<20} gone after {instance.seconds} s"
    target = f"target {one.target}" if one.target else "no target"
    state = f"{one.state:<16} {one.health:<10} {target}"
    return f"{one.id:<20} v{one.version:<4} {state}  {instance.seconds} s"


def _table(board: RefreshBoard) -> Stacked:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("instance", "version", "state", "group says", "balancer says", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for instance in board.instances.values():
        one = instance.instance
        style = "green" if one.serves else "yellow"
        row = (one.id, one.version, one.state, one.health, one.target, str(instance.seconds))
        table.add_row(*(Text(cell, style=style) for cell in row))
    refresh = board.refresh
    head = f"{refresh.status}, {refresh.percent} %  {refresh.reason}" if refresh else "asking"
    return Stacked(Text(f"Instance refresh: {head}"), table)
