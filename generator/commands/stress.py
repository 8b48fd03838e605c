"""The command: parse, call, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from generator.cloud.explained import explained
from generator.errors import ClinicError
from generator.options import PATH, TEMPLATES, YES, connected, reporting
from generator.report import Report


@click.command("stress")
@connected
@click.option(
    "--cpu", type=click.IntRange(1, 64), default=2, show_default=True, help="Workers of stress."
)
@click.option(
    "--timeout",
    type=click.IntRange(10, 7200),
    default=600,
    show_default=True,
    help="Seconds of load.",
)
@click.option("--simulate", "simulated", is_flag=True, help="Only calculate: no AWS, no cost.")
@click.option(
    "--metric-period",
    type=click.Choice(["10", "60", "300"]),
    help="With --simulate: seconds of a metric's point; 300 is EC2 without detailed monitoring.",
)
@click.option(
    "--boot",
    type=click.Choice(["build", "pull", "baked"]),
    help="With --simulate: how an instance gets its image.",
)
@click.option("--warm-pool", type=click.IntRange(0, 100), help="With --simulate: its size.")
@click.option(
    "--assume",
    "changes",
    multiple=True,
    metavar="NAME=NUMBER",
    help="With --simulate: another assumption, such as build=180.",
)
@TEMPLATES
@click.option("--url", help="Ask this address instead of the site's health path.")
@click.option("--png", type=PATH, help="Write the picture to this file.")
@reporting("settings", "moment", "sample", "figure", "variant", "assumption")
@YES
@explained("observer", "operator")
def stress_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    cpu: int,
    timeout: int,
    simulated: bool,
    url: str | None,
    png: Path | None,
    report: Report,
    yes: bool,
    **design: Any,
) -> None:
    """Put load on the instances and see how long new capacity takes.

    Runs `stress` on every instance in service through Systems Manager, follows alarms, group,
    targets and requests through the CDN, and draws them. With --simulate the same is calculated
    from the template's settings and stated assumptions.

    Exits with 1 when no new capacity came or requests failed.

    \b
    clinic stress dev --cpu 2 --timeout 600 --png stress.png
    clinic stress seed --simulate
    clinic stress seed --simulate --metric-period 300
    clinic stress prod --simulate --boot pull --warm-pool 2 --png prod.png
    """
    from generator.application.stress import live, offline, picture
    from generator.application.stress.report import judge
    from generator.application.stress.timeline import Load
    from generator.cloud.aws import connect
    from generator.cloud.environment import load as load_environment

    if png:
        picture.check(png)
    load = Load(cpu, timeout)
    if simulated:
        if profile is not None or url is not None:
            raise ClinicError("--profile and --url go with a live test: --simulate asks nobody.")
        timeline = offline.run(env, params, region, load, report, **design)
    elif any(given not in (None, ()) for given in design.values()):
        raise ClinicError(
            "--metric-period, --boot, --warm-pool, --assume and --templates go with --simulate: "
            "a live test takes what is deployed."
        )
    else:
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        stack, aws = load_environment(env, params).stack, connect(profile, region)
        timeline = live.run(aws, stack, load, live.Wishes(yes, url, terminal, report))
    if png:
        picture.draw(timeline, png)
        report.say(f"\nThe picture is in {png}.")
    judge(timeline)
