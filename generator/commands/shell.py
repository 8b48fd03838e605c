"""`clinic shell`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import connected, reporting
from generator.report import Report


@click.command("shell")
@connected
@click.option("--instance", default="", metavar="ID", help="This one, by id or the end of it.")
@click.option("--container", is_flag=True, help="In the backend's container that serves.")
@reporting("session")
@explained("observer", "operator")
def shell_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    instance: str,
    container: bool,
    report: Report,
) -> None:
    """Open a shell on an instance, or in its backend's container.

    Through Session Manager, by the AWS CLI and its plugin, on a healthy instance unless one is
    named. With --json nothing is opened: the object has the command.

    \b
    clinic shell prod
    clinic shell dev --container
    clinic shell prod --instance 9abcde
    """
    from generator.application.shell import session
    from generator.application.shell.choose import choose
    from generator.cloud.aws import connect
    from generator.cloud.environment import name_of, stack_name

    stack = stack_name(name_of(env, params))
    if not report.json:
        session.require_programs()
    aws = connect(profile, region)
    chosen = choose(aws, stack, instance)
    if container:
        session.require_parameter(aws)
    words = session.command(aws, chosen, profile, container)
    report.tell("session", instance=chosen.id, target=chosen.target, command=words)
    if not report.json:
        where = "In the backend's container on" if container else "On"
        report.say(f"{where} {chosen}; `exit` leaves it.")
        session.run(words)
