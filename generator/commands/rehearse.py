"""`clinic rehearse`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.errors import ClinicError
from generator.options import ENV, FLAT, PARAMS, reporting
from generator.report import Report


@click.command("rehearse")
@ENV
@FLAT
@PARAMS
@reporting(
    "check",
    "step",
    "layer",
    "lost",
    "refused",
    "rehearsed",
    "upload",
    "change",
    "event",
    "diagnosis",
    "fate",
    "emptied",
    "left",
    "push",
    "env",
    "key",
    "remark",
    "warning",
    "sent",
    "published",
    "image",
    "instance",
    "refresh",
    "rollback",
    "promise",
)
@explained()
def rehearse_command(env: str, params: Path, flat: bool, report: Report) -> None:
    """Live a stack's whole life against an AWS endpoint in this machine.

    No account, no cost. Create, read back, push a .env, publish, release, look from outside,
    update, fail and roll back, destroy; then a report of what that proves. What is looked at from
    outside is `clinic twin`'s where this machine can stand it up.

    \b
    clinic rehearse dev
    clinic rehearse prod --flat
    clinic rehearse dev --json >rehearsal.jsonl
    """
    from generator.checks.preflight import screen
    from generator.checks.preflight.gate import demand
    from generator.cloud.aws import connect
    from generator.cloud.deploy import DeployOptions
    from generator.cloud.environment import load
    from generator.local.endpoint import EndpointError, embedded_endpoint
    from generator.local.rehearse import PACE, Rehearsal, rehearse
    from generator.twin.rehearse import standing
    from generator.twin.stand import why_not

    wanted, report.brief = load(env, params, flat), True
    checked = demand(env, params)
    report.say(screen.line(checked))
    report.tell("check", findings=checked.count)
    try:
        with standing(env, params, flat, why_not()) as look, embedded_endpoint() as endpoint:
            aws = connect(variables=endpoint.environment)
            options = DeployOptions(yes=True, report=report, pace=PACE, outlives=False)
            rehearse(Rehearsal(aws, wanted, options, look=look))
    except EndpointError as error:
        raise ClinicError(str(error)) from error
