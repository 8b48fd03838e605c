"""The test on what is deployed: it asks, loads, follows, and ends the load whatever happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from generator.application.stress import sampler, terminal
from generator.application.stress.remote import OVER, Answer, Remote, send
from generator.application.stress.report import blocks, show
from generator.application.stress.timeline import Load, Sample, Timeline
from generator.application.stress.watch import Place, Watch, place, with_points
from generator.cloud.aws import Aws
from generator.cloud.stacks import existing
from generator.errors import ClinicError
from generator.report import Report

INSTALL = (
    "export DEBIAN_FRONTEND=noninteractive\n"
    "command -v stress || { apt-get -y -o DPkg::Lock::Timeout=300 update && "
    "apt-get -y -o DPkg::Lock::Timeout=300 install --no-install-recommends stress; }"
)
INSTALL_SECONDS = 600
SPARE_SECONDS = 30
"""After its own time-out stress is ended by two others: the shell's and the agent's."""
PATIENCE = 900
"""Seconds after the load's end in which new capacity may still come."""
PACE = 5.0
"""Seconds between two looks."""
SELDOM = 6
"""Every so many looks a line without news is written where no picture is drawn."""


@dataclass(frozen=True)
class Wishes:
    """What the person asked for beside the load."""

    yes: bool = False
    """Do not ask."""
    url: str | None = None
    """Ask this address instead of the site's health path."""
    terminal: bool = False
    """Whether a person can answer questions."""
    report: Report = field(default_factory=Report)
    pace: float = PACE
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


@dataclass
class Course:
    """One test while it runs."""

    watch: Watch
    remote: Remote
    asking: sampler.Sampler
    load: Load
    wishes: Wishes
    start: float
    """When the load began, by the clock of wishes."""
    samples: list[Sample] = field(default_factory=list)

    @property
    def second(self) -> float:
        return self.wishes.now() - self.start

    def look(self) -> bool:
        """Look at everything once; whether the load has ended everywhere."""
        self.watch.look(self.second)
        over = self._over()
        self.sample()
        return over

    def sample(self) -> None:
        """Put down the state, with what was asked since the last time."""
        requests, failures, latency = self.asking.take()
        cpu, wanted, serving = self.watch.cpu, self.watch.wanted, self.watch.serving
        second = round(self.second, 1)
        self.samples.append(Sample(second, cpu, wanted, serving, latency, requests, failures))
        if failures:
            self.watch.note(second, "lost", "requests fail", "requests")

    def timeline(self, title: str) -> Timeline:
        moments = sorted(self.watch.moments, key=lambda moment: moment.second)
        return Timeline(title, self.watch.place.target, self.load, self.samples, moments)

    def _over(self) -> bool:
        """A load that was none is a failure."""
        answers = self.remote.answers()
        over = all(answer.status in OVER for answer in answers)
        bad = [a for a in answers if a.status in OVER and a.status != "Success"]
        if len(bad) == len(answers):
            raise ClinicError(f"stress ran on no instance to its end ({_said(bad)}).", exit_code=1)
        for answer in bad:
            text = f"the load on {answer.instance} ended: {answer.status}"
            self.watch.note(self.second, "lost", text)
        if over:
            self.watch.note(min(self.second, self.load.timeout), "quiet", "the load ends", "quiet")
        return over


def run(aws: Aws, stack: str, load: Load, wishes: Wishes) -> Timeline:
    """Put ``load`` on the instances of a stack and follow it to new capacity, or its absence.

    However this ends, an interrupt included, the load ends with it. ClinicError (1) when it ran
    nowhere, (2) when there is nothing to load, (3) when Systems Manager reaches nobody.
    """
    group, url = _found(aws, stack, wishes)
    where = place(aws, group)
    if not _agreed(where, load, url, wishes):
        wishes.report.say("Nothing was done.")
        raise click.exceptions.Exit(0)
    _install(aws, where, wishes)
    limit = load.timeout + SPARE_SECONDS
    stress = f"stress --cpu {load.cpu} --timeout {load.timeout}"
    script = f"exec timeout --kill-after=5 {limit} {stress}"
    with sampler.Sampler(url) as asking:
        remote = send(aws, where.instances, script, limit + SPARE_SECONDS, "clinic stress")
        try:
            watch = Watch(aws, where, remote.sent)
            watch.note(0, "load", f"stress --cpu {load.cpu} begins on every instance")
            course = Course(watch, remote, asking, load, wishes, wishes.now())
            _follow(course)
        except BaseException:
            remote.cancel()
            wishes.report.say("\nThe load was cancelled on all instances.")
            raise
    course.sample()
    if points := watch.points(course.second):
        course.samples = with_points(course.samples, points, where.metric["Period"])
    timeline = course.timeline(f"{stack}, live")
    show(timeline, wishes.report)
    return timeline


def _found(aws: Aws, name: str, wishes: Wishes) -> tuple[str, str]:
    """The group and the address to ask."""
    stack = existing(aws, name)
    group, site = stack.outputs.get("BackendGroupName"), stack.outputs.get("SiteUrl", "")
    if not group or not (wishes.url or site):
        raise ClinicError(
            f"{name} has no output BackendGroupName or SiteUrl: deploy it to its end first."
        )
    path = stack.parameters.get("HealthCheckPath", "/")
    return group, sampler.check(wishes.url or f"{site}{path}")


def _agreed(where: Place, load: Load, url: str, wishes: Wishes) -> bool:
    wishes.report.say(
        f"This puts {load.cpu} busy workers on {', '.join(where.instances)} for {load.timeout} s "
        f"and asks {url} once a second. Visitors will feel it, the group may grow to "
        f"{where.largest} instances, and those and surplus CPU credits cost money."
    )
    if wishes.yes:
        return True
    if not wishes.terminal:
        raise ClinicError("nobody can be asked here: give --yes.")
    return click.confirm("Begin?")


def _install(aws: Aws, where: Place, wishes: Wishes) -> None:
    """The package must be there before the clock starts."""
    wishes.report.say("Installing stress where it is missing ...")
    remote = send(aws, where.instances, INSTALL, INSTALL_SECONDS, "clinic stress: install")
    try:
        answers = remote.wait(wishes.pause, wishes.pace)
    except BaseException:
        remote.cancel()
        raise
    if bad := [answer for answer in answers if answer.status != "Success"]:
        raise ClinicError(f"stress could not be installed ({_said(bad)}).", exit_code=1)


def _follow(course: Course) -> None:
    """Look until the load is over and new capacity is there, or will not come any more."""
    with _screen(course) as news:
        while True:
            over, second = course.look(), course.second
            news()
            came = course.timeline("").seconds is not None
            if over and (came or second > course.load.timeout + PATIENCE):
                return
            course.wishes.pause(course.wishes.pace)


def _said(answers: Sequence[Answer]) -> str:
    return "; ".join(f"{a.instance}: {a.status} {a.errors}".strip() for a in answers)


@contextmanager
def _screen(course: Course) -> Iterator[Callable[[], None]]:
    """What to call after each look, in the form that suits where the output goes."""
    if not course.wishes.report.json and sys.stdout.isatty():
        # The whole picture comes at the end, with what CloudWatch only tells then.
        with Live(get_renderable=lambda: _drawn(course), console=Console(), transient=True):
            yield lambda: None
        return
    yield _Lines(course).news


def _drawn(course: Course) -> Text:
    return Text("\n".join(terminal.draw(course.timeline("Live"), blocks=blocks())))


@dataclass
class _Lines:
    """A line for each moment, and now and then one without news."""

    course: Course
    moments: int = 0
    """So many were told."""

    def news(self) -> None:
        report, samples = self.course.wishes.report, self.course.samples
        for moment in self.course.watch.moments[self.moments :]:
            report.say(f"{moment.second:>7.0f} s  {moment.text}")
            report.tell("moment", what=moment.kind, second=moment.second, text=moment.text)
        self.moments = len(self.course.watch.moments)
        report.tell("sample", **asdict(samples[-1]))
        if len(samples) % SELDOM == 1:
            report.say(f"{samples[-1].second:>7.0f} s  {_line(samples[-1])}")


def _line(sample: Sample) -> str:
    cpu = "unknown" if sample.cpu is None else f"{sample.cpu:.0f} %"
    slow = "no answer" if sample.latency is None else f"{sample.latency:.0f} ms"
    return f"CPU {cpu}, {sample.serving} of {sample.wanted} in service, {slow}"
