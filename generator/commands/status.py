"""`clinic status`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import connected, reporting
from generator.report import Report


@click.command("status")
@connected
@click.option("--drift", is_flag=True, help="Look for what was changed by hand.")
@reporting("stack", "command", "drift")
@explained()
def status_command(
    env: str, params: Path, profile: str | None, region: str | None, drift: bool, report: Report
) -> None:
    """Show the tree of stacks, their states and outputs.

    And the AWS CLI's commands for more. Exits with 1 when --drift finds something, 3 when the stack
    needs a person.

    \b
    clinic status prod
    clinic status prod --drift
    """
    from generator.cloud.aws import connect
    from generator.cloud.environment import load
    from generator.cloud.status import status

    wanted = load(env, params)
    if not status(connect(profile, region), wanted.stack, report, drift):
        raise click.exceptions.Exit(1)
