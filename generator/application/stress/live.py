"""The test on what is deployed: it asks, loads, follows, and ends the load whatever happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from generator.application.stress import sampler, terminal
from generator.application.stress.remote import OVER, Remote, send
from generator.application.stress.report import show
from generator.application.stress.timeline import Load, Sample, Timeline
from generator.application.stress.watch import Place, Watch, place, utc, with_points
from generator.cloud.aws import Aws
from generator.cloud.progress import Report
from generator.cloud.stacks import family, find
from generator.errors import ClinicError

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
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep


def run(aws: Aws, stack: str, load: Load, wishes: Wishes) -> Timeline:
    """Put ``load`` on the instances of a stack and follow it to new capacity, or its absence.

    However this ends, an interrupt included, the load ends with it. ClinicError as judge() has it.
    """
    group, url = _found(aws, stack, wishes)
    where = place(aws, group)
    if not _agreed(where, load, url, wishes):
        wishes.report.say("Nothing was done.")
        raise click.exceptions.Exit(0)
    _install(aws, where, wishes)
    minutes = f"stress --cpu {load.cpu} --timeout {load.timeout}"
    limit = load.timeout + SPARE_SECONDS
    script = f"exec timeout --kill-after=5 {limit} {minutes}"
    with sampler.Sampler(url) as asking:
        remote = send(aws, where.instances, script, limit + SPARE_SECONDS, "clinic stress")
        try:
            timeline = _follow(aws, where, load, remote, asking, wishes)
        except BaseException:
            remote.cancel()
            wishes.report.say("\nThe load was cancelled on all instances.")
            raise
    show(timeline, wishes.report)
    return timeline


def _found(aws: Aws, name: str, wishes: Wishes) -> tuple[str, str]:
    """The group and the address to ask."""
    stack = find(aws, name)
    if stack is None or family(stack.status) == "absent":
        raise ClinicError(f"there is no stack {name} in {aws.region}: run `clinic deploy` first.")
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
        said = "; ".join(f"{a.instance}: {a.status} {a.errors}".strip() for a in bad)
        raise ClinicError(f"stress could not be installed ({said}).", exit_code=1)


def _follow(
    aws: Aws,
    where: Place,
    load: Load,
    remote: Remote,
    asking: sampler.Sampler,
    wishes: Wishes,
) -> Timeline:
    start = wishes.now()
    watch, samples = Watch(aws, where, utc(start)), list[Sample]()
    watch.note(0, "load", f"stress --cpu {load.cpu} begins on every instance")
    timeline = Timeline("Live", where.target, load, samples, watch.moments)
    with _screen(timeline, wishes.report) as news:
        while True:
            second = wishes.now() - start
            watch.look(utc(start + second))
            over = _over(remote, watch, second, load)
            samples.append(_sample(watch, asking, second))
            if samples[-1].failures:
                watch.note(second, "lost", "requests fail", "requests")
            news()
            if over and (timeline.seconds is not None or second > load.timeout + PATIENCE):
                break
            wishes.pause(wishes.pace)
    points = watch.points(utc(wishes.now()))
    moments = sorted(watch.moments, key=lambda moment: moment.second)
    seen = with_points(samples, points, where.metric["Period"]) if points else samples
    return Timeline(f"{where.group}, live", where.target, load, seen, moments)


def _over(remote: Remote, watch: Watch, second: float, load: Load) -> bool:
    """Whether the load has ended everywhere; a load that was none is a failure."""
    answers = remote.answers()
    over = all(answer.status in OVER for answer in answers)
    bad = [a for a in answers if a.status in OVER and a.status != "Success"]
    if len(bad) == len(answers):
        said = "; ".join(f"{a.instance}: {a.status} {a.errors}".strip() for a in bad)
        raise ClinicError(f"stress ran on no instance to its end ({said}).", exit_code=1)
    for answer in bad:
        watch.note(second, "lost", f"the load on {answer.instance} ended: {answer.status}")
    if over:
        watch.note(min(second, load.timeout), "quiet", "the load ends", "quiet")
    return over


def _sample(watch: Watch, asking: sampler.Sampler, second: float) -> Sample:
    requests, failures, latency = asking.take()
    return Sample(
        round(second, 1), watch.cpu, watch.wanted, watch.serving, latency, requests, failures
    )


@contextmanager
def _screen(timeline: Timeline, report: Report) -> Iterator[Callable[[], None]]:
    """What to call after each look, in the form that suits where the output goes."""
    if not report.json and sys.stdout.isatty():
        with Live(get_renderable=lambda: _drawn(timeline), console=Console(), refresh_per_second=2):
            yield lambda: None
        return
    told: dict[str, Any] = {"moments": 0, "samples": 0}

    def news() -> None:
        for moment in timeline.moments[told["moments"] :]:
            report.say(f"{moment.second:>7.0f} s  {moment.text}")
            report.tell("moment", what=moment.kind, second=moment.second, text=moment.text)
        for number, sample in list(enumerate(timeline.samples))[told["samples"] :]:
            report.tell("sample", **asdict(sample))
            if number % SELDOM == 0:
                report.say(f"{sample.second:>7.0f} s  {_line(sample)}")
        told.update(moments=len(timeline.moments), samples=len(timeline.samples))

    yield news


def _drawn(timeline: Timeline) -> Text:
    return Text("\n".join(terminal.draw(timeline)))


def _line(sample: Sample) -> str:
    cpu = "unknown" if sample.cpu is None else f"{sample.cpu:.0f} %"
    slow = "no answer" if sample.latency is None else f"{sample.latency:.0f} ms"
    return f"CPU {cpu}, {sample.serving} of {sample.wanted} in service, {slow}"
