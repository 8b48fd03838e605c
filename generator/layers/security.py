"""The chain internet -> balancer -> backend -> database, documents: its groups and all their rules.

The database's own group is in the network's layer, so that the database, which takes longest, does
not wait for this one.

Rules are resources of their own, since groups that name each other inside would be a cycle.
"""

from __future__ import annotations

from typing import Any

from troposphere import And, Condition, Equals, If, Not, Ref, Template, ec2

from generator.layer import Layer, Name, Provided, Values
from generator.layers.network import ANYWHERE, DATABASE_SECURITY_GROUP_ID, VPC_ID
from generator.layers.shared import (
    DOCUMENTS_FILE_SYSTEM,
    ENVIRONMENT_NAME,
    choice,
    is_given,
    is_true,
    optional,
)
from generator.layers.shared.closed_group import closed_group

ALB_EXPOSURE = choice(
    "AlbExposure",
    "Who reaches the load balancer. public: everybody on 80 and 443, as documented. cloudfront: "
    "only CloudFront, and only with a secret header (recommended). private: an internal balancer "
    "behind a CloudFront VPC origin.",
    "public",
    "cloudfront",
    "private",
)
ALB_CERTIFICATE_ARN = optional(
    "AlbCertificateArn",
    "Certificate (ACM, this region) for HTTPS on the load balancer; goes with AlbDomainName.",
    r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]+",
    "The ARN of a certificate in this region",
)
CLOUDFRONT_PREFIX_LIST_ID = optional(
    "CloudFrontPrefixListId",
    "Needed unless AlbExposure is public: this region's list "
    "com.amazonaws.global.cloudfront.origin-facing (VPC console, Managed prefix lists).",
    "pl-[0-9a-f]{8,17}",
    "An id such as pl-3b927c52",
)

ALB_SECURITY_GROUP_IDS = Name(
    "AlbSecurityGroupIds",
    Type="List<AWS::EC2::SecurityGroup::Id>",
    Description="All groups of the balancer: sg-alb-public, and where CloudFront alone is let in "
    "another for HTTPS.",
)
BACKEND_SECURITY_GROUP_ID = Name(
    "BackendSecurityGroupId", Type="AWS::EC2::SecurityGroup::Id", Description="sg-backend-ec2"
)
DOCUMENTS_SECURITY_GROUP_ID = Name(
    "DocumentsSecurityGroupId", Type="String", Description="sg-documents-efs, or nothing."
)

HTTP, HTTPS, BACKEND_PORT, DATABASE_PORT = 80, 443, 3000, 5432
NFS = 2049


def is_public(template: Template, values: Values) -> str:
    """The condition of the documented mode."""
    return template.add_condition("AlbIsPublic", Equals(values[ALB_EXPOSURE], "public"))


def build(template: Template, values: Values) -> Values:
    vpc = values[VPC_ID]
    alb = closed_group(template, values, "AlbSecurityGroup", "sg-alb-public", vpc)
    backend = closed_group(template, values, "BackendSecurityGroup", "sg-backend-ec2", vpc)
    database = values[DATABASE_SECURITY_GROUP_ID]
    groups = _let_into_alb(template, values, alb)
    _connect(template, "Backend", alb, backend, BACKEND_PORT, "The balancer to the backend")
    _connect(template, "Database", backend, database, DATABASE_PORT, "The backend to the database")
    shared = is_true(template, values, DOCUMENTS_FILE_SYSTEM)
    documents = closed_group(
        template, values, "DocumentsSecurityGroup", "sg-documents-efs", vpc, Condition=shared
    )
    why = "The backend to the documents"
    _connect(template, "Documents", backend, documents, NFS, why, Condition=shared)
    for title, port, why in (
        ("Https", HTTPS, "AWS services, the image registry, the code repository"),
        ("Http", HTTP, "Ubuntu package mirrors, which sign their packages"),
    ):
        template.add_resource(
            ec2.SecurityGroupEgress(
                f"BackendTo{title}",
                GroupId=backend,
                CidrIp=ANYWHERE,
                Description=why,
                **_tcp(port),
            )
        )
    return {
        ALB_SECURITY_GROUP_IDS: groups,
        BACKEND_SECURITY_GROUP_ID: backend,
        DOCUMENTS_SECURITY_GROUP_ID: Provided(shared, documents),
    }


def _tcp(port: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}


def _let_into_alb(template: Template, values: Values, alb: Ref) -> If:
    """Add the rules of who reaches the balancer; all its groups."""
    public = is_public(template, values)
    only_cdn = template.add_condition("OnlyCdnReachesAlb", Not(Condition(public)))
    for title, number in (("Http", HTTP), ("Https", HTTPS)):
        template.add_resource(
            ec2.SecurityGroupIngress(
                f"AlbFromAnywhere{title}",
                Condition=public,
                GroupId=alb,
                CidrIp=ANYWHERE,
                Description="Public web traffic, as documented",
                **_tcp(number),
            )
        )
    # The list weighs 55 of a group's 60 rules (VPC quotas), and an update adds before it removes:
    # so each port has a group of its own, and both stay at the balancer while the port changes.
    by_https = closed_group(
        template,
        values,
        "AlbHttpsSecurityGroup",
        "sg-alb-https",
        values[VPC_ID],
        Condition=only_cdn,
    )
    certified = is_given(template, values, ALB_CERTIFICATE_ARN)
    for title, group, port, when in (
        ("AlbFromCdn", alb, HTTP, Not(Condition(certified))),
        ("AlbFromCdnByHttps", by_https, HTTPS, Condition(certified)),
    ):
        condition = template.add_condition(f"{title}Only", And(Condition(only_cdn), when))
        template.add_resource(
            ec2.SecurityGroupIngress(
                title,
                Condition=condition,
                GroupId=group,
                SourcePrefixListId=values[CLOUDFRONT_PREFIX_LIST_ID],
                Description="CloudFront only",
                **_tcp(port),
            )
        )
    return If(only_cdn, [alb, by_https], [alb])


def _connect(
    template: Template,
    title: str,
    sender: Ref,
    receiver: Ref,
    port: int,
    why: str,
    **condition: str,
) -> None:
    template.add_resource(
        ec2.SecurityGroupIngress(
            f"{title}Ingress",
            GroupId=receiver,
            SourceSecurityGroupId=sender,
            Description=why,
            **_tcp(port),
            **condition,
        )
    )
    template.add_resource(
        ec2.SecurityGroupEgress(
            f"{title}Egress",
            GroupId=sender,
            DestinationSecurityGroupId=receiver,
            Description=why,
            **_tcp(port),
            **condition,
        )
    )


SECURITY = Layer(
    "Security",
    build,
    owns=(
        "`sg-alb-public`, `sg-backend-ec2`, `sg-documents-efs` and every rule between them and "
        "`sg-db-rds`; `sg-alb-https` where only CloudFront gets in",
        "`sg-alb-public`, `sg-backend-ec2`, `sg-documents-efs` y todas las reglas entre ellos y "
        "`sg-db-rds`; `sg-alb-https` donde solo entra CloudFront",
    ),
    needs=(
        ENVIRONMENT_NAME,
        VPC_ID,
        DATABASE_SECURITY_GROUP_ID,
        ALB_EXPOSURE,
        ALB_CERTIFICATE_ARN,
        CLOUDFRONT_PREFIX_LIST_ID,
        DOCUMENTS_FILE_SYSTEM,
    ),
    offers=(ALB_SECURITY_GROUP_IDS, BACKEND_SECURITY_GROUP_ID, DOCUMENTS_SECURITY_GROUP_ID),
    settles=(
        *("BackendIngress", "BackendEgress", "DatabaseIngress", "DatabaseEgress"),
        *("BackendToHttps", "BackendToHttp"),
    ),
    rules={
        "CdnNeedsItsPrefixList": {
            "RuleCondition": Not(Equals(Ref("AlbExposure"), "public")),
            "Assertions": [
                {
                    "Assert": Not(Equals(Ref("CloudFrontPrefixListId"), "")),
                    "AssertDescription": "AlbExposure cloudfront or private needs "
                    "CloudFrontPrefixListId, the id of this region's CloudFront prefix list.",
                }
            ],
        },
    },
)
