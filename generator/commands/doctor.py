"""The command: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import connected, reporting
from generator.report import Report


@click.command("doctor")
@connected
@click.option("--instance", metavar="ID", help="Only this one, such as i-0123456789abcdef0.")
@reporting("instance", "finding", "unread", "doctor")
@explained("observer")
def doctor_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    instance: str | None,
    report: Report,
) -> None:
    """Say what is wrong with each instance and target, and what to do.

    Reads boot logs, the backend's log, consoles, target health, scaling activities and CPU
    credits, and changes nothing. Exits with 0 when all is well, 1 when something is wrong.

    \b
    clinic doctor prod
    clinic doctor dev --instance i-0123456789abcdef0
    clinic doctor prod --json
    """
    from generator.application.doctor.doctor import diagnose
    from generator.cloud.aws import connect
    from generator.cloud.environment import load

    stack = load(env, params).stack
    if not diagnose(connect(profile, region), stack, instance, report):
        raise click.exceptions.Exit(1)
