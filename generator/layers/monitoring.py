"""What wakes somebody up, and the one page they then look at."""

from __future__ import annotations

import json
from typing import Any

import awacs.aws as aws
import awacs.sns
from troposphere import Equals, Ref, Sub, Template, cloudwatch, events, rds, sns

from generator.layer import Layer, Name, Values
from generator.layers.backend import BACKEND_GROUP_NAME, BACKEND_LOG_GROUP
from generator.layers.balancer import ALB_FULL_NAME, TARGET_GROUP_FULL_NAME
from generator.layers.database import DATABASE_ID
from generator.layers.edge import DISTRIBUTION_ID
from generator.layers.parts import dashboard
from generator.layers.parts.dashboard import ALB, CDN, EC2, MINUTE, RDS
from generator.layers.secrets import CUSTOMER_KEY, CUSTOMER_KEY_ARN, key_id
from generator.layers.shared import ENVIRONMENT_NAME, allow, is_given, named, optional, policy, tags

ALARM_EMAIL = optional(
    "AlarmEmail",
    "Address that alarms are sent to; it has to confirm by a link. Empty: nobody is told.",
    r"[^@\s']+@[^@\s']+\.[a-zA-Z]{2,}",
    "An e-mail address",
)

ALARM_TOPIC_ARN = Name(
    "AlarmTopicArn", Type="String", Description="Topic that alarms and events are sent to."
)
DASHBOARD_URL = Name(
    "DashboardUrl", Type="String", Description="The page to look at when something is wrong."
)

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


def build(template: Template, values: Values) -> Values:
    topic = _topic(template, values)
    for title in ALARMS:
        template.add_resource(_alarm(template, values, title, topic))
    _events(template, values, topic)
    template.add_resource(
        cloudwatch.Dashboard(
            "Dashboard",
            DashboardBody=Sub(
                json.dumps(dashboard.body()),
                Alb=values[ALB_FULL_NAME],
                Targets=values[TARGET_GROUP_FULL_NAME],
                Group=values[BACKEND_GROUP_NAME],
                Database=values[DATABASE_ID],
                Log=values[BACKEND_LOG_GROUP],
                Distribution=values[DISTRIBUTION_ID],
                Environment=values[ENVIRONMENT_NAME],
            ),
        )
    )
    url = Sub(
        "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
        "#dashboards/dashboard/${Dashboard}"
    )
    return {ALARM_TOPIC_ARN: topic.ref(), DASHBOARD_URL: url}


def _topic(template: Template, values: Values) -> sns.Topic:
    topic = template.add_resource(
        sns.Topic(
            "AlarmTopic",
            DisplayName=named(values, "alarms"),
            # AWS's own key for topics is closed to alarms: with it they would arrive nowhere.
            KmsMasterKeyId=key_id(template, values),
            Tags=tags(values, "alarms"),
        )
    )
    template.add_resource(_topic_policy(topic))
    template.add_resource(
        sns.SubscriptionResource(
            "AlarmSubscription",
            Condition=is_given(template, values, ALARM_EMAIL),
            TopicArn=topic.ref(),
            Protocol="email",
            Endpoint=values[ALARM_EMAIL],
        )
    )
    return topic


def _topic_policy(topic: sns.Topic) -> sns.TopicPolicy:
    own_account = aws.StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")})
    services = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"]
    publish = allow(
        [awacs.sns.Publish],
        [topic.ref()],
        Sid="AlarmsAndEvents",
        Principal=aws.Principal("Service", services),
        Condition=aws.Condition(own_account),
    )
    tls_only = aws.Statement(
        Sid="TlsOnly",
        Effect=aws.Deny,
        Principal=aws.Principal("*"),
        Action=[awacs.sns.Publish],
        Resource=[topic.ref()],
        Condition=aws.Condition(aws.Bool({"aws:SecureTransport": "false"})),
    )
    return sns.TopicPolicy(
        "AlarmTopicPolicy", Topics=[topic.ref()], PolicyDocument=policy(publish, tls_only)
    )


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


def _events(template: Template, values: Values, topic: sns.Topic) -> None:
    template.add_resource(
        events.Rule(
            "ScalingEvents",
            Description="Instances that came, went, or failed to",
            EventPattern={
                "source": ["aws.autoscaling"],
                "detail-type": [
                    f"EC2 Instance {action} {result}"
                    for action in ("Launch", "Terminate")
                    for result in ("Successful", "Unsuccessful")
                ],
                "detail": {"AutoScalingGroupName": [values[BACKEND_GROUP_NAME]]},
            },
            Targets=[events.Target(Id="topic", Arn=topic.ref())],
        )
    )
    template.add_resource(
        rds.EventSubscription(
            "DatabaseEvents",
            SnsTopicArn=topic.ref(),
            SourceType="db-instance",
            SourceIds=[values[DATABASE_ID]],
            EventCategories=[
                "availability",
                "configuration change",
                "failover",
                "failure",
                "low storage",
                "maintenance",
                "recovery",
            ],
            DependsOn="AlarmTopicPolicy",
        )
    )


MONITORING = Layer(
    "Monitoring",
    build,
    needs=(
        ENVIRONMENT_NAME,
        ALB_FULL_NAME,
        TARGET_GROUP_FULL_NAME,
        BACKEND_GROUP_NAME,
        BACKEND_LOG_GROUP,
        DATABASE_ID,
        DISTRIBUTION_ID,
        CUSTOMER_KEY,
        CUSTOMER_KEY_ARN,
        ALARM_EMAIL,
    ),
    offers=(ALARM_TOPIC_ARN, DASHBOARD_URL),
)
