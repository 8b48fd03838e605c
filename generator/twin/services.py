"""AWS's services under their own names: TLS, the templates' policies, then the embedded endpoint.

What only the twin knows (target health, signals) it answers itself.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from generator.local.endpoint import Endpoint
from generator.model.iam import allows
from generator.twin import authorization
from generator.twin.certificates import Authority
from generator.twin.deployed import Deployed
from generator.twin.namespaces import listener
from generator.twin.network import ARCHIVE, CODE, S3, SERVICES

SERVICE_NAMES = (
    *("secretsmanager", "logs", "cloudformation", "monitoring", "autoscaling", "api.ecr", "ec2"),
    *("elasticloadbalancing", "ssm", "sts", "rds", "lambda", "kms", "elasticfilesystem", "events"),
)
TRUST_STORE = "truststore.pki.rds.amazonaws.com"
"""Where RDS publishes the authorities of its databases' certificates."""
SIGNED = re.compile(r"Credential=([^/]+)/\d+/([^/]*)/([^/]+)/")
DROPPED = {
    *("host", "content-length", "connection", "transfer-encoding", "expect"),
    *("x-amz-security-token", "authorization", "x-amz-date"),
}
"""Headers of a call that are made anew on its way to the endpoint."""
CDN_SIGNS = "X-Twin-Distribution"
"""How the twin's CDN says that it has signed a request, and as which distribution."""
LONG = 60.0

Answer = tuple[int, str]
Overlay = Callable[[Mapping[str, str]], Answer | None]


@dataclass(frozen=True)
class Identity:
    """Who signs with a key: an instance and its role."""

    instance: str
    role: str


@dataclass(frozen=True)
class Call:
    """One call of an instance's, and whether it was allowed."""

    time: float
    instance: str
    action: str
    resource: str
    allowed: bool
    source: str
    """The address that it came from: what AWS sees."""


@dataclass
class Services:
    """What is known of who calls, and what was called."""

    endpoint: Endpoint
    deployed: Deployed
    region: str
    identities: dict[str, Identity] = field(default_factory=dict)
    """By access key."""
    calls: list[Call] = field(default_factory=list)
    root: bytes = b""
    """The certificate of the authority that signed the database's."""
    overlays: dict[str, Overlay] = field(default_factory=dict)
    """Answers by IAM action, from what was asked; None leaves the response to the endpoint."""

    def start(self, authority: Authority) -> None:
        """Listen at every name of AWS's and of the archives that instances ask."""
        self.root = authority.own.certificate.read_bytes()
        hosts = [f"*.{self.region}.amazonaws.com", "*.amazonaws.com", "*.s3.amazonaws.com"]
        hosts += [
            TRUST_STORE,
            f"*.s3.{self.region}.amazonaws.com",
            f"api.ecr.{self.region}.amazonaws.com",
        ]
        pair = authority.sign("aws", hosts)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        for address in (SERVICES, S3):
            serve(listener("aws", address, 443), _Front, self, context)
        for address, port in ((ARCHIVE, 80), (CODE, 443)):
            serve(listener("aws", address, port), _Front, self)

    def authorize(
        self,
        who: Identity,
        action: str,
        resource: str,
        context: Mapping[str, str],
        source: str = "",
    ) -> bool:
        """Whether an instance's role may make a call; it is noted in any case."""
        statements = authorization.of_role(self.deployed, who.role)
        allowed = allows(statements, action, resource, context)
        self.calls.append(Call(time.time(), who.instance, action, resource, allowed, source))
        return allowed

    def public(self, action: str, bucket: str, key: str, distribution: str) -> bool:
        """Whether a bucket's policy lets the CDN, or with no distribution anybody, do something."""
        service = "cloudfront.amazonaws.com" if distribution else "nobody"
        statements = authorization.of_bucket(self.deployed, bucket)
        context = {"aws:SecureTransport": "true", "aws:SourceArn": distribution}
        context["aws:SourceAccount"] = self.deployed.account
        resource = f"arn:aws:s3:::{bucket}/{key}".rstrip("/")
        return allows(
            list(authorization.for_service(statements, service)), action, resource, context
        )

    def forward(
        self, method: str, path: str, headers: Iterable[tuple[str, str]], body: bytes, service: str
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """The endpoint's response to a call, signed as the operator's own."""
        kept = {name: value for name, value in headers if name.lower() not in DROPPED}
        request = AWSRequest(method, f"{self.endpoint.url}{path}", kept, body)
        keys = self.endpoint.environment
        credentials = Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(credentials, service, self.region).add_auth(request)
        port = int(self.endpoint.url.rpartition(":")[2])
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        try:
            link.request(method, path, body, dict(request.headers.items()))
            response = link.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            link.close()


class Server(ThreadingHTTPServer):
    """A server on a socket that listens already."""

    daemon_threads = True
    request_queue_size = 128


def serve(
    sock: socket,
    handler: type[BaseHTTPRequestHandler],
    owner: Any,
    context: ssl.SSLContext | None = None,
) -> None:
    """Answer on a socket in threads of their own, for as long as the twin stands; ``owner`` is
    the handler's ``owner``."""
    bound = type(handler.__name__, (handler,), {"owner": owner})
    server = Server(sock.getsockname(), bound, bind_and_activate=False)
    server.socket.close()
    # The handshake is a thread's own, so that nobody waits for somebody else's.
    wrapped = context and context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    server.socket = wrapped or sock
    threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """What all servers of the twin share."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is worth knowing is noted by whom it concerns."""

    def handle_one_request(self) -> None:
        """One request; a client that goes away is no error."""
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    def respond(
        self, status: int, body: bytes | str = b"", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Send a whole response."""
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def body(self) -> bytes:
        """The request's whole body."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)


class _Front(Handler):
    owner: Services

    def _any(self) -> None:
        body, host = self.body(), self.headers.get("Host", "").partition(":")[0]
        bucket = authorization.bucket_of(host)
        path = f"/{bucket}{self.path}" if bucket else self.path
        if host == TRUST_STORE:
            return self.respond(200, self.owner.root)
        signed = SIGNED.search(self.headers.get("Authorization", ""))
        if signed:
            return self._signed(signed[1], signed[3], path, body)
        if bucket or host.startswith("s3."):
            return self._unsigned(path)
        return self.respond(403, "<Error><Code>MissingAuthenticationToken</Code></Error>")

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = _any

    def _signed(self, key: str, service: str, path: str, body: bytes) -> None:
        owner, headers = self.owner, dict(self.headers.items())
        source = self.client_address[0]
        home = f"{owner.region}:{owner.deployed.account}"
        action, resource, context = authorization.call(
            service, self.command, path, headers, body, home
        )
        who = owner.identities.get(key)
        operator = key == owner.endpoint.environment["AWS_ACCESS_KEY_ID"]
        if not who and not operator:
            return self.respond(403, "<Error><Code>InvalidClientTokenId</Code></Error>")
        if who:
            context = {**context, **owner.deployed.tags}
            if not owner.authorize(who, action, resource, context, source):
                return self._denied(action, resource)
        overlay = owner.overlays.get(action)
        if overlay and (answer := overlay(_asked(body))):
            kind = "application/x-amz-json-1.1" if answer[1].startswith("{") else "text/xml"
            return self.respond(*answer, headers=[("Content-Type", kind)])
        status, found, data = owner.forward(self.command, path, self.headers.items(), body, service)
        if who and service == "s3" and status == 404:
            # S3 says that something is missing only to those who may list.
            listing = f"arn:aws:s3:::{path.lstrip('/').partition('/')[0]}"
            if not owner.authorize(who, "s3:ListBucket", listing, context, source):
                return self._denied(action, resource)
        return self._pass_on(status, found, data)

    def _denied(self, action: str, resource: str) -> None:
        sentence = f"User is not authorized to perform: {action} on {resource}"
        self.respond(403, f"<Error><Code>AccessDenied</Code><Message>{sentence}</Message></Error>")

    def _unsigned(self, path: str) -> None:
        owner = self.owner
        bucket, _, key = path.partition("?")[0].lstrip("/").partition("/")
        distribution = self.headers.get(CDN_SIGNS, "")
        if not owner.public("s3:GetObject", bucket, key, distribution):
            return self._denied("s3:GetObject", f"{bucket}/{key}")
        status, found, data = owner.forward("GET", f"/{bucket}/{key}", [], b"", "s3")
        if status == 404 and not owner.public("s3:ListBucket", bucket, "", distribution):
            return self._denied("s3:ListBucket", bucket)
        return self._pass_on(status, found, data)

    def _pass_on(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        left = {"transfer-encoding", "connection", "date", "server"}
        if self.command != "HEAD":
            left.add("content-length")
        self.respond(status, data, [pair for pair in headers if pair[0].lower() not in left])


def _asked(body: bytes) -> dict[str, str]:
    """What a call of the query protocol or of the JSON protocol says."""
    text = body.decode()
    if text.startswith("{"):
        return {name: str(value) for name, value in json.loads(text).items()}
    return {name: values[0] for name, values in parse_qs(text).items()}
