"""The topic that alarms and events are sent to, who may publish to it, and who reads it.

It is made early: layers/alarms.py and the layers of what is watched send to it.
"""

from __future__ import annotations

import awacs.aws as aws
import awacs.sns
from troposphere import Ref, Template, sns

from generator.layer import Layer, Name, Values
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


def build(template: Template, values: Values) -> Values:
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
    return {ALARM_TOPIC_ARN: topic.ref()}


def _topic_policy(topic: sns.Topic) -> sns.TopicPolicy:
    own_account = aws.StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")})
    alarms = allow(
        [awacs.sns.Publish],
        [topic.ref()],
        Sid="AlarmsAndDatabaseEvents",
        Principal=aws.Principal(
            "Service", ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]
        ),
        Condition=aws.Condition(own_account),
    )
    # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge" (EventBridge
    # user guide, eb-use-resource-based): with one its events are dropped, and nothing says so.
    event_rules = allow(
        [awacs.sns.Publish],
        [topic.ref()],
        Sid="EventRules",
        Principal=aws.Principal("Service", "events.amazonaws.com"),
    )
    # Bool, not BoolIfExists: EventBridge states no condition keys, and this must not meet it.
    tls_only = aws.Statement(
        Sid="TlsOnly",
        Effect=aws.Deny,
        Principal=aws.Principal("*"),
        Action=[awacs.sns.Publish],
        Resource=[topic.ref()],
        Condition=aws.Condition(aws.Bool({"aws:SecureTransport": "false"})),
    )
    return sns.TopicPolicy(
        "AlarmTopicPolicy",
        Topics=[topic.ref()],
        PolicyDocument=policy(alarms, event_rules, tls_only),
    )


MONITORING = Layer(
    "Monitoring",
    build,
    owns=(
        "the topic for alarms and events, and its e-mail address",
        "el topic de SNS para alarmas y eventos, y su dirección de correo",
    ),
    needs=(ENVIRONMENT_NAME, CUSTOMER_KEY, CUSTOMER_KEY_ARN, ALARM_EMAIL),
    offers=(ALARM_TOPIC_ARN,),
    # RDS refuses a topic that it may not publish to.
    settles=("AlarmTopicPolicy",),
)
