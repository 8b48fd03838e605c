"""The only HTTPS entry: CloudFront before the frontend's private bucket and the balancer.

One template, since bucket, bucket policy, origin access control and distribution name each other.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws
import awacs.s3
from troposphere import (
    Equals,
    If,
    Join,
    Not,
    NoValue,
    Or,
    Ref,
    Sub,
    Template,
    cloudfront,
    s3,
)

from generator.layer import Layer, Name, Values
from generator.layers.balancer import (
    ALB_ARN,
    ALB_DNS_NAME,
    ALB_DOMAIN_NAME,
    HTTP_LISTENER_ARN,
    HTTPS_LISTENER_ARN,
    TARGET_GROUP_ARN,
    given_together,
)
from generator.layers.balancer.listeners import add_origin_rules
from generator.layers.edge import behaviors
from generator.layers.edge.origins import backend_origin, frontend_origin
from generator.layers.security import ALB_CERTIFICATE_ARN, ALB_EXPOSURE
from generator.layers.shared import (
    DOCUMENTS_FILE_SYSTEM,
    ENVIRONMENT_NAME,
    EVERY_OBJECT,
    allow,
    bucket_policy,
    choice,
    is_given,
    is_true,
    keep,
    named,
    optional,
    private_bucket,
    tags,
)
from generator.layers.shared.alias_records import HOSTED_ZONE_ID, add_alias_records
from generator.layers.shared.origin_header import (
    ORIGIN_HEADER,
    ORIGIN_VERIFY_SECOND_SECRET_ARN,
    ORIGIN_VERIFY_SECRET_ARN,
)
from generator.layers.storage import CDN_LOG_BUCKET_DOMAIN, CDN_LOGS, LOG_BUCKET, access_log

DOMAIN_NAME = optional(
    "DomainName",
    "The site's own host name; goes with CertificateArn. Empty: a name of CloudFront's.",
    r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}",
    "A host name such as clinic.example",
)
CERTIFICATE_ARN = optional(
    "CertificateArn",
    "Certificate (ACM, always in us-east-1) for DomainName.",
    r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[0-9a-f-]+",
    "The ARN of a certificate in us-east-1",
)
WEB_ACL_ARN = optional(
    "WebAclArn",
    "WAF web ACL for CloudFront (scope CLOUDFRONT, always in us-east-1).",
    r"arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global/webacl/[\w-]+/[0-9a-f-]+",
    "The ARN of a web ACL of scope CLOUDFRONT",
)
PRICE_CLASS = choice(
    "PriceClass",
    "Where CloudFront answers from: North America and Europe, most of the world, everywhere.",
    "PriceClass_100",
    "PriceClass_200",
    "PriceClass_All",
)

SITE_URL = Name("SiteUrl", Type="String", Description="The site. Open it in a browser.")
FRONTEND_BUCKET = Name(
    "FrontendBucketName", Type="String", Description="Bucket to publish the frontend to."
)
DISTRIBUTION_ID = Name(
    "DistributionId", Type="String", Description="CloudFront distribution to invalidate."
)

# The hosted zone that all distributions are in, everywhere.
CLOUDFRONT_ZONE_ID = "Z2FDTNDATAQYW2"


def build(template: Template, values: Values) -> Values:
    bucket = template.add_resource(
        private_bucket(
            "FrontendBucket",
            values,
            "frontend",
            LifecycleConfiguration=keep(NoValue),
            LoggingConfiguration=access_log(values[LOG_BUCKET], "frontend"),
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Retain",
        )
    )
    listeners = values[HTTP_LISTENER_ARN], values[HTTPS_LISTENER_ARN]
    rule = add_origin_rules(template, values, *listeners, values[TARGET_GROUP_ARN])
    distribution = template.add_resource(
        cloudfront.Distribution(
            "Distribution",
            DistributionConfig=_distribution_config(template, values, bucket),
            Tags=tags(values, "site"),
            # A DependsOn may not name what a condition makes; a reference from here orders too
            # (cloudonaut.io, "Optional DependsOn with CloudFormation").
            Metadata={"After": rule},
        )
    )
    _bucket_policy(template, bucket, distribution)
    has_domain = is_given(template, values, DOMAIN_NAME)
    add_alias_records(
        template,
        values,
        {"A": "SiteRecord", "AAAA": "SiteRecordIpv6"},
        DOMAIN_NAME,
        CLOUDFRONT_ZONE_ID,
        distribution.get_att("DomainName"),
    )
    host = If(has_domain, values[DOMAIN_NAME], distribution.get_att("DomainName"))
    return {
        SITE_URL: Join("", ["https://", host]),
        FRONTEND_BUCKET: bucket.ref(),
        DISTRIBUTION_ID: distribution.ref(),
    }


def _distribution_config(
    template: Template, values: Values, bucket: s3.Bucket
) -> cloudfront.DistributionConfig:
    logged = is_true(template, values, CDN_LOGS)
    headers = template.add_resource(behaviors.security_headers(template, values)).ref()
    return cloudfront.DistributionConfig(
        Comment=named(values, "site"),
        Enabled=True,
        HttpVersion="http2and3",
        IPV6Enabled=True,
        PriceClass=values[PRICE_CLASS],
        DefaultRootObject="index.html",
        Origins=[frontend_origin(template, values, bucket), backend_origin(template, values)],
        DefaultCacheBehavior=behaviors.pages(template, values, headers),
        CacheBehaviors=behaviors.backend(template, values, headers),
        WebACLId=If(is_given(template, values, WEB_ACL_ARN), values[WEB_ACL_ARN], NoValue),
        Logging=If(
            logged,
            cloudfront.Logging(
                Bucket=values[CDN_LOG_BUCKET_DOMAIN], Prefix="cdn/", IncludeCookies=False
            ),
            NoValue,
        ),
        **_own_domain(template, values),
    )


def _own_domain(template: Template, values: Values) -> dict[str, Any]:
    has_domain = is_given(template, values, DOMAIN_NAME)
    certified = is_given(template, values, CERTIFICATE_ARN)
    return {
        "Aliases": If(has_domain, [values[DOMAIN_NAME]], NoValue),
        "ViewerCertificate": cloudfront.ViewerCertificate(
            CloudFrontDefaultCertificate=If(certified, NoValue, True),
            AcmCertificateArn=If(certified, values[CERTIFICATE_ARN], NoValue),
            SslSupportMethod=If(certified, "sni-only", NoValue),
            MinimumProtocolVersion=If(certified, "TLSv1.2_2021", NoValue),
        ),
    }


def _bucket_policy(
    template: Template, bucket: s3.Bucket, distribution: cloudfront.Distribution
) -> None:
    """Let this distribution read the bucket; s3:ListBucket makes a missing file a 404."""
    this_one = aws.StringEquals(
        {
            "aws:SourceArn": Join(
                "",
                [
                    Sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/"),
                    distribution.ref(),
                ],
            )
        }
    )
    arn = bucket.get_att("Arn")
    for_cdn = {
        "Principal": aws.Principal("Service", "cloudfront.amazonaws.com"),
        "Condition": aws.Condition(this_one),
    }
    template.add_resource(
        bucket_policy(
            bucket,
            allow([awacs.s3.GetObject], [Join("", [arn, EVERY_OBJECT])], Sid="CdnReads", **for_cdn),
            allow([awacs.s3.ListBucket], [arn], Sid="CdnKnowsWhatIsMissing", **for_cdn),
        )
    )


EDGE = Layer(
    "Edge",
    build,
    owns=(
        "frontend bucket, origin access, distribution, SPA function, headers, DNS records",
        "bucket del frontend, acceso al origen (OAC), distribución, función para la SPA, "
        "encabezados, registros DNS",
    ),
    needs=(
        ENVIRONMENT_NAME,
        ALB_ARN,
        ALB_DNS_NAME,
        ALB_DOMAIN_NAME,
        ALB_EXPOSURE,
        ALB_CERTIFICATE_ARN,
        HTTP_LISTENER_ARN,
        HTTPS_LISTENER_ARN,
        TARGET_GROUP_ARN,
        ORIGIN_VERIFY_SECRET_ARN,
        ORIGIN_VERIFY_SECOND_SECRET_ARN,
        ORIGIN_HEADER,
        LOG_BUCKET,
        CDN_LOGS,
        CDN_LOG_BUCKET_DOMAIN,
        DOMAIN_NAME,
        CERTIFICATE_ARN,
        HOSTED_ZONE_ID,
        WEB_ACL_ARN,
        PRICE_CLASS,
        behaviors.STRICT_TRANSPORT_SECURITY,
        DOCUMENTS_FILE_SYSTEM,
        behaviors.API_DESCRIPTION,
    ),
    offers=(SITE_URL, FRONTEND_BUCKET, DISTRIBUTION_ID),
    rules={
        "DomainHasItsCertificate": given_together("DomainName", "CertificateArn"),
        "ZoneHasSomethingToName": {
            "RuleCondition": Not(Equals(Ref("HostedZoneId"), "")),
            "Assertions": [
                {
                    "Assert": Or(
                        Not(Equals(Ref("DomainName"), "")),
                        Not(Equals(Ref("AlbDomainName"), "")),
                    ),
                    "AssertDescription": "HostedZoneId is of use only with DomainName or "
                    "AlbDomainName.",
                }
            ],
        },
        "SiteAndBalancerHaveTheirOwnNames": {
            "RuleCondition": Not(Equals(Ref("DomainName"), "")),
            "Assertions": [
                {
                    "Assert": Not(Equals(Ref("DomainName"), Ref("AlbDomainName"))),
                    "AssertDescription": "AlbDomainName must not be DomainName: CloudFront would "
                    "look for the balancer under its own name.",
                }
            ],
        },
    },
)
