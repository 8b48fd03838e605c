"""The Auto Scaling group, its targets and activities, its instances' logs: one call each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.cloud.stacks import Stack, existing, tree, walk

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import (
        ActivityTypeDef,
        AutoScalingGroupTypeDef,
        InstanceTypeDef,
    )

GROUP = "AWS::AutoScaling::AutoScalingGroup"
LOG_GROUP = "BackendLogGroupResource"
"""The logical id of the log group in which instances write `<instance>/boot` and `/backend`."""


class Backend(NamedTuple):
    """Where the backend of a stack runs and logs."""

    stack: Stack
    group: str
    """The Auto Scaling group's name; empty where the stack has none (yet)."""
    log_group: str
    """The log group's name; empty where the stack has none (yet)."""


def of_stack(aws: Aws, name: str) -> Backend:
    """The backend of a stack by name, also while it is being created and has no outputs;
    ClinicError (2) if there is no such stack."""
    stack = existing(aws, name)
    resources = list(walk(tree(aws, stack.id)))
    group = next((r.physical for r in resources if r.type == GROUP), "")
    log_group = next((r.physical for r in resources if r.path.rpartition("/")[2] == LOG_GROUP), "")
    return Backend(stack, group, log_group)


class TargetHealth(NamedTuple):
    """Health of an instance in a target group, as ELB reports it."""

    id: str
    state: str
    """healthy, unhealthy, initial, draining, unused or unavailable."""
    code: str
    """Why it is not healthy: a reason code such as Target.Timeout."""
    description: str

    def __str__(self) -> str:
        why = self.description or self.code or "no reason given"
        return f"target {self.id} is {self.state}: {why}"


def group(aws: Aws, name: str) -> AutoScalingGroupTypeDef | None:
    """The Auto Scaling group; None when it does not exist."""
    response = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return next(iter(response["AutoScalingGroups"]), None)


def instances(group: AutoScalingGroupTypeDef | None) -> list[InstanceTypeDef]:
    """The instances of a group; empty when it is None."""
    return group.get("Instances", []) if group else []


def targets(aws: Aws, group: AutoScalingGroupTypeDef | None) -> list[TargetHealth]:
    """The targets of an Auto Scaling group, each instance once. A target group that no balancer
    uses is ignored where another one lists the instance."""
    known: dict[str, TargetHealth] = {}
    for target in _registered(aws, group):
        if target.id not in known or target.code != "Target.NotInUse":
            known[target.id] = target
    return list(known.values())


def _registered(aws: Aws, group: AutoScalingGroupTypeDef | None) -> list[TargetHealth]:
    arns = group.get("TargetGroupARNs", []) if group else []
    return [
        TargetHealth(
            target["Target"]["Id"],
            target["TargetHealth"]["State"],
            target["TargetHealth"].get("Reason", ""),
            target["TargetHealth"].get("Description", ""),
        )
        for arn in arns
        for target in aws.client("elbv2").describe_target_health(TargetGroupArn=arn)[
            "TargetHealthDescriptions"
        ]
    ]


def activities(aws: Aws, name: str) -> list[ActivityTypeDef]:
    """The last scaling activities of a group, the newest first."""
    response = aws.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=name)
    return response["Activities"]


def failures(activities: Iterable[ActivityTypeDef]) -> list[str]:
    """The status messages of the activities that failed."""
    return [
        f"scaling: {activity.get('StatusMessage') or activity['Description']}"
        for activity in activities
        if activity["StatusCode"] in ("Failed", "Cancelled")
    ]


def boot_streams(aws: Aws, log_group: str) -> list[str]:
    """The boot logs in a log group, the newest first."""
    response = aws.client("logs").describe_log_streams(
        logGroupName=log_group, orderBy="LastEventTime", descending=True
    )
    names = [stream["logStreamName"] for stream in response["logStreams"]]
    return [name for name in names if name.endswith("/boot")]


def log_end(aws: Aws, log_group: str, stream: str, lines: int) -> list[str]:
    """The last lines of a log stream; nothing when there is no such stream."""
    try:
        end = aws.client("logs").get_log_events(
            logGroupName=log_group, logStreamName=stream, limit=lines, startFromHead=False
        )
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return []
    return [entry["message"] for entry in end["events"]]


def console(aws: Aws, instance: str) -> list[str]:
    """What an instance wrote on its serial console, as far as EC2 kept it."""
    screen = aws.client("ec2").get_console_output(InstanceId=instance, Latest=True)
    return screen.get("Output", "").splitlines()
