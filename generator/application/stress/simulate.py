"""What a load would do to a group, from the template's settings and stated assumptions.

A pure function of its arguments: no clock, no chance. The group is taken second by second; scaling
in is not simulated, since it only begins after fifteen quiet minutes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from generator.application.stress.assumptions import DEFAULTS
from generator.application.stress.settings import Settings
from generator.application.stress.timeline import IN_SERVICE, Load, Moment, Sample, Timeline

POINTS = 3
"""Points in a row above the target that raise the alarm of a target tracking policy."""
BEFORE, AFTER, STEP = 60, 120, 5
"""Seconds that are shown before the load, after its end, and between two samples."""
PATIENCE = 900
"""Seconds after the load's end in which nothing more is expected."""


class Point(NamedTuple):
    """Of the metric, on its way to the alarm."""

    seen: int
    """The second at which the alarm has it."""
    cpu: float
    serving: int
    """Instances of which it is the average."""


@dataclass
class Group:
    """The Auto Scaling group at one second."""

    settings: Settings
    load: Load
    assumed: Mapping[str, float]
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """From which second on how many instances are wanted."""
    warm: int = 0
    credits: float = 0.0
    """Of each instance under load."""
    arrivals: list[int] = field(default_factory=list)
    """Seconds at which new instances begin to serve."""
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=POINTS))
    moments: list[Moment] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sizes.append((-BEFORE, self.settings.smallest))
        self.warm, self.credits = self.settings.warm, self.assumed["credits"]

    @property
    def size(self) -> int:
        """What is wanted, or will be as soon as the group has reacted."""
        return self.sizes[-1][1]

    def wanted(self, second: int) -> int:
        return max(size for since, size in self.sizes if since <= second)

    def serving(self, second: int) -> int:
        return self.settings.smallest + sum(arrival <= second for arrival in self.arrivals)

    def burdened(self, second: int) -> bool:
        return 0 <= second < self.load.timeout

    def cpu(self, second: int) -> float:
        """The average of all that serve; only the first ones carry the load."""
        idle, stressed = self.assumed["idle"], self.settings.smallest
        busy = self.busy if self.burdened(second) else idle
        serving = self.serving(second)
        return (busy * stressed + idle * (serving - stressed)) / serving

    @property
    def busy(self) -> float:
        """Percent of CPU that an instance under load uses."""
        machine = self.settings.machine
        asked = min(100.0, 100 * self.load.cpu / machine.vcpus + self.assumed["idle"])
        tired = self.settings.standard and self.credits <= 0
        return min(asked, machine.share) if tired else asked

    def spend(self, second: int) -> None:
        """Credits: one is a virtual CPU at full speed for a minute."""
        machine = self.settings.machine
        used = self.busy if self.burdened(second) else self.assumed["idle"]
        self.credits += (machine.share - used) / 100 * machine.vcpus / 60

    def latency(self, second: int) -> float:
        """A request shares its CPU with the workers where it meets them."""
        share = self.settings.smallest / self.serving(second) if self.burdened(second) else 0
        crowd = self.load.cpu / self.settings.machine.vcpus
        return self.assumed["network"] + self.assumed["service"] * (1 + crowd * share)

    def note(self, second: int, kind: str, text: str) -> None:
        self.moments.append(Moment(second, kind, text))


def simulate(
    settings: Settings,
    load: Load,
    assumed: Mapping[str, float] = DEFAULTS,
    title: str = "Simulated",
) -> Timeline:
    """The timeline of ``load`` on a quiet group; it ends when nothing more will come."""
    group = Group(settings, load, assumed)
    group.note(0, "load", f"stress --cpu {load.cpu} begins on every instance")
    group.note(load.timeout, "quiet", "the load ends")
    arriving, sums, samples = deque[Point](), list[float](), list[Sample]()
    second, due = -BEFORE, _boundary(settings, assumed, -BEFORE)
    while second <= _end(group, second):
        if second == due:
            _close(group, second, sums, arriving)
            due = _boundary(settings, assumed, second)
        while arriving and arriving[0].seen == second:
            _evaluate(group, arriving.popleft())
        sums.append(group.cpu(second))
        if second % STEP == 0:
            samples.append(_sample(group, second))
        group.spend(second)
        second += 1
    moments = sorted((m for m in group.moments if m.second < second), key=lambda m: m.second)
    return Timeline(title, settings.target, load, samples, moments)


def _end(group: Group, second: int) -> int:
    """The last second to show, as far as is known now."""
    if group.arrivals:
        return max(group.load.timeout, *group.arrivals) + AFTER
    full = group.settings.largest == group.settings.smallest
    return group.load.timeout + (AFTER if full else PATIENCE)


def _boundary(settings: Settings, assumed: Mapping[str, float], second: int) -> int:
    """The first end of a metric period after a second."""
    first, period = round(assumed["phase"] * settings.period), settings.period
    return first + ((second - first) // period + 1) * period


def _close(group: Group, second: int, sums: list[float], arriving: deque[Point]) -> None:
    """A period ends: its average becomes a point, which the alarm sees somewhat later."""
    average = sum(sums) / len(sums)
    sums.clear()
    fast = "fast-" if group.settings.period < 60 else ""
    delay = group.assumed[f"{fast}metric-delay"] + group.assumed[f"{fast}evaluation"]
    # An instance that came within the last second is not in the average.
    arriving.append(Point(second + round(delay), average, group.serving(second - 1)))
    told = sum(moment.kind == "point" for moment in group.moments)
    if average > group.settings.target and told < POINTS:
        group.note(second, "point", f"a point of {average:.0f} % CPU")


def _evaluate(group: Group, point: Point) -> None:
    """The alarm gets a point; with enough of them above the target the group grows."""
    target = group.settings.target
    group.points.append(point)
    if len(group.points) < POINTS or min(p.cpu for p in group.points) <= target:
        return
    if not any(moment.kind == "alarm" for moment in group.moments):
        group.note(point.seen, "alarm", f"{POINTS} of {POINTS} points above {target:g} %: alarm")
    needed = min(group.settings.largest, ceil(point.serving * point.cpu / target))
    if needed > group.size:
        _grow(group, point.seen + round(group.assumed["reaction"]), needed)


def _grow(group: Group, second: int, needed: int) -> None:
    group.note(second, "scaling", f"the group grows from {group.size} to {needed}")
    for number in range(group.size, needed):
        warm = group.warm > 0
        group.warm -= warm
        steps = _steps(group.settings, group.assumed, warm)
        ready = second + round(sum(seconds for _, seconds in steps))
        serves = ready + group.settings.health
        grace = group.settings.grace
        if grace is not None and serves - second > grace and not warm:
            group.note(second + grace, "lost", f"replaced unfinished after {grace} s, and again")
            continue
        group.arrivals.append(serves)
        if number == group.size:
            at = float(second)
            for text, seconds in steps:
                at += seconds
                group.note(round(at), "boot", text)
        group.note(serves, IN_SERVICE, f"instance {number + 1} in service")
    group.sizes.append((second, needed))


def _steps(settings: Settings, assumed: Mapping[str, float], warm: bool) -> list[tuple[str, float]]:
    """What has happened after how many seconds each, until the backend answers."""
    started = ("the backend answers", assumed["container-start"])
    if warm:
        return [("a warm instance runs", assumed["warm-start"]), started]
    runs = ("the instance runs", assumed["instance-start"])
    if settings.boot == "baked":
        return [runs, ("its disk is warm", assumed["cold-disk"]), started]
    done = "built" if settings.boot == "build" else "pulled"
    packages = ("packages are installed", assumed["packages"])
    return [runs, packages, (f"the image is {done}", assumed[settings.boot]), started]


def _sample(group: Group, second: int) -> Sample:
    return Sample(
        second=second,
        cpu=round(group.cpu(second), 1),
        wanted=group.wanted(second),
        serving=group.serving(second),
        latency=round(group.latency(second), 1),
        requests=STEP,
        failures=0,
    )
