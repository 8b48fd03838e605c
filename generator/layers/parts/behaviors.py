"""What CloudFront does with a request: pages from the bucket, the API from the balancer."""

from __future__ import annotations

from troposphere import Equals, If, Ref, Template, cloudfront

from generator.layer import Values
from generator.layers.parts.origins import BACKEND, FRONTEND
from generator.layers.shared import choice, unique
from generator.shipped import text

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
READ_METHODS = ["GET", "HEAD", "OPTIONS"]
ALL_METHODS = [*READ_METHODS, "PUT", "PATCH", "POST", "DELETE"]
STRICT_TRANSPORT_SECURITY = choice(
    "StrictTransportSecurity",
    "For which names browsers insist on HTTPS for two years. host: the site's own. "
    "host-and-subdomains: all names below it too; with clinic.example as DomainName that is every "
    "other host of the clinic.",
    "host",
    "host-and-subdomains",
)
API_PATHS = ("/api", "/api/*")
TWO_YEARS = 63072000


def pages(template: Template, values: Values, headers: Ref) -> cloudfront.DefaultCacheBehavior:
    """The default: cached, and every path of the single-page application is its index.html."""
    route = template.add_resource(
        cloudfront.Function(
            "SpaRoutes",
            Name=unique(values, "spa"),
            AutoPublish=True,
            FunctionCode=text("generator.functions", "route_spa.js"),
            FunctionConfig=cloudfront.FunctionConfig(
                Comment="Paths of the single-page application", Runtime="cloudfront-js-2.0"
            ),
        )
    )
    return cloudfront.DefaultCacheBehavior(
        TargetOriginId=FRONTEND,
        ViewerProtocolPolicy="redirect-to-https",
        AllowedMethods=READ_METHODS,
        CachedMethods=READ_METHODS,
        CachePolicyId=CACHING_OPTIMIZED,
        ResponseHeadersPolicyId=headers,
        Compress=True,
        FunctionAssociations=[
            cloudfront.FunctionAssociation(
                EventType="viewer-request", FunctionARN=route.get_att("FunctionARN")
            )
        ],
    )


def api(path: str, headers: Ref) -> cloudfront.CacheBehavior:
    """Nothing cached, everything forwarded, no error page: answers pass through unchanged."""
    return cloudfront.CacheBehavior(
        PathPattern=path,
        TargetOriginId=BACKEND,
        ViewerProtocolPolicy="https-only",
        AllowedMethods=ALL_METHODS,
        CachePolicyId=CACHING_DISABLED,
        OriginRequestPolicyId=ALL_VIEWER,
        ResponseHeadersPolicyId=headers,
        Compress=True,
    )


def security_headers(template: Template, values: Values) -> cloudfront.ResponseHeadersPolicy:
    """Where the backend sends such a header itself, its own one stays, but for the first two."""
    subdomains = template.add_condition(
        "HstsIncludesSubdomains",
        Equals(values[STRICT_TRANSPORT_SECURITY], "host-and-subdomains"),
    )
    return cloudfront.ResponseHeadersPolicy(
        "SecurityHeaders",
        ResponseHeadersPolicyConfig=cloudfront.ResponseHeadersPolicyConfig(
            Name=unique(values, "headers"),
            SecurityHeadersConfig=cloudfront.SecurityHeadersConfig(
                StrictTransportSecurity=cloudfront.StrictTransportSecurity(
                    AccessControlMaxAgeSec=TWO_YEARS,
                    IncludeSubdomains=If(subdomains, True, False),
                    Override=True,
                ),
                ContentTypeOptions=cloudfront.ContentTypeOptions(Override=True),
                FrameOptions=cloudfront.FrameOptions(FrameOption="SAMEORIGIN", Override=False),
                ReferrerPolicy=cloudfront.ReferrerPolicy(
                    ReferrerPolicy="strict-origin-when-cross-origin", Override=False
                ),
                ContentSecurityPolicy=cloudfront.ContentSecurityPolicy(
                    ContentSecurityPolicy="frame-ancestors 'self'; object-src 'none'; "
                    "base-uri 'self'",
                    Override=False,
                ),
            ),
        ),
    )
