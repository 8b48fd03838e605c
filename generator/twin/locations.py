"""The nginx location of each cache behaviour: caching, headers and the proxying to its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.errors import ClinicError
from generator.model.walk import is_true
from generator.twin.certificates import Authority
from generator.twin.deployed import DeployedStack
from generator.twin.network import S3
from generator.twin.services import CDN_SIGNS

CLOUDFRONT = "AWS::CloudFront::"
CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""Ids of AWS's managed policies: CachingOptimized, CachingDisabled, AllViewer and
AllViewerExceptHostHeader (CloudFront developer guide)."""
COMPRESSED = (
    "text/css application/javascript text/javascript application/json image/svg+xml text/plain"
)
SECURITY: dict[str, tuple[str, Callable[[Mapping[str, str]], str]]] = {
    "ContentTypeOptions": ("X-Content-Type-Options", lambda given: "nosniff"),
    "FrameOptions": ("X-Frame-Options", lambda given: given["FrameOption"]),
    "ReferrerPolicy": ("Referrer-Policy", lambda given: given["ReferrerPolicy"]),
    "ContentSecurityPolicy": (
        "Content-Security-Policy",
        lambda given: given["ContentSecurityPolicy"],
    ),
}


@dataclass
class Locations:
    """The locations of one distribution."""

    deployed: DeployedStack
    authority: Authority
    id: str
    """The distribution's logical id."""
    distribution_config: Mapping[str, Any]
    """Its configuration."""
    origins: Mapping[str, dict[str, Any]]
    maps: dict[str, None] = field(default_factory=dict)
    """nginx `map` blocks that the locations so far need, in their order."""

    def location(self, behaviour: Mapping[str, Any]) -> Iterator[str]:
        """nginx directives for one cache behaviour; ClinicError for an unsupported policy."""
        origin = self.origins[behaviour["TargetOriginId"]]
        yield from self._response_headers(behaviour.get("ResponseHeadersPolicyId", ""))
        policy = behaviour.get("CachePolicyId")
        if policy == CACHED:
            yield "proxy_cache cdn; proxy_cache_key $host$uri; proxy_cache_valid 200 1d;"
            yield "proxy_cache_valid any 10s; proxy_cache_lock on; proxy_cache_methods GET HEAD;"
            yield 'add_header X-Cache "$upstream_cache_status" always;'
            if is_true(behaviour.get("Compress")):
                yield "gzip on; gzip_min_length 1000; gzip_proxied any; gzip_vary on;"
                yield f"gzip_types {COMPRESSED};"
        elif policy != NOT_CACHED:
            raise ClinicError(f"cache policy {policy} is nothing that the twin can enact.")
        yield "proxy_http_version 1.1; proxy_set_header Connection '';"
        if self.is_bucket(origin):
            yield from self._bucket(origin)
        else:
            yield from self._balancer(behaviour, origin)

    def _bucket(self, origin: Mapping[str, Any]) -> Iterator[str]:
        name = origin["DomainName"]
        controls = self.deployed.of_type(f"{CLOUDFRONT}OriginAccessControl")
        identity = origin.get("OriginAccessControlId", "")
        control = controls[self.deployed.logical_id(identity)] if identity else {}
        settings = control.get("OriginAccessControlConfig", {})
        signs = (
            settings.get("SigningBehavior") == "always"
            and settings.get("SigningProtocol") == "sigv4"
            and settings.get("OriginAccessControlOriginType") == "s3"
        )
        distribution = (
            f"arn:aws:cloudfront::{self.deployed.account}:distribution/{self.deployed.ids[self.id]}"
        )
        if self.distribution_config.get("DefaultRootObject"):
            yield f"rewrite ^/$ /{self.distribution_config['DefaultRootObject']} break;"
        yield f"proxy_pass https://{S3}; proxy_set_header Host {name}; proxy_ssl_name {name};"
        yield "proxy_ssl_server_name on; proxy_ssl_verify on;"
        yield f"proxy_ssl_trusted_certificate {self.authority.own.certificate};"
        yield "proxy_set_header Accept-Encoding ''; proxy_set_header Authorization '';"
        yield f"proxy_set_header {CDN_SIGNS} '{distribution if signs else ''}';"

    def _balancer(self, behaviour: Mapping[str, Any], origin: Mapping[str, Any]) -> Iterator[str]:
        asked = behaviour.get("OriginRequestPolicyId", "")
        if asked not in ("", ALL_VIEWER, ALL_BUT_HOST):
            raise ClinicError(f"origin request policy {asked} is nothing that the twin can enact.")
        scheme = "https" if self.protocol(origin) == "https-only" else "http"
        seconds = self.custom_origin_config(origin).get("OriginReadTimeout", 30)
        yield f"proxy_pass {scheme}://o_{behaviour['TargetOriginId']};"
        yield f"proxy_set_header Host {'$host' if asked == ALL_VIEWER else origin['DomainName']};"
        yield "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        if not asked:
            yield "proxy_set_header Authorization ''; proxy_set_header Cookie '';"
            yield "proxy_set_header User-Agent 'Amazon CloudFront';"
        for one in origin.get("OriginCustomHeaders", []):
            yield f"proxy_set_header {one['HeaderName']} '{one['HeaderValue']}';"
        if scheme == "https":
            name = origin["DomainName"]
            yield f"proxy_ssl_name {name}; proxy_ssl_server_name on;"
        yield f"proxy_read_timeout {seconds}s; proxy_connect_timeout 10s; proxy_next_upstream off;"
        yield "client_max_body_size 0; proxy_request_buffering off;"

    def _response_headers(self, reference: str) -> Iterator[str]:
        if not reference:
            return
        policies = self.deployed.of_type(f"{CLOUDFRONT}ResponseHeadersPolicy")
        config = policies[self.deployed.logical_id(reference)]["ResponseHeadersPolicyConfig"]
        for name, value, overrides in _headers(config):
            if overrides:
                yield f'proxy_hide_header {name}; add_header {name} "{value}" always;'
                continue
            key = name.lower().replace("-", "_")
            label = f"add_{key}_{len(self.maps)}"
            self.maps[f'map $upstream_http_{key} ${label} {{ "" "{value}"; default ""; }}'] = None
            yield f"add_header {name} ${label} always;"

    @staticmethod
    def is_bucket(origin: Mapping[str, Any]) -> bool:
        return "S3OriginConfig" in origin

    def custom_origin_config(self, origin: Mapping[str, Any]) -> dict[str, Any]:
        """CustomOriginConfig, or the endpoint configuration of a VPC origin."""
        if "VpcOriginConfig" not in origin:
            return dict(origin.get("CustomOriginConfig", {}))
        own = origin["VpcOriginConfig"]
        name = self.deployed.logical_id(own["VpcOriginId"])
        endpoint = self.deployed.of_type(f"{CLOUDFRONT}VpcOrigin")[name]["VpcOriginEndpointConfig"]
        return {**endpoint, **own}

    def protocol(self, origin: Mapping[str, Any]) -> str:
        return str(self.custom_origin_config(origin).get("OriginProtocolPolicy", "http-only"))


def _headers(config: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    security = config.get("SecurityHeadersConfig", {})
    if strict := security.get("StrictTransportSecurity"):
        words = [f"max-age={strict['AccessControlMaxAgeSec']}"]
        words += ["includeSubDomains"] if is_true(strict.get("IncludeSubdomains")) else []
        words += ["preload"] if is_true(strict.get("Preload")) else []
        yield "Strict-Transport-Security", "; ".join(words), is_true(strict.get("Override"))
    for key, (name, value) in SECURITY.items():
        if key in security:
            yield name, value(security[key]), is_true(security[key].get("Override"))
    for one in config.get("CustomHeadersConfig", {}).get("Items", []):
        yield one["Header"], one["Value"], is_true(one.get("Override"))
