"""The flat form in many accounts and regions: a CloudFormation StackSet.

CloudFormation reads the template as the caller, so the other accounts need no right to the bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, NotRequired, TypedDict

from botocore.exceptions import ClientError

from generator.cloud import artifacts, catalogue
from generator.cloud.aws import CONFIG, Aws, code_of
from generator.cloud.deploy import cdn_prefix_list
from generator.cloud.destroy import Ask, confirm
from generator.cloud.environment import CAPABILITIES, Environment
from generator.cloud.stack_instances import AccountRegion, StackSet, Targets
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.literals import CapabilityType, PermissionModelsType
    from mypy_boto3_cloudformation.type_defs import (
        AutoDeploymentTypeDef,
        ParameterTypeDef,
        StackSetTypeDef,
        TagTypeDef,
    )

PREFIX_LIST = "CloudFrontPrefixListId"
Agree = Callable[[str], bool]
"""Puts a question to a person; answers whether it was a yes."""


def deploy(aws: Aws, env: Environment, targets: Targets, *, agree: Agree, report: Report) -> None:
    """Make or update the set of the flat form, and its stack in every account and region named.

    Can be repeated: what is there is updated, what is missing is made. Says first what that is,
    and does nothing unless ``agree`` says yes. Shows a row for each stack. Raises ClinicError
    with exit code 1 when one failed.
    """
    targets.check()
    if env.nested:
        raise ClinicError("a stack set holds no nested stacks: it takes the flat form.")
    made = StackSet(aws, env.stack, targets, report)
    there = _describe(made)
    before = made.instances() if there else {}
    missing = _missing(targets, before)
    _preview(made, before, missing)
    if not agree(f"Change the stack set {made.name} so?"):
        report.say("Nothing was changed.")
        return
    content = _content(aws, env)
    api, preferences = made.cloudformation, targets.preferences
    if not there:
        made.call(partial(api.create_stack_set, **content, **_permissions(env, targets)))
        report.say(f"Made the stack set {made.name}.")
    if before:
        update = partial(api.update_stack_set, **content, OperationPreferences=preferences)
        made.run(f"Updating {len(before)} stacks", update)
    for region, accounts in missing.items():
        if not made.failed:
            create = partial(
                api.create_stack_instances,
                StackSetName=made.name,
                Regions=[region],
                **targets.among(accounts),
                **_overrides(aws, region),
                OperationPreferences=preferences,
            )
            made.run(f"Creating in {region}", create)
    _conclude(made)


def remove(
    aws: Aws, env: Environment, targets: Targets, *, ask: Ask, report: Report, yes: bool = False
) -> None:
    """Delete the stacks of the named accounts and regions (none named: all), then an empty set.

    ``ask`` must bring the set's name, unless ``yes``. Raises ClinicError: exit code 2 when the
    stacks are protected or the answer is another, 1 when one of them stays.
    """
    made = StackSet(aws, env.stack, targets, report)
    there = _describe(made)
    if not there:
        report.say(f"There is no stack set {made.name}: nothing to do.")
        report.tell("done", stack_set=made.name)
        return
    _refuse(made, there)
    before = made.instances()
    doomed = sorted(
        (region, account) for account, region in before if targets.name(account, region)
    )
    report.say(f"Deleting {len(doomed)} of {len(before)} stacks; databases leave a last snapshot:")
    for region, account in doomed:
        report.say(f"  {account} {region}")
        report.tell("place", action="Delete", account=account, region=region)
    confirm(made.name, ask, yes)
    units = sorted({i.get("OrganizationalUnitId", "") for i in before.values()} - {""})
    owned = replace(targets, ous=targets.ous or units)
    for region, places in groupby(doomed, lambda place: place[0]):
        if not made.failed:
            delete = partial(
                made.cloudformation.delete_stack_instances,
                StackSetName=made.name,
                Regions=[region],
                **owned.among([account for _, account in places]),
                RetainStacks=False,
                OperationPreferences=targets.preferences,
            )
            made.run(f"Deleting in {region}", delete)
    if made.instances():
        _conclude(made)
        return
    made.call(partial(made.cloudformation.delete_stack_set, StackSetName=made.name))
    report.say(f"{made.name} is gone.")
    report.tell("done", stack_set=made.name)


def _preview(
    made: StackSet, before: Iterable[AccountRegion], missing: Mapping[str, Sequence[str]]
) -> None:
    """Say what would be done where: an update reaches every stack of the set."""
    every = [f"all of {unit}" for unit in made.targets.ous]
    rows = [("Update", account, region) for account, region in sorted(before)]
    rows += [("Create", a, region) for region, names in missing.items() for a in names or every]
    made.report.table(["action", "account", "region"], rows)
    for action, account, region in rows:
        made.report.tell("place", action=action, account=account, region=region)


class Content(TypedDict):
    """What creation and update of a set have in common."""

    StackSetName: str
    TemplateURL: str
    Parameters: list[ParameterTypeDef]
    Capabilities: list[CapabilityType]
    Tags: list[TagTypeDef]


class Permissions(TypedDict):
    """Who grants the rights in the other accounts."""

    PermissionModel: PermissionModelsType
    AutoDeployment: NotRequired[AutoDeploymentTypeDef]


class Overrides(TypedDict, total=False):
    """Values of the stacks in one region that differ from the set's."""

    ParameterOverrides: list[ParameterTypeDef]


def _content(aws: Aws, env: Environment) -> Content:
    """What the set is made of, uploaded to where CloudFormation reads it."""
    values = env.parameters("")
    return {
        "StackSetName": env.stack,
        "TemplateURL": f"{artifacts.upload(aws, env).base}/{env.top}",
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
        "Capabilities": CAPABILITIES,
        "Tags": env.tags,
    }


def _refuse(made: StackSet, there: StackSetTypeDef) -> None:
    values = {p["ParameterKey"]: p["ParameterValue"] for p in there.get("Parameters", [])}
    if values.get("DeletionProtection") == "true":
        raise ClinicError(
            f"the stacks of {made.name} are protected from deletion: set DeletionProtection to "
            "false, run `clinic stack-set` without --remove, then repeat."
        )


def _describe(made: StackSet) -> StackSetTypeDef | None:
    """The set as it is; None if there is none."""
    ask = partial(made.cloudformation.describe_stack_set, StackSetName=made.name)
    try:
        description = made.call(ask)["StackSet"]
    except ClientError as error:
        if code_of(error) == "StackSetNotFoundException":
            return None
        raise
    return description if description["Status"] == "ACTIVE" else None


def _permissions(env: Environment, targets: Targets) -> Permissions:
    """AWS names the roles of a self-managed set; the organization grants a service-managed one.

    An account that joins a unit gets its stack by itself only where no region needs values of its
    own, which that stack would not have.
    """
    if not targets.ous:
        return {"PermissionModel": "SELF_MANAGED"}
    alike = env.values.get("AlbExposure", "public") == "public"
    joining: AutoDeploymentTypeDef = {"Enabled": alike}
    if alike:
        joining["RetainStacksOnAccountRemoval"] = True
    return {"PermissionModel": "SERVICE_MANAGED", "AutoDeployment": joining}


def _overrides(aws: Aws, region: str) -> Overrides:
    """The prefix list of CloudFront has another id in each region, the same in all accounts.

    Given whether it is used yet or not, so that a later change of AlbExposure finds it.
    """
    ec2 = aws.session.client("ec2", region_name=region, config=CONFIG, endpoint_url=aws.endpoint)
    if not (prefix_list := cdn_prefix_list(ec2)):
        return {}
    return {"ParameterOverrides": [{"ParameterKey": PREFIX_LIST, "ParameterValue": prefix_list}]}


def _missing(targets: Targets, before: Mapping[AccountRegion, object]) -> dict[str, list[str]]:
    """Accounts without a stack by region; an empty list stands for all of the units."""
    if targets.ous and not targets.accounts:
        return {region: [] for region in targets.regions if region not in {r for _, r in before}}
    lacking = {
        region: [account for account in targets.accounts if (account, region) not in before]
        for region in targets.regions
    }
    return {region: accounts for region, accounts in lacking.items() if accounts}


def _conclude(made: StackSet) -> None:
    """Show a row for each stack; ClinicError with exit code 1 and the reasons if one failed."""
    rows = [
        [account, region, instance["Status"], plain(instance.get("StatusReason", ""))]
        for (account, region), instance in sorted(made.instances().items())
    ]
    headings = ["account", "region", "state", "reason"]
    made.report.table(headings, rows)
    for row in rows:
        made.report.tell("instance", **dict(zip(headings, row, strict=True)))
    if made.failed:
        trap = catalogue.look_up(*made.failed)
        advice = [f"{trap.meaning} {trap.advice}"] if trap else []
        raise ClinicError(
            "\n        ".join([f"{made.name} failed in places:", *made.failed, *advice]),
            exit_code=1,
        )
    made.report.tell("done", stack_set=made.name)
