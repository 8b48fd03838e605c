"""The Auto Scaling group, its targets and activities, its instances' logs: a call each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of

GROUP = "AWS::AutoScaling::AutoScalingGroup"
LOG_GROUP = "BackendLogGroupResource"
"""The logical id of the log group in which instances write `<instance>/boot` and `/backend`."""


class Target(NamedTuple):
    """An instance as the balancer sees it."""

    id: str
    state: str
    """healthy, unhealthy, initial, draining, unused or unavailable."""
    code: str
    """Why it is not healthy: a reason code such as Target.Timeout."""
    description: str

    def __str__(self) -> str:
        why = self.description or self.code or "no reason given"
        return f"target {self.id} is {self.state}: {why}"


def group(aws: Aws, name: str) -> dict[str, Any]:
    """The Auto Scaling group as it is; empty when it is gone."""
    response = aws.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return next(iter(response["AutoScalingGroups"]), {})


def targets(aws: Aws, group: dict[str, Any]) -> list[Target]:
    """The targets of a group, each once: a target group that no balancer uses says nothing of it
    that another one does not."""
    known: dict[str, Target] = {}
    for target in _registered(aws, group):
        if target.id not in known or target.code != "Target.NotInUse":
            known[target.id] = target
    return list(known.values())


def _registered(aws: Aws, group: dict[str, Any]) -> list[Target]:
    return [
        Target(
            target["Target"]["Id"],
            target["TargetHealth"]["State"],
            target["TargetHealth"].get("Reason", ""),
            target["TargetHealth"].get("Description", ""),
        )
        for arn in group.get("TargetGroupARNs", [])
        for target in aws.client("elbv2").describe_target_health(TargetGroupArn=arn)[
            "TargetHealthDescriptions"
        ]
    ]


def activities(aws: Aws, name: str) -> list[dict[str, Any]]:
    """The last scaling activities of a group, the newest first."""
    response = aws.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=name)
    recent: list[dict[str, Any]] = response["Activities"]
    return recent


def failures(activities: Iterable[dict[str, Any]]) -> list[str]:
    """What those of some activities say that failed."""
    return [
        f"scaling: {activity.get('StatusMessage') or activity['Description']}"
        for activity in activities
        if activity["StatusCode"] in ("Failed", "Cancelled")
    ]


def boot_streams(aws: Aws, log_group: str) -> list[str]:
    """The boot logs in a log group, the newest first."""
    newest = {"orderBy": "LastEventTime", "descending": True}
    response = aws.client("logs").describe_log_streams(logGroupName=log_group, **newest)[
        "logStreams"
    ]
    return [s["logStreamName"] for s in response if s["logStreamName"].endswith("/boot")]


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
    lines: list[str] = screen.get("Output", "").splitlines()
    return lines
