"""The alarms: what each means, and when it goes off."""

from __future__ import annotations

from typing import Any

from troposphere import Equals, Ref, Template, cloudwatch, sns

from generator.layer import Values
from generator.layers.backend import BACKEND_GROUP_NAME
from generator.layers.balancer import ALB_FULL_NAME, TARGET_GROUP_FULL_NAME
from generator.layers.database import DATABASE_ID
from generator.layers.edge import DISTRIBUTION_ID
from generator.layers.parts.dashboard import ALB, CDN, EC2, MINUTE, RDS
from generator.layers.shared import tags

GIB = 1024**3

ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"

# title: (what it means, namespace, metric, statistic, minutes in a row, comparison, threshold)
ALARMS: dict[str, tuple[str, str, str, str, int, str, float]] = {
    "BackendErrors": (
        "The backend answers with 5xx: look at its log.",
        *(ALB, "HTTPCode_Target_5XX_Count", "Sum", 5, ABOVE, 5),
    ),
    "BalancerErrors": (
        "The balancer answers with 5xx: no backend is well, or one is too slow.",
        *(ALB, "HTTPCode_ELB_5XX_Count", "Sum", 5, ABOVE, 5),
    ),
    "SlowAnswers": (
        "One answer in twenty takes over a second.",
        *(ALB, "TargetResponseTime", "p95", 5, ABOVE, 1),
    ),
    "UnhealthyHosts": (
        "A backend fails its health check and is being replaced.",
        *(ALB, "UnHealthyHostCount", "Maximum", 3, ABOVE, 0),
    ),
    "NoHealthyHost": (
        "No backend is well: the API is down.",
        *(ALB, "HealthyHostCount", "Maximum", 2, BELOW, 1),
    ),
    "BackendCpu": (
        "The group is at its largest and still busy: raise MaxInstances or InstanceType.",
        *(EC2, "CPUUtilization", "Average", 15, ABOVE, 80),
    ),
    "CpuCreditsLow": (
        "Instances live on credit: standard ones slow down, unlimited ones cost more.",
        *(EC2, "CPUCreditBalance", "Average", 60, BELOW, 5),
    ),
    "CpuCreditsCharged": (
        "Unlimited instances cost surplus credits: a larger InstanceType may be cheaper.",
        *(EC2, "CPUSurplusCreditsCharged", "Maximum", 15, ABOVE, 0),
    ),
    "DatabaseCpu": (
        "The database is busy: look for slow statements in its log.",
        *(RDS, "CPUUtilization", "Average", 15, ABOVE, 80),
    ),
    "DatabaseStorage": (
        "Less than 2 GiB of database storage are free although it grows by itself.",
        *(RDS, "FreeStorageSpace", "Minimum", 5, BELOW, 2 * GIB),
    ),
    "DatabaseConnections": (
        "Most of the connections that a micro holds are in use.",
        *(RDS, "DatabaseConnections", "Maximum", 5, ABOVE, 60),
    ),
    "SiteErrors": (
        "CloudFront answers one request in twenty with 5xx.",
        *(CDN, "5xxErrorRate", "Average", 5, ABOVE, 5),
    ),
}

# Only these say something by their silence; the others are silent when nobody calls.
SILENCE_IS_BAD = {"NoHealthyHost"}


def add_alarms(template: Template, values: Values, topic: sns.Topic) -> None:
    """Add every alarm; each tells the topic when it goes off and when all is well again."""
    for title in ALARMS:
        template.add_resource(_alarm(template, values, title, topic))


def _dimensions(values: Values, title: str, namespace: str) -> dict[str, Any]:
    per_namespace = {
        ALB: {"LoadBalancer": values[ALB_FULL_NAME]},
        EC2: {"AutoScalingGroupName": values[BACKEND_GROUP_NAME]},
        RDS: {"DBInstanceIdentifier": values[DATABASE_ID]},
        CDN: {"DistributionId": values[DISTRIBUTION_ID], "Region": "Global"},
    }
    of_targets = title in ("BackendErrors", "SlowAnswers", "UnhealthyHosts", "NoHealthyHost")
    more = {"TargetGroup": values[TARGET_GROUP_FULL_NAME]} if of_targets else {}
    return per_namespace[namespace] | more


def _alarm(template: Template, values: Values, title: str, topic: sns.Topic) -> cloudwatch.Alarm:
    meaning, namespace, metric, statistic, minutes, comparison, threshold = ALARMS[title]
    more: dict[str, Any] = {
        "ExtendedStatistic" if statistic.startswith("p") else "Statistic": statistic
    }
    if namespace == CDN:  # whose metrics are in us-east-1 only
        at_home = Equals(Ref("AWS::Region"), "us-east-1")
        more["Condition"] = template.add_condition("IsUsEast1", at_home)
    period = 5 * MINUTE if minutes > 5 else MINUTE
    return cloudwatch.Alarm(
        f"{title}Alarm",
        AlarmDescription=meaning,
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[
            cloudwatch.MetricDimension(Name=name, Value=value)
            for name, value in _dimensions(values, title, namespace).items()
        ],
        Period=period,
        EvaluationPeriods=minutes * MINUTE // period,
        ComparisonOperator=comparison,
        Threshold=threshold,
        TreatMissingData="breaching" if title in SILENCE_IS_BAD else "notBreaching",
        ActionsEnabled=True,
        AlarmActions=[topic.ref()],
        OKActions=[topic.ref()],
        Tags=tags(values, title),
        **more,
    )
