"""`clinic env push`: parse, call, print."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import PATH, connected, reporting
from generator.report import Report


@click.command("push")
@connected
@click.argument("file", type=PATH)
@reporting("remark", "push")
@explained("releaser")
def push_command(
    env: str, file: Path, params: Path, profile: str | None, region: str | None, report: Report
) -> None:
    """Send FILE to the stack's encrypted, versioned configuration bucket.

    A file with errors is refused, an unchanged one is not sent. Instances notice a new version
    within two minutes and restart the container one after the other.

    \b
    clinic env push prod .env
    """
    from generator.application.env.check import line, load_checked
    from generator.application.env.push import push
    from generator.cloud.aws import connect
    from generator.cloud.environment import name_of, stack_name

    stack, checked = stack_name(name_of(env, params)), load_checked(file, params, env)
    for remark in checked.remarks:
        print(line(file, remark), file=sys.stderr)
    push(connect(profile, region), stack, checked, report)
