"""The CDN: nginx from the distribution, with its functions run by njs."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.errors import ClinicError
from generator.shipped import text as shipped
from generator.twin.certificates import Authority, Pair
from generator.twin.deployed import Deployed
from generator.twin.namespaces import inside, spawn
from generator.twin.network import EDGE
from generator.twin.packets import OPEN, connect
from generator.twin.ways import CLOUDFRONT, Ways
from generator.twin.wiring import BALANCER, Wiring

PATIENCE = 10.0
MODULES = ("/usr/lib/nginx/modules/ngx_http_js_module.so",)
NOWHERE = "192.0.2.1"


@dataclass
class Cdn:
    """The running CDN."""

    folder: Path
    host: str
    process: subprocess.Popen[bytes]


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
            # There is no error log before nginx has read its configuration.
            log = "".join(path.read_text() for path in sorted(folder.glob("*log")))
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
        self.ways = Ways(self.deployed, self.authority, self.id, self.given, self.origins)

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
            if given["PathPattern"] == "*":
                break  # no request gets to a behaviour after this one
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
            *self.ways.maps,
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
            if self.ways.is_bucket(one):
                continue
            private = "VpcOriginConfig" in one
            tls = self.ways.protocol(one) == "https-only"
            port = self.ways.custom(one).get("HTTPSPort" if tls else "HTTPPort", 443 if tls else 80)
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

    def _behaviour(self, name: str, given: Mapping[str, Any]) -> Iterator[str]:
        where = self._location(given)
        methods = "|".join(given.get("AllowedMethods", ["GET", "HEAD"]))
        guard = f"if ($request_method !~ ^({methods})$) {{ return 403; }}"
        inner = " ".join(self.ways.of(given))
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
        }.get(policy) or " ".join(self.ways.of(given))
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
