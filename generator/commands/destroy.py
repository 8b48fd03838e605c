"""`clinic destroy`: parse, call, print."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import YES, connected, reporting
from generator.report import Report


@click.command("destroy")
@connected
@YES
@reporting("fate", "emptied", "event", "left", "diagnosis")
@explained()
def destroy_command(
    env: str, params: Path, profile: str | None, region: str | None, yes: bool, report: Report
) -> None:
    """Delete a stack, and say what is lost and what is kept.

    Both are said first, and proven afterwards.

    \b
    clinic destroy dev
    clinic destroy dev --yes --json >destroy.jsonl
    """
    from generator.cloud.ask import terminal, typed
    from generator.cloud.aws import connect
    from generator.cloud.deploy import DeployOptions, watch
    from generator.cloud.destroy import destroy
    from generator.cloud.environment import load

    wanted, aws = load(env, params), connect(profile, region)
    follow = partial(watch, wanted, DeployOptions(terminal=terminal(), report=report))
    ask = partial(typed, err=report.json)
    destroy(aws, wanted.stack, follow=follow, ask=ask, report=report, yes=yes)
