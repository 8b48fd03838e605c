"""What there is now: the tree, its outputs, and the AWS CLI's own commands to look closer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from generator.cloud.aws import Aws
from generator.cloud.stacks import Resource, Stack, existing, family, tree, walk
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.model.walk import STACK
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import (
        DescribeStackResourceDriftsInputTypeDef,
        StackResourceDriftTypeDef,
    )

PAUSE = 2.0
"""Seconds between two questions whether a drift detection is done."""


def status(aws: Aws, name: str, report: Report, drift: bool = False, pause: float = PAUSE) -> bool:
    """Show a stack by name, and answer whether it is as it was deployed, as far as that was asked.

    ClinicError (2) if there is none, (3) if it needs a person.
    """
    stack = existing(aws, name)
    resources = tree(aws, stack.id)
    report.tell("stack", name=name, status=stack.status, reason=stack.reason, outputs=stack.outputs)
    report.say(f"{name}: {stack.status}{stack.reason and f' ({plain(stack.reason)})'}")
    report.table(["layer or resource", "state", "holds"], _rows(resources))
    report.table(["output", "value"], [[plain(k), plain(v)] for k, v in stack.outputs.items()])
    for what, command in commands(aws, stack).items():
        report.say(f"{what}:\n    {command}")
        report.tell("command", purpose=what, command=command)
    same = not drift or _same(aws, stack, resources, report, pause)
    if family(stack.status) == "stuck":
        raise ClinicError(f"{name} takes no update: run `clinic recover`.", exit_code=3)
    return same


def _rows(resources: tuple[Resource, ...]) -> list[list[str]]:
    """Layers with a count of what they hold; single resources only when they need a look."""
    rows = []
    for resource in walk(resources):
        counts = Counter(child.status for child in resource.children)
        holds = ", ".join(f"{n} {state}" for state, n in counts.most_common())
        calm = resource.status.endswith("_COMPLETE") and not resource.reason
        if resource.type == STACK or not calm:
            why = plain(resource.reason) if resource.type != STACK else holds
            rows.append([plain(resource.path), resource.status, why])
    counts = Counter(resource.status for resource in resources if resource.type != STACK)
    return [*rows, *([f"{n} resources", state, ""] for state, n in counts.items())]


def commands(aws: Aws, stack: Stack) -> dict[str, str]:
    """Ready AWS CLI commands by purpose: the backend's log, and a shell on an instance."""
    where = f"--region {aws.region}"
    if aws.session.profile_name != "default":
        where += f" --profile {aws.session.profile_name}"
    physical_ids = {}
    if log := stack.outputs.get("BackendLogGroup"):
        physical_ids["Logs of the backend"] = f"aws logs tail {plain(log)} --follow {where}"
    if group := stack.outputs.get("BackendGroupName"):
        physical_ids["Instances"] = (
            "aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "
            f"{plain(group)} --query 'AutoScalingGroups[].Instances[].InstanceId' --output text "
            f"{where}"
        )
        physical_ids["A shell on one of them"] = f"aws ssm start-session --target INSTANCE {where}"
    return physical_ids


def _same(
    aws: Aws, stack: Stack, resources: tuple[Resource, ...], report: Report, pause: float
) -> bool:
    """Ask what was changed by hand, in the stack and in each nested one; whether nothing was."""
    nested = {r.physical: r.path for r in walk(resources) if r.type == STACK}
    rows = list[list[str]]()
    for physical, path in {stack.id: "", **nested}.items():
        if trouble := _detect(aws, physical, pause):
            rows.append([path, "?", plain(trouble), "", ""])
        for drift in _drifted(aws, physical):
            report.tell("drift", path=path, drift=drift)
            rows += _differences(path, drift)
    if rows:
        report.table(["drifted", "how", "property", "template", "now"], rows)
    else:
        report.say("Drift: none found.")
    return not rows


def _detect(aws: Aws, stack: str, pause: float) -> str:
    """Have the service compare a stack with its resources; why that failed, or nothing."""
    cloudformation = aws.client("cloudformation")
    started = cloudformation.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    while True:
        detection = cloudformation.describe_stack_drift_detection_status(
            StackDriftDetectionId=started
        )
        if detection["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        time.sleep(pause)
    failed = detection["DetectionStatus"] == "DETECTION_FAILED"
    return detection.get("DetectionStatusReason", "not every resource") if failed else ""


def _drifted(aws: Aws, stack: str) -> Iterator[StackResourceDriftTypeDef]:
    # botocore has no paginator for this one.
    request: DescribeStackResourceDriftsInputTypeDef = {
        "StackName": stack,
        "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"],
    }
    while True:
        response = aws.client("cloudformation").describe_stack_resource_drifts(**request)
        yield from response["StackResourceDrifts"]
        if not (token := response.get("NextToken")):
            return
        request["NextToken"] = token


def _differences(path: str, drift: StackResourceDriftTypeDef) -> list[list[str]]:
    where = plain(f"{path}/{drift['LogicalResourceId']}".lstrip("/"))
    how = drift["StackResourceDriftStatus"]
    # A resource that is gone has none.
    if not (differences := drift.get("PropertyDifferences")):
        return [[where, how, "", "", ""]]
    keys = ("PropertyPath", "ExpectedValue", "ActualValue")
    return [
        [where, how, *(plain(difference.get(key, "")) for key in keys)]
        for difference in differences
    ]
