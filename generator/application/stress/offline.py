"""The simulated test: the load under the templates' settings, and under other designs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from generator.application.stress.assumptions import ASSUMPTIONS, assume
from generator.application.stress.report import show, tell_all
from generator.application.stress.settings import Boot, Settings, settings
from generator.application.stress.simulate import simulate
from generator.application.stress.timeline import StressLoad, StressTimeline
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
    load: StressLoad,
    report: Report,
    *,
    templates: Path | None = None,
    changes: Iterable[str] = (),
    metric_period: str | None = None,
    boot: Boot | None = None,
    warm_pool: int | None = None,
) -> StressTimeline:
    """Simulate, and print the figure, the picture, other designs and all assumptions.

    ``changes`` are other assumptions (``build=180``); what comes after them stands for what the
    templates say. ClinicError (2) for what cannot be simulated.
    """
    here = "us-east-1" if region is None else region
    regions.require(here)
    resolved, assumed = view.load(env, params, templates, here), assume(changes)
    with guard.expected(templates):
        deployed = settings(resolved)
    chosen = _chosen(deployed, metric_period, boot, warm_pool)
    timeline = simulate(chosen, load, assumed, f"clinic-{resolved.env}, simulated")
    report.tell("settings", **asdict(chosen))
    tell_all(timeline, report)
    report.say(f"{_settings_sentence(chosen)}\n")
    report.say(f"{timeline.title}: {_figure(chosen, load, assumed, timeline.seconds)}\n")
    show(timeline, report)
    _compare(chosen, load, assumed, report)
    _assumed(assumed, report)
    report.say(f"\n{NOT_SHOWN}")
    return timeline


def _chosen(
    deployed: Settings, period: str | None, boot: Boot | None, warm_pool: int | None
) -> Settings:
    """What the templates say, with what the person wants to see instead."""
    if deployed.smallest < 1 or deployed.largest < deployed.smallest:
        raise ClinicError(
            f"a group of {deployed.smallest} to {deployed.largest} instances has nothing to stress."
        )
    return replace(
        deployed,
        period=deployed.period if period is None else int(period),
        boot=deployed.boot if boot is None else boot,
        warm=deployed.warm if warm_pool is None else warm_pool,
    )


def _settings_sentence(chosen: Settings) -> str:
    boot = {"build": "image built at boot", "pull": "image pulled", "baked": "image in the AMI"}
    return (
        f"{chosen.smallest} to {chosen.largest} {chosen.instance_type}, {chosen.target:g} % CPU, "
        f"{chosen.period}-second metrics, {boot[chosen.boot]}, warm pool of {chosen.warm}, "
        f"{chosen.health} s of health checks."
    )


def _figure(
    chosen: Settings, load: StressLoad, assumed: Mapping[str, float], seconds: float | None
) -> str:
    if seconds is None:
        return "no new capacity comes."
    best, worst = spread(chosen, load, assumed)
    least = seconds if best is None else min(best, seconds)
    most = "never" if worst is None else f"{max(worst, seconds):,.0f}"
    return (
        f"new capacity in service {seconds:,.0f} s after the load began ({least:,.0f} to {most}, "
        "by the moment of the metric's period in which it begins)"
        + (f", {seconds - load.timeout:,.0f} s after it ended." if seconds > load.timeout else ".")
    )


def _compare(
    chosen: Settings, load: StressLoad, assumed: Mapping[str, float], report: Report
) -> None:
    rows = []
    for name, seconds, here in variants(chosen, load, assumed):
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
