"""A stack's resources and outputs, its drift, and AWS CLI commands for more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from generator.cloud.aws import Aws
from generator.cloud.stacks import Resource, Stack, existing, family, tree, walk
from generator.cloud.text import printable
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
    """Show a stack by name; returns False if ``drift`` was asked for and found.

    ClinicError (2) if there is none, (3) if it needs a person.
    """
    stack = existing(aws, name)
    resources = tree(aws, stack.id)
    report.tell("stack", name=name, status=stack.status, reason=stack.reason, outputs=stack.outputs)
    report.say(f"{name}: {stack.status}{stack.reason and f' ({printable(stack.reason)})'}")
    report.table(["layer or resource", "state", "holds"], _rows(resources))
    report.table(
        ["output", "value"], [[printable(k), printable(v)] for k, v in stack.outputs.items()]
    )
    for what, command in commands(aws, stack).items():
        report.say(f"{what}:\n    {command}")
        report.tell("command", purpose=what, command=command)
    same = not drift or _same(aws, stack, resources, report, pause)
    if family(stack.status) == "stuck":
        raise ClinicError(f"{name} takes no update: run `clinic recover`.", exit_code=3)
    return same


def _rows(resources: tuple[Resource, ...]) -> list[list[str]]:
    """Layers with their number of resources; single resources only when not complete."""
    rows = []
    for resource in walk(resources):
        counts = Counter(child.status for child in resource.children)
        holds = ", ".join(f"{n} {state}" for state, n in counts.most_common())
        calm = resource.status.endswith("_COMPLETE") and not resource.reason
        if resource.type == STACK or not calm:
            why = printable(resource.reason) if resource.type != STACK else holds
            rows.append([printable(resource.path), resource.status, why])
    counts = Counter(resource.status for resource in resources if resource.type != STACK)
    return [*rows, *([f"{n} resources", state, ""] for state, n in counts.items())]


def commands(aws: Aws, stack: Stack) -> dict[str, str]:
    """Ready AWS CLI commands by purpose: the backend's log, and a shell on an instance."""
    where = f"--region {aws.region}"
    if aws.session.profile_name != "default":
        where += f" --profile {aws.session.profile_name}"
    physical_ids = {}
    if log := stack.outputs.get("BackendLogGroup"):
        physical_ids["Logs of the backend"] = f"aws logs tail {printable(log)} --follow {where}"
    if group := stack.outputs.get("BackendGroupName"):
        physical_ids["Instances"] = (
            "aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "
            f"{printable(group)} --query 'AutoScalingGroups[].Instances[].InstanceId' "
            f"--output text {where}"
        )
        physical_ids["A shell on one of them"] = f"aws ssm start-session --target INSTANCE {where}"
    return physical_ids


def _same(
    aws: Aws, stack: Stack, resources: tuple[Resource, ...], report: Report, pause: float
) -> bool:
    """Detect drift in the stack and each nested one; returns whether there is none."""
    nested = {r.physical: r.path for r in walk(resources) if r.type == STACK}
    rows = list[list[str]]()
    for physical, path in {stack.id: "", **nested}.items():
        if trouble := _detect(aws, physical, pause):
            rows.append([path, "?", printable(trouble), "", ""])
        for drift in _drifted(aws, physical):
            report.tell("drift", path=path, drift=drift)
            rows += _differences(path, drift)
    if rows:
        report.table(["drifted", "how", "property", "template", "now"], rows)
    else:
        report.say("Drift: none found.")
    return not rows


def _detect(aws: Aws, stack: str, pause: float) -> str:
    """Run CloudFormation's drift detection; returns why it failed, or an empty text."""
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
    where = printable(f"{path}/{drift['LogicalResourceId']}".lstrip("/"))
    how = drift["StackResourceDriftStatus"]
    # A resource that is gone has none.
    if not (differences := drift.get("PropertyDifferences")):
        return [[where, how, "", "", ""]]
    keys = ("PropertyPath", "ExpectedValue", "ActualValue")
    return [
        [where, how, *(printable(difference.get(key, "")) for key in keys)]
        for difference in differences
    ]
