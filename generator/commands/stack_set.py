"""`clinic stack-set`: parse, call, print."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import YES, connected, reporting
from generator.report import Report


@click.command("stack-set")
@connected
@YES
@click.option("--accounts", default="", help="Twelve digits each, with commas between them.")
@click.option("--regions", default="", help="With commas between them.")
@click.option("--ous", default="", help="Organizational units: the set is service-managed.")
@click.option("--max-concurrent", default=1, show_default=True, help="Accounts at a time.")
@click.option("--failure-tolerance", default=0, show_default=True, help="Failures in a region.")
@click.option("--remove", is_flag=True, help="Delete these stacks, and then an empty set.")
@reporting("place", "operation", "instance")
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
    report: Report,
) -> None:
    """Run the flat form in many accounts and regions.

    They are a CloudFormation StackSet. Says first which stacks it would make, update or delete, and
    asks.

    \b
    clinic stack-set prod --accounts 111122223333,444455556666 --regions us-east-1,eu-west-1
    clinic stack-set prod --ous ou-ab12-cd34ef56 --regions us-east-1
    clinic stack-set prod --accounts 111122223333 --regions us-east-1 --remove
    """
    from generator.cloud import stack_set as sets
    from generator.cloud.ask import UNASKED, terminal, typed
    from generator.cloud.aws import connect
    from generator.cloud.deploy import DeployOptions, agree
    from generator.cloud.environment import load
    from generator.cloud.stack_instances import Targets

    wanted, aws = load(env, params, flat=True), connect(profile, region)
    targets = Targets(
        regions=_split(regions),
        accounts=_split(accounts),
        ous=_split(ous),
        max_concurrent=max_concurrent,
        failure_tolerance=failure_tolerance,
    )
    if remove:
        ask = partial(typed, err=report.json)
        sets.remove(aws, wanted, targets, ask=ask, report=report, yes=yes)
    else:
        wishes = DeployOptions(yes=yes, report=report, terminal=terminal())
        agreed = partial(agree, options=wishes, otherwise=UNASKED)
        sets.deploy(aws, wanted, targets, agree=agreed, report=report)


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
