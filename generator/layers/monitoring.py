"""What wakes somebody up (parts/alarms.py), and the page they then look at (parts/dashboard.py)."""

from __future__ import annotations

import json

import awacs.aws as aws
import awacs.sns
from troposphere import Ref, Sub, Template, cloudwatch, events, rds, sns

from generator.layer import Layer, Name, Values
from generator.layers.backend import BACKEND_GROUP_NAME, BACKEND_LOG_GROUP
from generator.layers.balancer import ALB_FULL_NAME, TARGET_GROUP_FULL_NAME
from generator.layers.database import DATABASE_ID
from generator.layers.edge import DISTRIBUTION_ID
from generator.layers.parts import dashboard
from generator.layers.parts.alarms import add_alarms
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


def build(template: Template, values: Values) -> Values:
    topic = _topic(template, values)
    add_alarms(template, values, topic)
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
