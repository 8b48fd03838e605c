"""`clinic recover`: parse, call, print."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import connected, reporting
from generator.report import Report


@click.command("recover")
@connected
@click.option("--skip", multiple=True, metavar="LAYER.ID", help="Give up this one's rollback.")
@click.option("--retain", multiple=True, metavar="LAYER.ID", help="Leave this one behind.")
@reporting("stack", "change-set", "event", "kept", "diagnosis")
@explained()
def recover_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    skip: tuple[str, ...],
    retain: tuple[str, ...],
    report: Report,
) -> None:
    """Get a stack out of a state in which it takes no update.

    \b
    clinic recover dev
    clinic recover dev --skip DatabaseStack.Database
    """
    from generator.cloud.ask import terminal
    from generator.cloud.aws import connect
    from generator.cloud.deploy import DeployOptions, watch
    from generator.cloud.environment import load
    from generator.cloud.recover import recover

    wanted, aws = load(env, params), connect(profile, region)
    follow = partial(watch, wanted, DeployOptions(terminal=terminal(), report=report))
    recover(aws, wanted.stack, follow=follow, report=report, skip=skip, retain=retain)
