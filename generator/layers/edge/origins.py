"""The two places that CloudFront fetches from: the frontend's bucket and the balancer."""

from __future__ import annotations

from troposphere import And, Condition, If, Join, Not, NoValue, Template, cloudfront, s3

from generator.layer import Values
from generator.layers.balancer import (
    ALB_ARN,
    ALB_DNS_NAME,
    ALB_DOMAIN_NAME,
    is_private,
)
from generator.layers.balancer.listeners import VERIFY_HEADER
from generator.layers.secrets import secret_value
from generator.layers.security import HTTP, HTTPS
from generator.layers.shared import is_given, stack_suffix, unique
from generator.layers.shared.origin_header import (
    ORIGIN_VERIFY_SECOND_SECRET_ARN,
    ORIGIN_VERIFY_SECRET_ARN,
    origin_header,
)

FRONTEND, BACKEND = "frontend", "backend"


def frontend_origin(template: Template, values: Values, bucket: s3.Bucket) -> cloudfront.Origin:
    """The bucket, which CloudFront reads by signing its requests."""
    access = template.add_resource(
        cloudfront.OriginAccessControl(
            "FrontendAccess",
            OriginAccessControlConfig=cloudfront.OriginAccessControlConfig(
                Name=unique(values, "frontend"),
                OriginAccessControlOriginType="s3",
                SigningBehavior="always",
                SigningProtocol="sigv4",
            ),
        )
    )
    return cloudfront.Origin(
        Id=FRONTEND,
        DomainName=bucket.get_att("RegionalDomainName"),
        OriginAccessControlId=access.get_att("Id"),
        S3OriginConfig=cloudfront.S3OriginConfig(OriginAccessIdentity=""),
    )


def backend_origin(template: Template, values: Values) -> cloudfront.Origin:
    """The balancer: by HTTPS under its own name if it has one, else by HTTP as documented."""
    private = is_private(template, values)
    by_name = is_given(template, values, ALB_DOMAIN_NAME)
    protocol = If(by_name, "https-only", "http-only")
    public_way = cloudfront.CustomOriginConfig(
        HTTPPort=HTTP,
        HTTPSPort=HTTPS,
        OriginProtocolPolicy=protocol,
        OriginSSLProtocols=["TLSv1.2"],
        OriginReadTimeout=60,
    )
    private_way = cloudfront.VpcOriginConfig(
        VpcOriginId=_vpc_origin(template, values, private, by_name), OriginReadTimeout=60
    )
    secrets = values[ORIGIN_VERIFY_SECRET_ARN], values[ORIGIN_VERIFY_SECOND_SECRET_ARN]
    headers = [
        cloudfront.OriginCustomHeader(
            HeaderName=VERIFY_HEADER, HeaderValue=secret_value(secret, "value")
        )
        for secret in secrets
    ]
    used = origin_header(template, values)
    return cloudfront.Origin(
        Id=BACKEND,
        DomainName=If(by_name, values[ALB_DOMAIN_NAME], values[ALB_DNS_NAME]),
        CustomOriginConfig=If(private, NoValue, public_way),
        VpcOriginConfig=If(private, private_way, NoValue),
        OriginCustomHeaders=[
            If(when, header, NoValue) for when, header in zip(used, headers, strict=True)
        ],
    )


def _vpc_origin(template: Template, values: Values, private: str, by_name: str) -> If:
    """The VPC origin for HTTP or the one for HTTPS.

    One in use cannot be changed, not even its tags ("associated with one or more distributions",
    409: CloudFront developer guide, "Restrict access with VPC origins"; aws-cdk#34629, #35765). So
    each protocol has its own, which nothing that an operator chooses can change: the other one is
    made, the distribution changes over, and the old one goes when it is done.
    """
    made = {}
    for protocol, when in (("http", Not(Condition(by_name))), ("https", Condition(by_name))):
        title = f"Alb{protocol.capitalize()}Origin"
        origin = cloudfront.VpcOrigin(
            title,
            Condition=template.add_condition(f"Has{title}", And(Condition(private), when)),
            VpcOriginEndpointConfig=cloudfront.VpcOriginEndpointConfig(
                Name=Join("-", ["alb", protocol, stack_suffix()]),
                Arn=values[ALB_ARN],
                HTTPPort=HTTP,
                HTTPSPort=HTTPS,
                OriginProtocolPolicy=f"{protocol}-only",
                OriginSSLProtocols=["TLSv1.2"],
            ),
        )
        made[protocol] = template.add_resource(origin).ref()
    return If(by_name, made["https"], made["http"])
