"""What CloudFront does with a request: pages from the bucket, the rest from the balancer."""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, NoValue, Ref, Template, cloudfront

from generator.layer import Values
from generator.layers.edge.origins import BACKEND, FRONTEND
from generator.layers.shared import DOCUMENTS_FILE_SYSTEM, choice, is_true, unique
from generator.shipped import text

API_DESCRIPTION = choice(
    "ApiDescription",
    "The backend's description of its API, /api/documentacion. open: everybody reads it, as "
    "documented. closed: the CDN answers 404; only a public balancer still shows it.",
    "open",
    "closed",
)

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
DOCUMENT_PATH = "/docs-0d3nt/*"
"""Where the documented backend serves what it has stored; it knows no other."""
TWO_YEARS = 63072000


def pages(template: Template, values: Values, headers: Ref) -> cloudfront.DefaultCacheBehavior:
    """The default: cached, and every path of the single-page application is its index.html."""
    route = _function(
        template,
        "SpaRoutes",
        "route_spa.js",
        Name=unique(values, "spa"),
        comment="Paths of the single-page application",
    )
    return cloudfront.DefaultCacheBehavior(
        TargetOriginId=FRONTEND,
        ViewerProtocolPolicy="redirect-to-https",
        AllowedMethods=READ_METHODS,
        CachedMethods=READ_METHODS,
        CachePolicyId=CACHING_OPTIMIZED,
        ResponseHeadersPolicyId=headers,
        Compress=True,
        FunctionAssociations=[route],
    )


def backend(template: Template, values: Values, headers: Ref) -> list[Any]:
    """The API and, if they lie in the file system, the documents.

    Nothing cached, everything forwarded, no error page: answers pass through unchanged.
    """
    closed = template.add_condition(
        "ApiDescriptionIsClosed", Equals(values[API_DESCRIPTION], "closed")
    )
    close = _function(
        template,
        "ApiDescriptionCloser",
        "close_api_description.js",
        Name=unique(values, "api"),
        comment="Closes the description of the API",
        Condition=closed,
    )
    functions = If(closed, [close], NoValue)
    api = [
        _uncached(path, headers, AllowedMethods=ALL_METHODS, FunctionAssociations=functions)
        for path in API_PATHS
    ]
    has_documents = is_true(template, values, DOCUMENTS_FILE_SYSTEM)
    own_headers = template.add_resource(_document_headers(template, values, has_documents)).ref()
    documents = _uncached(DOCUMENT_PATH, own_headers, AllowedMethods=["GET", "HEAD"])
    return [*api, If(has_documents, documents, NoValue)]


def _uncached(path: str, headers: Ref, **properties: Any) -> cloudfront.CacheBehavior:
    return cloudfront.CacheBehavior(
        PathPattern=path,
        TargetOriginId=BACKEND,
        ViewerProtocolPolicy="https-only",
        CachePolicyId=CACHING_DISABLED,
        OriginRequestPolicyId=ALL_VIEWER,
        ResponseHeadersPolicyId=headers,
        Compress=True,
        **properties,
    )


def _function(
    template: Template, title: str, file: str, comment: str, **properties: Any
) -> cloudfront.FunctionAssociation:
    function = template.add_resource(
        cloudfront.Function(
            title,
            AutoPublish=True,
            FunctionCode=text("generator.functions", file),
            FunctionConfig=cloudfront.FunctionConfig(Comment=comment, Runtime="cloudfront-js-2.0"),
            **properties,
        )
    )
    return cloudfront.FunctionAssociation(
        EventType="viewer-request", FunctionARN=function.get_att("FunctionARN")
    )


def security_headers(template: Template, values: Values) -> cloudfront.ResponseHeadersPolicy:
    """Where the backend sends such a header itself, its own one stays, but for the first two."""
    policy = "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
    return cloudfront.ResponseHeadersPolicy(
        "SecurityHeaders",
        ResponseHeadersPolicyConfig=cloudfront.ResponseHeadersPolicyConfig(
            Name=unique(values, "headers"),
            SecurityHeadersConfig=_security(template, values, policy, override=False),
        ),
    )


def _document_headers(
    template: Template, values: Values, condition: str
) -> cloudfront.ResponseHeadersPolicy:
    """No cache, search engine or foreign page keeps or shows a document, and none runs a script:
    whoever uploads a page as a document would act as everybody who opens it.
    """
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"}
    policy = "script-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    return cloudfront.ResponseHeadersPolicy(
        "DocumentHeaders",
        Condition=condition,
        ResponseHeadersPolicyConfig=cloudfront.ResponseHeadersPolicyConfig(
            Name=unique(values, "documents"),
            SecurityHeadersConfig=_security(template, values, policy, override=True),
            CustomHeadersConfig=cloudfront.CustomHeadersConfig(
                Items=[
                    cloudfront.CustomHeader(Header=name, Value=value, Override=True)
                    for name, value in headers.items()
                ]
            ),
        ),
    )


def _security(
    template: Template, values: Values, policy: str, override: bool
) -> cloudfront.SecurityHeadersConfig:
    subdomains = template.add_condition(
        "HstsIncludesSubdomains",
        Equals(values[STRICT_TRANSPORT_SECURITY], "host-and-subdomains"),
    )
    return cloudfront.SecurityHeadersConfig(
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
            ContentSecurityPolicy=policy, Override=override
        ),
    )
