"""`clinic logs`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import connected, reporting
from generator.report import Report


@click.command("logs")
@connected
@click.option("-f", "--follow", is_flag=True, help="Go on as they come, until Ctrl-C.")
@click.option("--boot", is_flag=True, help="The logs of the boots instead of the backend's.")
@click.option("--instance", default="", metavar="ID", help="Only this one, or the end of its id.")
@click.option("--since", metavar="TIME", help="An age (10m, 2h, 7d) or a date in ISO 8601.")
@reporting("event")
@explained("observer")
def logs_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    follow: bool,
    boot: bool,
    instance: str,
    since: str | None,
    report: Report,
) -> None:
    """Show what the instances log, merged by time.

    The backend's log of the last 10 minutes; with --boot the boots of the last 2 hours. A line has
    the time (UTC), the end of the instance's id and the text. Lines that CloudWatch gets up to a
    minute late are printed when they come, with their own time.

    \b
    clinic logs prod -f
    clinic logs dev --boot --since 1d
    clinic logs prod --instance 9abcde --since 2026-03-01T08:00:00Z
    """
    from datetime import UTC, datetime

    from generator.application.logs.feed import Streams
    from generator.application.logs.logs import logs
    from generator.application.logs.since import moment
    from generator.cloud.aws import connect
    from generator.cloud.environment import name_of, stack_name

    begin = moment(since or ("2h" if boot else "10m"), datetime.now(UTC))
    streams = Streams("boot" if boot else "backend", instance)
    stack = stack_name(name_of(env, params))
    logs(connect(profile, region), stack, streams, begin, report, follow)
