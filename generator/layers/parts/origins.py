"""The two places that CloudFront fetches from: the frontend's bucket and the balancer."""

from __future__ import annotations

from troposphere import If, NoValue, Template, cloudfront, s3

from generator.layer import Values
from generator.layers.balancer import (
    ALB_ARN,
    ALB_DNS_NAME,
    ALB_DOMAIN_NAME,
    is_private,
)
from generator.layers.parts.listeners import VERIFY_HEADER
from generator.layers.secrets import (
    ORIGIN_VERIFY_SECRET_ARN,
    only_cdn_with_header,
    secret_value,
)
from generator.layers.security import HTTP, HTTPS
from generator.layers.shared import is_given, tags, unique

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
    wants_header = only_cdn_with_header(template, values)
    protocol = If(by_name, "https-only", "http-only")
    public_way = cloudfront.CustomOriginConfig(
        HTTPPort=HTTP,
        HTTPSPort=HTTPS,
        OriginProtocolPolicy=protocol,
        OriginSSLProtocols=["TLSv1.2"],
        OriginReadTimeout=60,
    )
    vpc_origin = template.add_resource(
        cloudfront.VpcOrigin(
            "AlbOrigin",
            Condition=private,
            VpcOriginEndpointConfig=cloudfront.VpcOriginEndpointConfig(
                Name=unique(values, "alb"),
                Arn=values[ALB_ARN],
                HTTPPort=HTTP,
                HTTPSPort=HTTPS,
                OriginProtocolPolicy=protocol,
                OriginSSLProtocols=["TLSv1.2"],
            ),
            Tags=tags(values, "alb-origin"),
        )
    )
    private_way = cloudfront.VpcOriginConfig(VpcOriginId=vpc_origin.ref(), OriginReadTimeout=60)
    header = cloudfront.OriginCustomHeader(
        HeaderName=VERIFY_HEADER,
        HeaderValue=secret_value(values[ORIGIN_VERIFY_SECRET_ARN], "value"),
    )
    return cloudfront.Origin(
        Id=BACKEND,
        DomainName=If(by_name, values[ALB_DOMAIN_NAME], values[ALB_DNS_NAME]),
        CustomOriginConfig=If(private, NoValue, public_way),
        VpcOriginConfig=If(private, private_way, NoValue),
        OriginCustomHeaders=If(wants_header, [header], NoValue),
    )
