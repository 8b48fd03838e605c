"""The group under load, as its services tell: who it is, and one look after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from generator.application.stress.timeline import IN_SERVICE, Moment, Sample
from generator.cloud import backend
from generator.cloud.aws import Aws
from generator.cloud.text import plain
from generator.errors import ClinicError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import (
        AutoScalingGroupTypeDef,
        TargetTrackingConfigurationOutputTypeDef,
    )
    from mypy_boto3_cloudwatch.type_defs import MetricStatTypeDef, MetricTypeDef


@dataclass(frozen=True)
class Place:
    """What is put under load."""

    group: str
    instances: tuple[str, ...]
    """In service before the load."""
    largest: int
    target: float
    """Percent of CPU that the group keeps to."""
    alarms: tuple[str, ...]
    """Those that make it grow or shrink."""
    metric: MetricStatTypeDef
    """The metric that they look at, as GetMetricData asks for it."""


def place(aws: Aws, group: str) -> Place:
    """The group by name; ClinicError if nothing could come of a load."""
    found = backend.group(aws, group)
    instances = tuple(
        told["InstanceId"]
        for told in backend.instances(found)
        if told["LifecycleState"] == "InService"
    )
    if not found or not instances:
        raise ClinicError(
            f"{group} has no instance in service: `clinic doctor` says why.", exit_code=3
        )
    if found["DesiredCapacity"] >= found["MaxSize"]:
        raise ClinicError(
            f"{group} already has its {found['MaxSize']} instances at most: no load makes it grow. "
            "Wait until it has shrunk, or raise MaxInstances."
        )
    told = aws.client("autoscaling").describe_policies(AutoScalingGroupName=group)
    for policy in told["ScalingPolicies"]:
        if wanted := policy.get("TargetTrackingConfiguration"):
            return Place(
                group=group,
                instances=instances,
                largest=found["MaxSize"],
                target=float(wanted["TargetValue"]),
                alarms=tuple(alarm["AlarmName"] for alarm in policy.get("Alarms", [])),
                metric=_metric(group, wanted),
            )
    raise ClinicError(f"{group} has no target tracking policy: no load would make it grow.")


def _metric(group: str, tracking: TargetTrackingConfigurationOutputTypeDef) -> MetricStatTypeDef:
    for query in tracking.get("CustomizedMetricSpecification", {}).get("Metrics", []):
        if stat := query.get("MetricStat"):
            tracked: MetricTypeDef = {
                "Namespace": stat["Metric"]["Namespace"],
                "MetricName": stat["Metric"]["MetricName"],
            }
            if dimensions := stat["Metric"].get("Dimensions"):
                tracked["Dimensions"] = [
                    {"Name": d["Name"], "Value": d["Value"]} for d in dimensions
                ]
            return {"Metric": tracked, "Period": stat.get("Period", 60), "Stat": "Average"}
    metric: MetricTypeDef = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "AutoScalingGroupName", "Value": group}],
    }
    return {"Metric": metric, "Period": 60, "Stat": "Average"}


@dataclass
class Watch:
    """Looks at a place since ``start``, the time at which the load began."""

    aws: Aws
    place: Place
    start: datetime
    wanted: int = 0
    serving: int = 0
    cpu: float | None = None
    """The newest point that CloudWatch has; it is minutes old."""
    moments: list[Moment] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def look(self, second: float) -> None:
        """Ask everybody once, so many seconds after the start."""
        self._capacity(backend.group(self.aws, self.place.group), second)
        self._activities()
        self._alarms()
        points = self.points(second)
        self.cpu = points[-1][1] if points else None

    def points(self, second: float) -> list[tuple[float, float]]:
        """The metric so far: the second at which each point's period begins, and percent."""
        earlier = self.start - timedelta(seconds=self.place.metric["Period"])
        told = self.aws.client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "cpu", "MetricStat": self.place.metric}],
            StartTime=earlier,
            EndTime=self.start + timedelta(seconds=second),
            ScanBy="TimestampAscending",
        )
        return [
            (self._second(time), float(value))
            for data in told["MetricDataResults"]
            for time, value in zip(data.get("Timestamps", []), data.get("Values", []), strict=True)
        ]

    def note(self, second: float, kind: str, text: str, key: str = "") -> None:
        """Remember a moment, once for each key."""
        key = key or f"{kind} {text}"
        if key not in self._seen:
            self._seen.add(key)
            self.moments.append(Moment(round(second, 1), kind, plain(text)))

    def _second(self, time: datetime) -> float:
        return (time - self.start).total_seconds()

    def _capacity(self, found: AutoScalingGroupTypeDef | None, second: float) -> None:
        self.wanted = found["DesiredCapacity"] if found else 0
        serving = {
            told["InstanceId"]
            for told in backend.instances(found)
            if told["LifecycleState"] == "InService"
        }
        if found and found.get("TargetGroupARNs"):
            targets = backend.targets(self.aws, found)
            serving = {target.id for target in targets if target.state == "healthy"}
        self.serving = len(serving)
        for instance in sorted(serving.difference(self.place.instances)):
            self.note(second, IN_SERVICE, f"{instance} in service")
        for instance in sorted(set(self.place.instances) - serving):
            self.note(second, "lost", f"{instance} is out of service")

    def _activities(self) -> None:
        for told in reversed(backend.activities(self.aws, self.place.group)):
            if told["StartTime"] < self.start:
                continue
            # "Launching a new EC2 instance: i-1" is long for a picture.
            text = re.sub(r"(a new )?EC2 instance: ", "", told["Description"])
            name = told["ActivityId"]
            self.note(self._second(told["StartTime"]), "scaling", text, name)
            if told["StatusCode"] == "Successful" and "EndTime" in told:
                ended = self._second(told["EndTime"])
                self.note(ended, "boot", f"done: {text}", f"{name} done")
            elif told["StatusCode"] in ("Failed", "Cancelled"):
                why = told.get("StatusMessage", "no reason given")
                self.note(self._second(told["StartTime"]), "lost", f"{text}: {why}", f"{name} bad")

    def _alarms(self) -> None:
        if not self.place.alarms:
            return
        told = self.aws.client("cloudwatch").describe_alarms(AlarmNames=list(self.place.alarms))
        for alarm in told["MetricAlarms"]:
            since = alarm.get("StateUpdatedTimestamp", self.start)
            if alarm["StateValue"] == "ALARM" and since >= self.start:
                which = "grow" if "AlarmHigh" in alarm["AlarmName"] else "shrink"
                self.note(self._second(since), "alarm", f"alarm: the group should {which}")


def with_points(
    samples: list[Sample], points: list[tuple[float, float]], period: int
) -> list[Sample]:
    """Samples with the CPU that the metric had at their time, which only comes later."""
    return [
        replace(
            sample,
            cpu=next((v for at, v in reversed(points) if at <= sample.second < at + period), None),
        )
        for sample in samples
    ]
