"""A schedule in words, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.checks.timeline.schedule import Schedule, ScheduledTask, critical, serial, total
from generator.report import Report

NOTE = "Typical durations of resource_types.toml, not measured on AWS."
PATH = ("from", "to", "seconds", "critical path", "")


@dataclass(frozen=True)
class Operation:
    """A creation or an update with its schedule."""

    kind: str
    """create or update."""
    name: str
    """Creation of seed; Update of seed by Release=2."""
    steps: Schedule

    @property
    def heading(self) -> str:
        return f"{self.name}: {spoken(total(self.steps))}"


def spoken(seconds: int) -> str:
    """690 s (11 min 30 s)."""
    minutes, rest = divmod(seconds, 60)
    return f"{seconds:,} s" + (f" ({minutes} min {rest} s)" if minutes else "")


def show(operation: Operation, report: Report) -> None:
    """Say the total, the critical path and, of nested stacks, when each layer is done."""
    steps = operation.steps
    report.say(f"{operation.heading}; one after another it would be {serial(steps):,} s.")
    if not path_rows(steps):
        report.say("Nothing changes.\n")
        return
    report.say()
    report.table(PATH, path_rows(steps))
    if layers := list(_layers(steps)):
        report.say()
        report.table(["layer", "from", "to", "spare", "begins after"], layers)
    report.say()


def path_rows(steps: Schedule) -> list[list[str | int]]:
    """The critical path under PATH, without what takes no time."""
    chain = [step for step in critical(steps) if step.end > step.ready]
    return [[s.ready, s.end, s.end - s.ready, s.task.name, why(s)] for s in chain]


def why(step: ScheduledTask) -> str:
    """What is to be said of a step of the critical path."""
    waits = f"waits while it runs for {step.held_by}" if step.waited else ""
    return "; ".join(filter(None, (step.task.note, waits)))


def _layers(steps: Schedule) -> Iterator[list[str | int]]:
    """Every layer with its times, the seconds that it could be later, and what held it up."""
    spare = slack(steps)
    for name, step in sorted(steps.items(), key=lambda item: (item[1].start, item[0])):
        if step.task.is_stack:
            inside = [n for n, other in steps.items() if other.task.layer == name] or [name]
            end = max(steps[n].end for n in inside)
            held = step.held_by.partition("/")[0]
            yield [name, step.start, end, min(spare[n] for n in inside), held]


def slack(steps: Schedule) -> dict[str, int]:
    """Seconds by which each step could end later without delaying the whole."""
    latest = dict.fromkeys(steps, total(steps))
    for name in reversed(list(steps)):
        task = steps[name].task
        begin = latest[name] - task.seconds
        for before in task.after & latest.keys():
            latest[before] = min(latest[before], begin)
        for waited in task.awaits.keys() & latest.keys():
            latest[waited] = min(latest[waited], latest[name] - task.awaits[waited])
    return {name: latest[name] - step.end for name, step in steps.items()}


def objects(operation: Operation) -> Iterator[dict[str, Any]]:
    """One for every step that takes time, and one for the whole."""
    steps = operation.steps
    chain = [step.task.name for step in critical(steps) if step.end > step.ready]
    spare = slack(steps)
    for name, step in steps.items():
        if step.end > step.start:
            yield {
                "kind": "step",
                "operation": operation.kind,
                "path": name,
                "type": step.task.type,
                "start": step.start,
                "end": step.end,
                "seconds": step.task.seconds,
                "spare": spare[name],
                "critical": name in chain,
                "waits_for": step.held_by,
                "note": step.task.note,
            }
    whole: dict[str, Any] = {"kind": "total", "operation": operation.kind}
    whole |= {"name": operation.name, "seconds": total(steps), "serial": serial(steps)}
    yield whole | {"critical": chain}
