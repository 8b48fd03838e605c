"""Earliest start and end of tasks that depend on each other, and the critical path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from generator.errors import ClinicError

STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Task:
    """What is done to one resource."""

    name: str
    """As events name it: NetworkStack/Vpc, or Vpc in a flat template."""
    type: str
    seconds: int
    after: frozenset[str] = frozenset()
    """Tasks that have to be done before it begins."""
    awaits: Mapping[str, int] = field(default_factory=dict)
    """Tasks that CloudFormation does not order but that it waits for while it runs, and the
    seconds that it still needs after each."""
    note: str = ""

    @property
    def layer(self) -> str:
        """The nested stack that it belongs to; "" in a flat template."""
        return self.name.partition("/")[0] if "/" in self.name or self.is_stack else ""

    @property
    def is_stack(self) -> bool:
        return self.type == STACK


@dataclass(frozen=True)
class ScheduledTask:
    """A task with its times, in seconds from the beginning."""

    task: Task
    start: int
    end: int
    held_by: str = ""
    """The task that decided when it began or, if it met one while it ran, when it ended."""
    waited: bool = False

    @property
    def ready(self) -> int:
        """When nothing held it up any more."""
        return self.end - self.task.awaits[self.held_by] if self.waited else self.start


Schedule = Mapping[str, ScheduledTask]


def schedule(tasks: Iterable[Task]) -> dict[str, ScheduledTask]:
    """The earliest times of every task, in an order in which they can be done.

    ClinicError when tasks wait for each other in a circle.
    """
    known = {task.name: task for task in tasks}
    graph = {t.name: {n for n in (*t.after, *t.awaits) if n in known} for t in known.values()}
    steps: dict[str, ScheduledTask] = {}
    try:
        for name in TopologicalSorter(graph).static_order():
            steps[name] = _step(known[name], steps)
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ClinicError(f"these wait for each other, so none ever begins: {circle}.") from error
    return steps


def _step(task: Task, done: Schedule) -> ScheduledTask:
    # Of several that end together the first by name counts, so that every run says the same.
    before = min((n for n in task.after if n in done), key=lambda n: (-done[n].end, n), default="")
    start = done[before].end if before else 0
    step = ScheduledTask(task, start, start + task.seconds, before)
    for name, rest in sorted(task.awaits.items()):
        # Where both take as long, what is met counts: no faster boot would help.
        if name in done and done[name].end + rest >= step.end:
            step = ScheduledTask(task, start, done[name].end + rest, name, waited=True)
    return step


def total(steps: Schedule) -> int:
    """Seconds until everything is done."""
    return max((step.end for step in steps.values()), default=0)


def serial(steps: Schedule) -> int:
    """Seconds if every layer, or in a flat template every resource, waited for the one before."""
    layers: dict[str, list[Task]] = {}
    for name, step in steps.items():
        layers.setdefault(step.task.layer or name, []).append(step.task)
    return sum(total(schedule(tasks)) for tasks in layers.values())


def critical(steps: Schedule) -> list[ScheduledTask]:
    """The chain that decides the total, first to last."""
    last = min(steps, key=lambda name: (-steps[name].end, name), default="")
    chain: list[ScheduledTask] = []
    while last:
        chain.append(steps[last])
        last = steps[last].held_by
    return chain[::-1]
