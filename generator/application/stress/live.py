"""The test on a deployed stack: it asks, loads, follows, and ends the load whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from generator.application.stress import sampler, terminal
from generator.application.stress.remote import OVER, CommandResult, RemoteCommand, send
from generator.application.stress.report import blocks, show
from generator.application.stress.timeline import Sample, StressLoad, StressTimeline
from generator.application.stress.watch import GroupWatch, LoadTarget, load_target, with_points
from generator.cloud.aws import Aws, connect, explained
from generator.cloud.environment import load as load_environment
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
class StressOptions:
    """The options of `clinic stress` besides the load."""

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
class StressTest:
    """One test while it runs."""

    watch: GroupWatch
    remote: RemoteCommand
    asking: sampler.Sampler
    load: StressLoad
    options: StressOptions
    start: float
    """When the load began, by the clock of options."""
    samples: list[Sample] = field(default_factory=list)

    @property
    def second(self) -> float:
        return self.options.now() - self.start

    def look(self) -> bool:
        """Read everything once; returns whether the load has ended everywhere."""
        self.watch.look(self.second)
        over = self._over()
        self.sample()
        return over

    def sample(self) -> None:
        """Put down the state, with what was asked since the last time."""
        requests, failures, latency = self.asking.take()
        cpu, desired, serving = self.watch.cpu, self.watch.wanted, self.watch.serving
        second = round(self.second, 1)
        self.samples.append(Sample(second, cpu, desired, serving, latency, requests, failures))
        if failures:
            self.watch.note(second, "lost", "requests fail", "requests")

    def timeline(self, title: str) -> StressTimeline:
        moments = sorted(self.watch.moments, key=lambda moment: moment.second)
        return StressTimeline(title, self.watch.place.target, self.load, self.samples, moments)

    def _over(self) -> bool:
        """A load that was none is a failure."""
        answers = self.remote.results()
        over = all(answer.status in OVER for answer in answers)
        bad = [a for a in answers if a.status in OVER and a.status != "Success"]
        if len(bad) == len(answers):
            raise ClinicError(
                f"stress ran on no instance to its end ({_states_of(bad)}).", exit_code=1
            )
        for answer in bad:
            text = f"the load on {answer.instance} ended: {answer.status}"
            self.watch.note(self.second, "lost", text)
        if over:
            self.watch.note(min(self.second, self.load.timeout), "quiet", "the load ends", "quiet")
        return over


@explained("observer", "operator")
def connected(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    load: StressLoad,
    options: StressOptions,
) -> StressTimeline:
    """`run` against the stack of an environment; ClinicError for whatever AWS refuses."""
    stack = load_environment(env, params).stack
    return run(connect(profile, region), stack, load, options)


def run(aws: Aws, stack: str, load: StressLoad, options: StressOptions) -> StressTimeline:
    """Put ``load`` on the instances of a stack and follow it to new capacity, or its absence.

    However this ends, an interrupt included, the load ends with it. ClinicError (1) when it ran
    nowhere, (2) when there is nothing to load, (3) when Systems Manager reaches nobody.
    """
    group, url = _group_and_url(aws, stack, options)
    where = load_target(aws, group)
    if not _agreed(where, load, url, options):
        options.report.say("Nothing was done.")
        raise click.exceptions.Exit(0)
    _install(aws, where, options)
    limit = load.timeout + SPARE_SECONDS
    stress = f"stress --cpu {load.cpu} --timeout {load.timeout}"
    script = f"exec timeout --kill-after=5 {limit} {stress}"
    with sampler.Sampler(url) as asking:
        remote = send(aws, where.instances, script, limit + SPARE_SECONDS, "clinic stress")
        try:
            watch = GroupWatch(aws, where, remote.sent)
            watch.note(0, "load", f"stress --cpu {load.cpu} begins on every instance")
            test = StressTest(watch, remote, asking, load, options, options.now())
            _follow(test)
        except BaseException:
            remote.cancel()
            options.report.say("\nThe load was cancelled on all instances.")
            raise
    test.sample()
    if points := watch.points(test.second):
        test.samples = with_points(test.samples, points, where.metric["Period"])
    timeline = test.timeline(f"{stack}, live")
    show(timeline, options.report)
    return timeline


def _group_and_url(aws: Aws, name: str, options: StressOptions) -> tuple[str, str]:
    """The group and the address to ask."""
    stack = existing(aws, name)
    group, site = stack.outputs.get("BackendGroupName"), stack.outputs.get("SiteUrl", "")
    if not group or not (options.url or site):
        raise ClinicError(
            f"{name} has no output BackendGroupName or SiteUrl: deploy it to its end first."
        )
    path = stack.parameters.get("HealthCheckPath", "/")
    return group, sampler.checked_url(options.url or f"{site}{path}")


def _agreed(where: LoadTarget, load: StressLoad, url: str, options: StressOptions) -> bool:
    options.report.say(
        f"This puts {load.cpu} busy workers on {', '.join(where.instances)} for {load.timeout} s "
        f"and asks {url} once a second. Visitors will feel it, the group may grow to "
        f"{where.largest} instances, and those and surplus CPU credits cost money."
    )
    if options.yes:
        return True
    if not options.terminal:
        raise ClinicError("nobody can be asked here: give --yes.")
    return click.confirm("Begin?")


def _install(aws: Aws, where: LoadTarget, options: StressOptions) -> None:
    """The package must be there before the clock starts."""
    options.report.say("Installing stress where it is missing ...")
    remote = send(aws, where.instances, INSTALL, INSTALL_SECONDS, "clinic stress: install")
    try:
        answers = remote.wait(options.pause, options.pace)
    except BaseException:
        remote.cancel()
        raise
    if bad := [answer for answer in answers if answer.status != "Success"]:
        raise ClinicError(f"stress could not be installed ({_states_of(bad)}).", exit_code=1)


def _follow(test: StressTest) -> None:
    """Look until the load is over and new capacity is there, or will not come any more."""
    with _screen(test) as draw:
        while True:
            over, second = test.look(), test.second
            draw()
            came = test.timeline("").seconds is not None
            if over and (came or second > test.load.timeout + PATIENCE):
                return
            test.options.pause(test.options.pace)


def _states_of(answers: Sequence[CommandResult]) -> str:
    return "; ".join(f"{a.instance}: {a.status} {a.errors}".strip() for a in answers)


@contextmanager
def _screen(test: StressTest) -> Iterator[Callable[[], None]]:
    """Yield what to call after each reading: a picture on a terminal, lines elsewhere."""
    if test.options.report.redrawn:
        # The whole picture comes at the end, with what CloudWatch only tells then.
        with Live(get_renderable=lambda: _drawn(test), console=Console(), transient=True):
            yield lambda: None
        return
    yield _Lines(test).write_if_due


def _drawn(test: StressTest) -> Text:
    return Text("\n".join(terminal.draw(test.timeline("Live"), blocks=blocks())))


@dataclass
class _Lines:
    """A line for each moment, and now and then one without news."""

    test: StressTest
    moments: int = 0
    """So many were told."""

    def write_if_due(self) -> None:
        report, samples = self.test.options.report, self.test.samples
        for moment in self.test.watch.moments[self.moments :]:
            report.say(f"{moment.second:>7.0f} s  {moment.text}")
            report.tell("moment", what=moment.kind, second=moment.second, text=moment.text)
        self.moments = len(self.test.watch.moments)
        report.tell("sample", **asdict(samples[-1]))
        if len(samples) % SELDOM == 1:
            report.say(f"{samples[-1].second:>7.0f} s  {_line(samples[-1])}")


def _line(sample: Sample) -> str:
    cpu = "unknown" if sample.cpu is None else f"{sample.cpu:.0f} %"
    slow = "no answer" if sample.latency is None else f"{sample.latency:.0f} ms"
    return f"CPU {cpu}, {sample.serving} of {sample.wanted} in service, {slow}"
