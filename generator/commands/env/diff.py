"""`clinic env diff`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import PATH, REVEAL, connected, reporting
from generator.report import Report


@click.command("diff")
@connected
@click.argument("file", type=PATH, required=False)
@REVEAL
@reporting("remark", "difference", "diff")
@explained("releaser", "revealer")
def diff_command(
    env: str,
    file: Path | None,
    params: Path,
    profile: str | None,
    region: str | None,
    reveal: bool,
    report: Report,
) -> None:
    """Compare FILE with what is deployed, by keys and fingerprints.

    Exits with 0 if they are the same, 1 if they differ. Without FILE, params/ENV.env or .env is
    compared; if there is neither, the deployed version with the one before it.

    \b
    clinic env diff prod .env
    clinic env diff prod .env --reveal
    """
    from generator.application.env import diff as differences
    from generator.application.env.check import check
    from generator.cloud.aws import connect
    from generator.cloud.environment import name_of, stack_name

    name = name_of(env, params)
    source = file or differences.default_file(name, params)
    checked = check(source, params) if source else None
    aws, stack = connect(profile, region), stack_name(name)
    if checked:
        same = differences.diff(aws, stack, checked, report, reveal)
    else:
        same = differences.last_push(aws, stack, report)
    if not same:
        raise click.exceptions.Exit(1)
