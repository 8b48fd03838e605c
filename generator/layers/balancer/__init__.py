"""The load balancer and its target groups; listeners.py says what it answers.

AlbExposure to or from ``private`` makes another balancer, which lives beside the old one until the
distribution has changed over. AWS lets a target group serve one balancer only, so each scheme has
one of its own, and the instances are in both all the time: whichever balancer is new finds them.
"""

from __future__ import annotations

from typing import Any

from troposphere import And, Equals, If, Not, Or, Ref, Template, wafv2
from troposphere import elasticloadbalancingv2 as elb

from generator.layer import Layer, Name, Values
from generator.layers.balancer.listeners import add_listeners
from generator.layers.network import APP_SUBNET_IDS, PUBLIC_SUBNET_IDS, VPC_ID
from generator.layers.security import (
    ALB_CERTIFICATE_ARN,
    ALB_EXPOSURE,
    ALB_SECURITY_GROUP_IDS,
    BACKEND_PORT,
)
from generator.layers.shared import (
    DELETION_PROTECTION,
    ENVIRONMENT_NAME,
    is_given,
    optional,
    tags,
)
from generator.layers.shared.alias_records import HOSTED_ZONE_ID, add_alias_records
from generator.layers.storage import LOG_BUCKET

HEALTH_CHECK_PATH = Name(
    "HealthCheckPath",
    Type="String",
    Default="/api",
    Description="Path on which the backend answers 200 when it is well; the documented one does "
    "on /api and answers 404 on everything else.",
    AllowedPattern=r"^/[A-Za-z0-9/_.~-]{0,100}$",
    ConstraintDescription="A path that begins with a slash, such as /api.",
)
ALB_DOMAIN_NAME = optional(
    "AlbDomainName",
    "Host name that AlbCertificateArn is for, such as origin.clinic.example; CloudFront then "
    "reaches the balancer by HTTPS under this name.",
    r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}",
    "A host name such as origin.clinic.example",
)
ALB_WEB_ACL_ARN = optional(
    "AlbWebAclArn",
    "WAF web ACL of this region to put before the load balancer.",
    r"arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional/webacl/[\w-]+/[0-9a-f-]+",
    "The ARN of a regional web ACL",
)

ALB_ARN = Name("AlbArn", Type="String", Description="The load balancer.")
ALB_DNS_NAME = Name("AlbDnsName", Type="String", Description="The load balancer's own host name.")
ALB_FULL_NAME = Name(
    "AlbFullName", Type="String", Description="The load balancer as its metrics name it."
)
HTTP_LISTENER_ARN = Name("HttpListenerArn", Type="String", Description="The listener for HTTP.")
HTTPS_LISTENER_ARN = Name(
    "HttpsListenerArn", Type="String", Description="The listener for HTTPS, or none."
)
TARGET_GROUP_ARN = Name("TargetGroupArn", Type="String", Description="The backend's target group.")
TARGET_GROUP_ARNS = Name(
    "TargetGroupArns",
    Type="CommaDelimitedList",
    Description="Both target groups of the instances: an internal balancer has its own.",
)
TARGET_GROUP_FULL_NAME = Name(
    "TargetGroupFullName", Type="String", Description="The target group as its metrics name it."
)

# A lost backend is out after 10 s; AWS's defaults (30 s, twice, timeout 5) take 60.
HEALTH_CHECK: dict[str, Any] = {
    "HealthCheckIntervalSeconds": 5,
    "HealthCheckTimeoutSeconds": 4,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 2,
}
DRAIN_SECONDS = 30


def is_private(template: Template, values: Values) -> str:
    """The condition of an internal balancer."""
    return template.add_condition("AlbIsPrivate", Equals(values[ALB_EXPOSURE], "private"))


def given_together(first: str, second: str) -> dict[str, Any]:
    """The rule that two parameters are both given or both empty."""
    both_or_none = Or(
        And(Equals(Ref(first), ""), Equals(Ref(second), "")),
        And(Not(Equals(Ref(first), "")), Not(Equals(Ref(second), ""))),
    )
    return {
        "Assertions": [
            {
                "Assert": both_or_none,
                "AssertDescription": f"{first} and {second} go together: give both or neither.",
            }
        ]
    }


def build(template: Template, values: Values) -> Values:
    balancer = template.add_resource(_balancer(template, values))
    private = is_private(template, values)
    public_targets = template.add_resource(_target_group("TargetGroup", values))
    internal_targets = template.add_resource(_target_group("InternalTargetGroup", values))
    targets = If(private, internal_targets.ref(), public_targets.ref())
    http, https = add_listeners(template, values, balancer, targets)
    add_alias_records(
        template,
        values,
        {"A": "AlbRecord"},
        ALB_DOMAIN_NAME,
        balancer.get_att("CanonicalHostedZoneID"),
        balancer.get_att("DNSName"),
    )
    template.add_resource(
        wafv2.WebACLAssociation(
            "AlbWebAcl",
            Condition=is_given(template, values, ALB_WEB_ACL_ARN),
            ResourceArn=balancer.ref(),
            WebACLArn=values[ALB_WEB_ACL_ARN],
        )
    )
    return {
        ALB_ARN: balancer.ref(),
        ALB_DNS_NAME: balancer.get_att("DNSName"),
        ALB_FULL_NAME: balancer.get_att("LoadBalancerFullName"),
        HTTP_LISTENER_ARN: http,
        HTTPS_LISTENER_ARN: https,
        TARGET_GROUP_ARN: targets,
        # AWS does not replace instances for a target group that no balancer uses: their state in it
        # is "unused", which is not "unhealthy" (API_TargetHealth; Auto Scaling guide, "attachment
        # status": without an instance that passes, none is replaced).
        TARGET_GROUP_ARNS: [public_targets.ref(), internal_targets.ref()],
        TARGET_GROUP_FULL_NAME: If(
            private,
            internal_targets.get_att("TargetGroupFullName"),
            public_targets.get_att("TargetGroupFullName"),
        ),
    }


def _balancer(template: Template, values: Values) -> elb.LoadBalancer:
    private = is_private(template, values)
    settings = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": values[LOG_BUCKET],
        "access_logs.s3.prefix": "alb",
        "deletion_protection.enabled": values[DELETION_PROTECTION],
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
    }
    return elb.LoadBalancer(
        "LoadBalancer",
        Scheme=If(private, "internal", "internet-facing"),
        Subnets=If(private, values[APP_SUBNET_IDS], values[PUBLIC_SUBNET_IDS]),
        SecurityGroups=values[ALB_SECURITY_GROUP_IDS],
        LoadBalancerAttributes=_attributes(elb.LoadBalancerAttributes, settings),
        Tags=tags(values, "alb"),
    )


def _target_group(title: str, values: Values) -> elb.TargetGroup:
    settings = {
        "deregistration_delay.timeout_seconds": str(DRAIN_SECONDS),
        "load_balancing.algorithm.type": "least_outstanding_requests",
    }
    return elb.TargetGroup(
        title,
        VpcId=values[VPC_ID],
        Port=BACKEND_PORT,
        Protocol="HTTP",
        TargetType="instance",
        HealthCheckPath=values[HEALTH_CHECK_PATH],
        Matcher=elb.Matcher(HttpCode="200-299"),
        TargetGroupAttributes=_attributes(elb.TargetGroupAttribute, settings),
        Tags=tags(values, "backend"),
        **HEALTH_CHECK,
    )


def _attributes(kind: Any, settings: dict[str, Any]) -> list[Any]:
    return [kind(Key=key, Value=value) for key, value in settings.items()]


BALANCER = Layer(
    "Balancer",
    build,
    owns=(
        "load balancer, a target group for each scheme, listeners",
        "balanceador, un target group por esquema, listeners",
    ),
    needs=(
        ENVIRONMENT_NAME,
        VPC_ID,
        PUBLIC_SUBNET_IDS,
        APP_SUBNET_IDS,
        ALB_SECURITY_GROUP_IDS,
        ALB_EXPOSURE,
        ALB_CERTIFICATE_ARN,
        ALB_DOMAIN_NAME,
        HOSTED_ZONE_ID,
        ALB_WEB_ACL_ARN,
        LOG_BUCKET,
        HEALTH_CHECK_PATH,
        DELETION_PROTECTION,
    ),
    offers=(
        ALB_ARN,
        ALB_DNS_NAME,
        ALB_FULL_NAME,
        HTTP_LISTENER_ARN,
        HTTPS_LISTENER_ARN,
        TARGET_GROUP_ARN,
        TARGET_GROUP_ARNS,
        TARGET_GROUP_FULL_NAME,
    ),
    settles=("HttpListener",),
    rules={"AlbCertificateHasItsName": given_together("AlbCertificateArn", "AlbDomainName")},
)
