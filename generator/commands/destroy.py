"""`clinic destroy`: parse, call, print."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from generator.cloud.ask import terminal, typed
from generator.cloud.aws import connect, explained
from generator.cloud.deploy import Wishes, watch
from generator.cloud.destroy import destroy
from generator.cloud.environment import load
from generator.cloud.progress import Report
from generator.options import JSON, YES, connected


@click.command("destroy")
@connected
@YES
@JSON
@explained()
def destroy_command(
    env: str, params: Path, profile: str | None, region: str | None, yes: bool, as_json: bool
) -> None:
    """Delete a stack, and say what is lost and what is kept.

    Both are said first, and proven afterwards. Kinds of --json: fate, emptied, event, left, done.

    \b
    clinic destroy dev
    clinic destroy dev --yes --json >destroy.jsonl
    """
    wanted, aws, report = load(env, params), connect(profile, region), Report(as_json)
    follow = partial(watch, wanted, Wishes(terminal=terminal(), report=report))
    ask = partial(typed, err=as_json)
    destroy(aws, wanted.stack, follow=follow, ask=ask, report=report, yes=yes)
