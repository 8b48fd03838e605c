"""The test on paper: what the template's own settings make of the load, and other designs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from generator.application.stress.assumptions import ASSUMPTIONS, assume
from generator.application.stress.report import show, tell_all
from generator.application.stress.settings import Boot, Settings, settings
from generator.application.stress.simulate import simulate
from generator.application.stress.timeline import Load, Timeline
from generator.application.stress.variants import spread, variants
from generator.errors import ClinicError
from generator.model import guard, view
from generator.parameters import regions
from generator.report import Report

NOT_SHOWN = (
    "Simulated, not measured: one load on quiet instances, no visitors, and no request that the "
    "load makes fail."
)


def run(
    env: str,
    params: Path,
    region: str | None,
    load: Load,
    report: Report,
    *,
    templates: Path | None = None,
    changes: Iterable[str] = (),
    metric_period: str | None = None,
    boot: Boot | None = None,
    warm_pool: int | None = None,
) -> Timeline:
    """Simulate, and print the figure, the picture, other designs and all assumptions.

    ``changes`` are other assumptions (``build=180``); what comes after them stands for what the
    templates say. ClinicError (2) for what cannot be simulated.
    """
    here = "us-east-1" if region is None else region
    regions.require(here)
    seen, assumed = view.load(env, params, templates, here), assume(changes)
    with guard.expected(templates):
        said = settings(seen)
    wanted = _chosen(said, metric_period, boot, warm_pool)
    timeline = simulate(wanted, load, assumed, f"clinic-{seen.env}, simulated")
    report.tell("settings", **asdict(wanted))
    tell_all(timeline, report)
    report.say(f"{_said(wanted)}\n")
    report.say(f"{timeline.title}: {_figure(wanted, load, assumed, timeline.seconds)}\n")
    show(timeline, report)
    _compare(wanted, load, assumed, report)
    _assumed(assumed, report)
    report.say(f"\n{NOT_SHOWN}")
    return timeline


def _chosen(
    said: Settings, period: str | None, boot: Boot | None, warm_pool: int | None
) -> Settings:
    """What the templates say, with what the person wants to see instead."""
    if said.smallest < 1 or said.largest < said.smallest:
        raise ClinicError(
            f"a group of {said.smallest} to {said.largest} instances has nothing to stress."
        )
    return replace(
        said,
        period=said.period if period is None else int(period),
        boot=said.boot if boot is None else boot,
        warm=said.warm if warm_pool is None else warm_pool,
    )


def _said(wanted: Settings) -> str:
    boot = {"build": "image built at boot", "pull": "image pulled", "baked": "image in the AMI"}
    return (
        f"{wanted.smallest} to {wanted.largest} {wanted.instance_type}, {wanted.target:g} % CPU, "
        f"{wanted.period}-second metrics, {boot[wanted.boot]}, warm pool of {wanted.warm}, "
        f"{wanted.health} s of health checks."
    )


def _figure(
    wanted: Settings, load: Load, assumed: Mapping[str, float], seconds: float | None
) -> str:
    if seconds is None:
        return "no new capacity comes."
    best, worst = spread(wanted, load, assumed)
    least = seconds if best is None else min(best, seconds)
    most = "never" if worst is None else f"{max(worst, seconds):,.0f}"
    return (
        f"new capacity in service {seconds:,.0f} s after the load began ({least:,.0f} to {most}, "
        "by the moment of the metric's period in which it begins)"
        + (f", {seconds - load.timeout:,.0f} s after it ended." if seconds > load.timeout else ".")
    )


def _compare(wanted: Settings, load: Load, assumed: Mapping[str, float], report: Report) -> None:
    rows = []
    for name, seconds, here in variants(wanted, load, assumed):
        figure = "never" if seconds is None else f"{seconds:,.0f} s"
        rows.append([name, figure, "<- these settings" if here else ""])
        report.tell("variant", name=name, seconds=seconds, here=here)
    report.say()
    report.table(["the same load with", "new capacity after", ""], rows)


def _assumed(assumed: Mapping[str, float], report: Report) -> None:
    rows = []
    for name, number in assumed.items():
        _, unit, meaning, source = ASSUMPTIONS[name]
        rows.append([name, f"{number:g} {unit}", meaning, source])
        report.tell(
            "assumption", name=name, value=number, unit=unit, meaning=meaning, source=source
        )
    report.say()
    report.table(["assumption", "value", "meaning", "source"], rows)
