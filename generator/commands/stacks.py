"""The commands that talk to AWS: parse, call, print."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from generator.checks.preflight import screen
from generator.checks.preflight.gate import demand
from generator.cloud import destroy as destroying
from generator.cloud import recover as recovering
from generator.cloud import stack_set as sets
from generator.cloud import status as states
from generator.cloud.aws import connect, explained
from generator.cloud.deploy import DeployOptions, agree, deploy, watch
from generator.cloud.environment import load
from generator.cloud.progress import Report
from generator.cloud.stack_instances import Targets
from generator.errors import ClinicError
from generator.options import JSON, PATH, YES, connected

UNASKED = "nothing was changed; give --yes."
FLAT = click.option("--flat", is_flag=True, help="One template instead of nested stacks.")


@click.command("deploy")
@connected
@YES
@click.option("--plan", is_flag=True, help="Only show what would change.")
@FLAT
@JSON
@click.option(
    "--allow-data-loss",
    "allowed",
    multiple=True,
    metavar="LOGICAL_ID",
    help="Let this resource be deleted or replaced although it holds data.",
)
@click.option(
    "--build",
    "context",
    type=PATH,
    metavar="CONTEXT",
    help="Build this folder with Docker first, and push it as the tag in BackendImage.",
)
@click.option(
    "--smoke/--no-smoke", default=True, show_default=True, help="Try the site at the end."
)
@explained()
def deploy_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    yes: bool,
    plan: bool,
    flat: bool,
    as_json: bool,
    allowed: tuple[str, ...],
    context: Path | None,
    smoke: bool,
) -> None:
    """Bring a stack to what the code and params/ENV.json say, and follow it to its end.

    `clinic check` comes first and `clinic smoke` last. Exits with 0 when it is done or there is
    nothing to do, 1 when the check found something, it failed and was rolled back, or is deployed
    but does not answer, 2 for bad input, 3 when it needs a person.

    Kinds of --json: check, upload, change, event, image, diagnosis, done; promise from the smoke
    test.

    \b
    clinic deploy dev
    clinic deploy prod --plan
    clinic deploy prod --build ../backend
    clinic deploy prod --yes --json >deploy.jsonl
    """
    wanted = load(env, params, flat)
    aws, report = connect(profile, region), Report(as_json)
    checked = demand(env, params, aws.region)
    report.say(screen.line(checked))
    report.tell("check", findings=checked.count)
    push = None
    if context and not plan:
        from generator.application.release.deployment import built

        push = built(aws, wanted, context, report)
    wishes = DeployOptions(yes, plan, allowed, report, _terminal(), push=push)
    if deploy(aws, wanted, wishes) and smoke:
        from generator.commands.smoke import after_deployment

        after_deployment(aws, wanted, report)


@click.command("status")
@connected
@click.option("--drift", is_flag=True, help="Look for what was changed by hand.")
@JSON
@explained()
def status_command(
    env: str, params: Path, profile: str | None, region: str | None, drift: bool, as_json: bool
) -> None:
    """Show the tree of stacks, their states and outputs, and the AWS CLI's commands for more.

    Exits with 1 when --drift finds something, 3 when the stack needs a person. Kinds of --json:
    stack, command, drift.

    \b
    clinic status prod
    clinic status prod --drift
    """
    wanted = load(env, params)
    if not states.status(connect(profile, region), wanted.stack, Report(as_json), drift):
        raise click.exceptions.Exit(1)


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
    follow = partial(watch, wanted, DeployOptions(terminal=_terminal(), report=report))
    recovering.recover(aws, wanted.stack, follow=follow, report=report, skip=skip, retain=retain)


@click.command("destroy")
@connected
@YES
@JSON
@explained()
def destroy_command(
    env: str, params: Path, profile: str | None, region: str | None, yes: bool, as_json: bool
) -> None:
    """Delete a stack: what is lost and what is kept is said first, and proven afterwards.

    Kinds of --json: fate, emptied, event, left, done.

    \b
    clinic destroy dev
    clinic destroy dev --yes --json >destroy.jsonl
    """
    wanted, aws, report = load(env, params), connect(profile, region), Report(as_json)
    follow = partial(watch, wanted, DeployOptions(terminal=_terminal(), report=report))
    ask = partial(_typed, err=as_json)
    destroying.destroy(aws, wanted.stack, follow=follow, ask=ask, report=report, yes=yes)


@click.command("stack-set")
@connected
@YES
@click.option("--accounts", default="", help="Twelve digits each, with commas between them.")
@click.option("--regions", default="", help="With commas between them.")
@click.option("--ous", default="", help="Organizational units: the set is service-managed.")
@click.option("--max-concurrent", default=1, show_default=True, help="Accounts at a time.")
@click.option("--failure-tolerance", default=0, show_default=True, help="Failures in a region.")
@click.option("--remove", is_flag=True, help="Delete these stacks, and then an empty set.")
@JSON
@explained()
def stack_set_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    yes: bool,
    accounts: str,
    regions: str,
    ous: str,
    max_concurrent: int,
    failure_tolerance: int,
    remove: bool,
    as_json: bool,
) -> None:
    """Run the flat form in many accounts and regions, as a CloudFormation StackSet.

    Says first which stacks it would make, update or delete, and asks. Kinds of --json: place,
    operation, instance, done.

    \b
    clinic stack-set prod --accounts 111122223333,444455556666 --regions us-east-1,eu-west-1
    clinic stack-set prod --ous ou-ab12-cd34ef56 --regions us-east-1
    clinic stack-set prod --accounts 111122223333 --regions us-east-1 --remove
    """
    wanted, aws, report = load(env, params, flat=True), connect(profile, region), Report(as_json)
    targets = Targets(
        regions=_split(regions),
        accounts=_split(accounts),
        ous=_split(ous),
        max_concurrent=max_concurrent,
        failure_tolerance=failure_tolerance,
    )
    if remove:
        ask = partial(_typed, err=as_json)
        sets.remove(aws, wanted, targets, ask=ask, report=report, yes=yes)
    else:
        wishes = DeployOptions(yes=yes, report=report, terminal=_terminal())
        agreed = partial(agree, options=wishes, otherwise=UNASKED)
        sets.deploy(aws, wanted, targets, agree=agreed, report=report)


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _typed(question: str, err: bool) -> str:
    """What a person, or a pipe, answers; ClinicError where there is neither."""
    try:
        answer: str = click.prompt(question, default="", show_default=False, err=err)
    except click.Abort as aborted:
        if not isinstance(aborted.__context__, EOFError):
            raise
        raise ClinicError(f"nobody can be asked here: {UNASKED}") from None
    return answer


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
