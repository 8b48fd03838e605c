"""The alarms: the meaning and the threshold of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Equals, Join, Ref, Select, Split, Template, cloudwatch

from generator.layer import Values
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.shared import tags

GIB = 1024**3
MINUTE = 60

ALB, EC2, RDS, CDN = "AWS/ApplicationELB", "AWS/EC2", "AWS/RDS", "AWS/CloudFront"

ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"

BALANCER, TARGETS, GROUP = "balancer", "targets", "group"
DATABASE, ROTATION, SITE = "database", "rotation", "site"
NAMESPACES = {
    BALANCER: ALB,
    TARGETS: ALB,
    GROUP: EC2,
    DATABASE: RDS,
    ROTATION: "AWS/Lambda",
    SITE: CDN,
}
"""What is watched, and where CloudWatch has its metrics."""

# title: (what it means, what is watched, metric, statistic, minutes in a row, comparison,
# threshold)
ALARMS: dict[str, tuple[str, str, str, str, int, str, float]] = {
    "BackendErrors": (
        "The backend answers with 5xx: look at its log.",
        *(TARGETS, "HTTPCode_Target_5XX_Count", "Sum", 5, ABOVE, 5),
    ),
    "BalancerErrors": (
        "The balancer answers with 5xx: no backend is well, or one is too slow.",
        *(BALANCER, "HTTPCode_ELB_5XX_Count", "Sum", 5, ABOVE, 5),
    ),
    "SlowAnswers": (
        "One answer in twenty takes over a second.",
        *(TARGETS, "TargetResponseTime", "p95", 5, ABOVE, 1),
    ),
    "UnhealthyHosts": (
        "A backend fails its health check and is being replaced.",
        *(TARGETS, "UnHealthyHostCount", "Maximum", 3, ABOVE, 0),
    ),
    "NoHealthyHost": (
        "No backend is well: the API is down.",
        *(TARGETS, "HealthyHostCount", "Maximum", 2, BELOW, 1),
    ),
    "BackendCpu": (
        "The group is at its largest and still busy: raise MaxInstances or InstanceType.",
        *(GROUP, "CPUUtilization", "Average", 15, ABOVE, 80),
    ),
    "CpuCreditsLow": (
        "Instances live on credit: standard ones slow down, unlimited ones cost more.",
        *(GROUP, "CPUCreditBalance", "Average", 60, BELOW, 5),
    ),
    "CpuCreditsCharged": (
        "Unlimited instances cost surplus credits: a larger InstanceType may be cheaper.",
        *(GROUP, "CPUSurplusCreditsCharged", "Maximum", 15, ABOVE, 0),
    ),
    "DatabaseCpu": (
        "The database is busy: look for slow statements in its log.",
        *(DATABASE, "CPUUtilization", "Average", 15, ABOVE, 80),
    ),
    "DatabaseStorage": (
        "Less than 2 GiB of database storage are free although it grows by itself.",
        *(DATABASE, "FreeStorageSpace", "Minimum", 5, BELOW, 2 * GIB),
    ),
    "DatabaseConnections": (
        "Most of the connections that a micro holds are in use.",
        *(DATABASE, "DatabaseConnections", "Maximum", 5, ABOVE, 60),
    ),
    "RotationErrors": (
        "The database password could not be rotated: the old one holds. Look at the log.",
        *(ROTATION, "Errors", "Sum", 5, ABOVE, 0),
    ),
    "SiteErrors": (
        "CloudFront answers one request in twenty with 5xx.",
        *(SITE, "5xxErrorRate", "Average", 5, ABOVE, 5),
    ),
}

# Only these say something by their silence; the others are silent when nobody calls.
SILENCE_IS_BAD = {"NoHealthyHost"}


def add_alarms(
    template: Template, values: Values, watched: str, dimensions: Mapping[str, Any], **more: Any
) -> None:
    """Add every alarm of one kind of thing; each tells the topic when it goes off and when all is
    well again. ``more`` may hold Condition."""
    for title, row in ALARMS.items():
        if row[1] == watched:
            template.add_resource(_alarm(values, title, dimensions, **more))


def is_us_east_1(template: Template) -> str:
    """The condition that CloudFront's metrics, which are there only, can be watched."""
    return template.add_condition("IsUsEast1", Equals(Ref("AWS::Region"), "us-east-1"))


def alarm_name(values: Values, title: str) -> Join:
    """``<name of the topic>-<title>``: a name that the dashboard knows before the alarm exists,
    which itself has to wait for instances that boot."""
    topic = Select(5, Split(":", values[ALARM_TOPIC_ARN]))
    return Join("-", [topic, title])


def _alarm(
    values: Values, title: str, dimensions: Mapping[str, Any], **more: Any
) -> cloudwatch.Alarm:
    meaning, watched, metric, statistic, minutes, comparison, threshold = ALARMS[title]
    more["ExtendedStatistic" if statistic.startswith("p") else "Statistic"] = statistic
    if watched == GROUP:
        more["AlarmName"] = alarm_name(values, title)
    period = 5 * MINUTE if minutes > 5 else MINUTE
    return cloudwatch.Alarm(
        f"{title}Alarm",
        AlarmDescription=meaning,
        Namespace=NAMESPACES[watched],
        MetricName=metric,
        Dimensions=[
            cloudwatch.MetricDimension(Name=name, Value=value) for name, value in dimensions.items()
        ],
        Period=period,
        EvaluationPeriods=minutes * MINUTE // period,
        ComparisonOperator=comparison,
        Threshold=threshold,
        TreatMissingData="breaching" if title in SILENCE_IS_BAD else "notBreaching",
        ActionsEnabled=True,
        AlarmActions=[values[ALARM_TOPIC_ARN]],
        OKActions=[values[ALARM_TOPIC_ARN]],
        Tags=tags(values, title),
        **more,
    )
