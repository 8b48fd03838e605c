"""`clinic recover`: parse, call, print."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from generator.cloud.ask import terminal
from generator.cloud.aws import connect, explained
from generator.cloud.deploy import Wishes, watch
from generator.cloud.environment import load
from generator.cloud.progress import Report
from generator.cloud.recover import recover
from generator.options import JSON, connected


@click.command("recover")
@connected
@click.option("--skip", multiple=True, metavar="LAYER.ID", help="Give up this one's rollback.")
@click.option("--retain", multiple=True, metavar="LAYER.ID", help="Leave this one behind.")
@JSON
@explained()
def recover_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    skip: tuple[str, ...],
    retain: tuple[str, ...],
    as_json: bool,
) -> None:
    """Get a stack out of a state in which it takes no update.

    Kinds of --json: stack, change-set, event, kept, done.

    \b
    clinic recover dev
    clinic recover dev --skip DatabaseStack.Database
    """
    wanted, aws, report = load(env, params), connect(profile, region), Report(as_json)
    follow = partial(watch, wanted, Wishes(terminal=terminal(), report=report))
    recover(aws, wanted.stack, follow=follow, report=report, skip=skip, retain=retain)
