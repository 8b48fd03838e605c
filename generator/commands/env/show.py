"""`clinic env show`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import REVEAL, connected, reporting
from generator.report import Report


@click.command("show")
@connected
@REVEAL
@reporting("remark", "key", "env")
@explained("releaser", "revealer")
def show_command(
    env: str, params: Path, profile: str | None, region: str | None, reveal: bool, report: Report
) -> None:
    """List the keys that the container gets, and who supplies them.

    Also the version and its date.

    \b
    clinic env show prod
    clinic env show prod --reveal
    """
    from generator.application.env.show import show
    from generator.cloud.aws import connect
    from generator.cloud.environment import name_of, stack_name

    stack = stack_name(name_of(env, params))
    show(connect(profile, region), stack, report, reveal)
