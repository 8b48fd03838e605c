"""`clinic rehearse`."""

from __future__ import annotations

from pathlib import Path

import click

from generator.checks.preflight import screen
from generator.checks.preflight.gate import demand
from generator.cloud.aws import connect, explained
from generator.cloud.deploy import Wishes
from generator.cloud.environment import load
from generator.cloud.progress import Report
from generator.commands.twin import why_not
from generator.errors import ClinicError
from generator.local.endpoint import EndpointError, embedded_endpoint
from generator.local.rehearse import PACE, Rehearsal, rehearse
from generator.options import JSON, PARAMS
from generator.twin.rehearse import standing


@click.command("rehearse")
@click.argument("env")
@click.option("--flat", is_flag=True, help="One template instead of nested stacks.")
@PARAMS
@JSON
@explained()
def rehearse_command(env: str, params: Path, flat: bool, as_json: bool) -> None:
    """Live a stack's whole life against an AWS endpoint in this machine: no account, no cost.

    Create, read back, push a .env, publish, release, look from outside, update, fail and roll back,
    destroy; then a report of what that proves. What is looked at from outside is `clinic twin`'s
    where this machine can stand it up.

    Kinds of --json: check, step, layer, lost, refused, rehearsed, and those of the commands that
    the steps are about.

    \b
    clinic rehearse dev
    clinic rehearse prod --flat
    clinic rehearse dev --json >rehearsal.jsonl
    """
    wanted, report = load(env, params, flat), Report(as_json, brief=True)
    checked = demand(env, params)
    report.say(screen.line(checked))
    report.tell("check", findings=checked.count)
    try:
        with standing(env, params, flat, why_not()) as look, embedded_endpoint() as endpoint:
            aws = connect(given=endpoint.environment)
            wishes = Wishes(yes=True, report=report, pace=PACE, outlives=False)
            rehearse(Rehearsal(aws, wanted, wishes, look=look))
    except EndpointError as error:
        raise ClinicError(str(error)) from error
