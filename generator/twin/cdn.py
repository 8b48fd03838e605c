"""The CDN: nginx from the distribution, with its functions run by njs."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from generator.errors import ClinicError
from generator.shipped import text as shipped
from generator.twin.certificates import Authority, Pair
from generator.twin.deployed import Deployed
from generator.twin.namespaces import inside, spawn
from generator.twin.network import EDGE, S3
from generator.twin.packets import OPEN, connect
from generator.twin.services import CDN_SIGNS
from generator.twin.wiring import BALANCER, Wiring

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
PATIENCE = 10.0
MODULES = ("/usr/lib/nginx/modules/ngx_http_js_module.so",)
NOWHERE = "192.0.2.1"


@dataclass
class Cdn:
    """The running CDN."""

    folder: Path
    host: str
    process: subprocess.Popen[bytes]


class Origin(NamedTuple):
    """An origin of the distribution: a bucket, or the balancer with the way to it."""

    bucket: bool
    host: str
    scheme: str
    read_seconds: int
    headers: Mapping[str, str]
    signed: bool


def start(deployed: Deployed, wiring: Wiring, authority: Authority, door: int = 0) -> Cdn:
    """Start nginx as the distribution. ``door`` is a socket of the host's, listening, by which a
    browser there gets in."""
    folder = authority.folder.parent / "cdn"
    folder.mkdir()
    host = deployed.outputs["SiteUrl"].removeprefix("https://")
    pair = authority.sign("cdn", [host])
    path = folder / "nginx.conf"
    path.write_text(_Configuration(deployed, wiring, folder, host, pair, authority).text(door))
    environment = {"NGINX": f"{door};"} if door else {}
    process = spawn(
        "edge",
        ["env", *(f"{k}={v}" for k, v in environment.items()), "nginx", "-c", str(path)],
        folder / "log",
        pass_fds=[door] if door else [],
    )
    end = time.monotonic() + PATIENCE
    while inside("edge", connect, [(EDGE, 443)])[EDGE, 443] != OPEN:
        if process.poll() is not None or time.monotonic() > end:
            log = (folder / "log").read_text() + (folder / "error.log").read_text()
            raise ClinicError(f"nginx did not start: {log[-600:]}", exit_code=1)
        time.sleep(0.05)
    return Cdn(folder, host, process)


@dataclass
class _Configuration:
    deployed: Deployed
    wiring: Wiring
    folder: Path
    host: str
    pair: Pair
    authority: Authority

    def __post_init__(self) -> None:
        self.id, properties = self.deployed.the(f"{CLOUDFRONT}Distribution")
        self.given: dict[str, Any] = properties["DistributionConfig"]
        self.origins = {one["Id"]: one for one in self.given["Origins"]}
        self.functions: dict[str, str] = {}
        """Names of njs modules by logical id."""
        self.maps: dict[str, None] = {}

    def text(self, door: int) -> str:
        """The whole file."""
        behaviours = [
            *self.given.get("CacheBehaviors", []),
            {**self.given["DefaultCacheBehavior"], "PathPattern": "*"},
        ]
        secure: list[str] = []
        plain: list[str] = []
        for number, given in enumerate(behaviours):
            secure += self._behaviour(f"b{number}", given)
            plain += self._plain(f"b{number}", given)
        names = [f"js_import {name} from {name}.js;" for name in self.functions.values()]
        temporary = [
            f"{kind}_temp_path {self.folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ]
        lines = [
            *(f"load_module {module};" for module in MODULES),
            "worker_processes 1; daemon off; user root root;",
            f"pid {self.folder}/pid; error_log {self.folder}/error.log warn;",
            "events { worker_connections 2048; }",
            "http {",
            # CloudFront takes 20 KB of headers (CloudFront developer guide, quotas).
            "client_header_buffer_size 20k; large_client_header_buffers 4 20k;",
            "log_format twin '$msec $remote_addr $request_method $request_uri $status "
            "$request_time $upstream_addr';",
            f"access_log {self.folder}/access.log twin; js_path {self.folder};",
            *names,
            *temporary,
            f"proxy_cache_path {self.folder}/cache keys_zone=cdn:10m;",
            *self.maps,
            *self._upstreams(),
            f"server {{ listen {EDGE}:80; server_name {self.host};",
            *plain,
            "}",
            f"server {{ listen {EDGE}:443 ssl http2; server_name {self.host};",
            f"ssl_certificate {self.pair.certificate}; ssl_certificate_key {self.pair.key};",
            "ssl_protocols TLSv1.2 TLSv1.3; set $behaviour '';",
            *self._errors(),
            *secure,
            "}",
            *self._door(door),
            "}",
        ]
        return "\n".join(lines) + "\n"

    def _door(self, door: int) -> Iterator[str]:
        """A way in for a browser of the host, without TLS since it knows no authority of ours."""
        if not door:
            return
        import socket

        with socket.socket(fileno=door) as opened:
            address, port = opened.getsockname()
            opened.detach()
        yield f"server {{ listen {address}:{port}; location / {{ proxy_pass https://{EDGE};"
        yield f"proxy_set_header Host {self.host}; proxy_ssl_name {self.host};"
        yield "proxy_ssl_server_name on; proxy_ssl_verify on; client_max_body_size 0;"
        yield f"proxy_ssl_trusted_certificate {self.authority.own.certificate};"
        yield f"proxy_redirect https://{self.host}/ http://$http_host/; proxy_read_timeout 120s;"
        yield "proxy_http_version 1.1; proxy_set_header Connection ''; } }"

    def _upstreams(self) -> Iterator[str]:
        for name, one in self.origins.items():
            if self._is_bucket(one):
                continue
            private = "VpcOriginConfig" in one
            tls = self._protocol(one) == "https-only"
            port = self._custom(one).get("HTTPSPort" if tls else "HTTPPort", 443 if tls else 80)
            nodes = self.wiring.of_kind(BALANCER)
            addresses = [node.address if private else node.public for node in nodes]
            servers = " ".join(
                f"server {address}:{port} max_fails=0;"
                for address in [each for each in addresses if each] or [NOWHERE]
            )
            yield f"upstream o_{name} {{ {servers} keepalive 32; }}"

    def _errors(self) -> Iterator[str]:
        for one in self.given.get("CustomErrorResponses", []):
            if "ResponsePagePath" in one:
                status = one.get("ResponseCode", one["ErrorCode"])
                page = one["ResponsePagePath"]
                yield f"error_page {one['ErrorCode']} ={status} {page}; proxy_intercept_errors on;"

    @staticmethod
    def _is_bucket(origin: Mapping[str, Any]) -> bool:
        return "S3OriginConfig" in origin

    def _custom(self, origin: Mapping[str, Any]) -> dict[str, Any]:
        """How a custom origin is asked, whichever way leads there."""
        if "VpcOriginConfig" not in origin:
            return dict(origin.get("CustomOriginConfig", {}))
        own = origin["VpcOriginConfig"]
        name = self.deployed.named(own["VpcOriginId"])
        endpoint = self.deployed.of_type(f"{CLOUDFRONT}VpcOrigin")[name]["VpcOriginEndpointConfig"]
        return {**endpoint, **own}

    def _protocol(self, origin: Mapping[str, Any]) -> str:
        return str(self._custom(origin).get("OriginProtocolPolicy", "http-only"))

    def _behaviour(self, name: str, given: Mapping[str, Any]) -> Iterator[str]:
        where = self._location(given)
        methods = "|".join(given.get("AllowedMethods", ["GET", "HEAD"]))
        guard = f"if ($request_method !~ ^({methods})$) {{ return 403; }}"
        inner = " ".join(self._way(given))
        associated = given.get("FunctionAssociations", [])
        if associated:
            [one] = associated
            if one["EventType"] != "viewer-request":
                raise ClinicError(f"the twin does not run a function at {one['EventType']}.")
            module = self._function(one["FunctionARN"])
            yield f"{where} {{ {guard} set $behaviour {name}; js_content {module}.run; }}"
            yield (
                f"location ^~ /__{name}/ {{ internal; rewrite ^/__{name}(/.*)$ $1 break; {inner} }}"
            )
            return
        yield f"{where} {{ {guard} {inner} }}"

    def _plain(self, name: str, given: Mapping[str, Any]) -> Iterator[str]:
        policy = given["ViewerProtocolPolicy"]
        does = {
            "redirect-to-https": "return 301 https://$host$request_uri;",
            "https-only": "return 403;",
        }.get(policy) or " ".join(self._way(given))
        yield f"{self._location(given)} {{ {does} }}"

    @staticmethod
    def _location(given: Mapping[str, Any]) -> str:
        pattern = given["PathPattern"]
        if pattern == "*":
            return "location /"
        path = pattern if pattern.startswith("/") else f"/{pattern}"
        expression = re.escape(path).replace("\\*", ".*").replace("\\?", ".")
        return f"location ~ ^{expression}$"

    def _function(self, reference: str) -> str:
        logical = self.deployed.named(reference)
        if logical not in self.functions:
            name = self.functions[logical] = f"function{len(self.functions)}"
            code = self.deployed.of_type(f"{CLOUDFRONT}Function")[logical]["FunctionCode"]
            script = code + "\n" + shipped(__package__ or "", "viewer_request.js")
            (self.folder / f"{name}.js").write_text(script)
        return self.functions[logical]

    def _way(self, given: Mapping[str, Any]) -> Iterator[str]:
        """What is done with a request of this behaviour."""
        origin = self.origins[given["TargetOriginId"]]
        yield from self._response_headers(given.get("ResponseHeadersPolicyId", ""))
        policy = given.get("CachePolicyId")
        if policy == CACHED:
            yield "proxy_cache cdn; proxy_cache_key $host$uri; proxy_cache_valid 200 1d;"
            yield "proxy_cache_valid any 10s; proxy_cache_lock on; proxy_cache_methods GET HEAD;"
            yield 'add_header X-Cache "$upstream_cache_status" always;'
            if str(given.get("Compress", "false")).lower() == "true":
                yield "gzip on; gzip_min_length 1000; gzip_proxied any; gzip_vary on;"
                yield f"gzip_types {COMPRESSED};"
        elif policy != NOT_CACHED:
            raise ClinicError(f"cache policy {policy} is nothing that the twin can enact.")
        yield "proxy_http_version 1.1; proxy_set_header Connection '';"
        if self._is_bucket(origin):
            yield from self._bucket(origin)
        else:
            yield from self._balancer(given, origin)

    def _bucket(self, origin: Mapping[str, Any]) -> Iterator[str]:
        name = origin["DomainName"]
        controls = self.deployed.of_type(f"{CLOUDFRONT}OriginAccessControl")
        identity = origin.get("OriginAccessControlId", "")
        control = controls[self.deployed.named(identity)] if identity else {}
        settings = control.get("OriginAccessControlConfig", {})
        signs = (
            settings.get("SigningBehavior") == "always"
            and settings.get("SigningProtocol") == "sigv4"
            and settings.get("OriginAccessControlOriginType") == "s3"
        )
        distribution = (
            f"arn:aws:cloudfront::{self.deployed.account}:distribution/{self.deployed.ids[self.id]}"
        )
        if self.given.get("DefaultRootObject"):
            yield f"rewrite ^/$ /{self.given['DefaultRootObject']} break;"
        yield f"proxy_pass https://{S3}; proxy_set_header Host {name}; proxy_ssl_name {name};"
        yield "proxy_ssl_server_name on; proxy_ssl_verify on;"
        yield f"proxy_ssl_trusted_certificate {self.authority.own.certificate};"
        yield "proxy_set_header Accept-Encoding ''; proxy_set_header Authorization '';"
        yield f"proxy_set_header {CDN_SIGNS} '{distribution if signs else ''}';"

    def _balancer(self, given: Mapping[str, Any], origin: Mapping[str, Any]) -> Iterator[str]:
        asked = given.get("OriginRequestPolicyId", "")
        if asked not in ("", ALL_VIEWER, ALL_BUT_HOST):
            raise ClinicError(f"origin request policy {asked} is nothing that the twin can enact.")
        scheme = "https" if self._protocol(origin) == "https-only" else "http"
        seconds = self._custom(origin).get("OriginReadTimeout", 30)
        yield f"proxy_pass {scheme}://o_{given['TargetOriginId']};"
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
        given = policies[self.deployed.named(reference)]["ResponseHeadersPolicyConfig"]
        for name, value, overrides in _headers(given):
            if overrides:
                yield f'proxy_hide_header {name}; add_header {name} "{value}" always;'
                continue
            key = name.lower().replace("-", "_")
            label = f"add_{key}_{len(self.maps)}"
            self.maps[f'map $upstream_http_{key} ${label} {{ "" "{value}"; default ""; }}'] = None
            yield f"add_header {name} ${label} always;"


def _headers(given: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    security = given.get("SecurityHeadersConfig", {})
    if strict := security.get("StrictTransportSecurity"):
        words = [f"max-age={strict['AccessControlMaxAgeSec']}"]
        words += ["includeSubDomains"] if _true(strict.get("IncludeSubdomains")) else []
        words += ["preload"] if _true(strict.get("Preload")) else []
        yield "Strict-Transport-Security", "; ".join(words), _true(strict.get("Override"))
    for key, (name, value) in SECURITY.items():
        if key in security:
            yield name, value(security[key]), _true(security[key].get("Override"))
    for one in given.get("CustomHeadersConfig", {}).get("Items", []):
        yield one["Header"], one["Value"], _true(one.get("Override"))


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
