"""A loopback server in the place of the metadata service, of AWS and of the started backend."""

import base64
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from generator import bootstrap

REGION = "eu-west-1"
INSTANCE = "i-0123456789abcdef0"
GROUP = "clinic-BackendStack-1A2B-BackendGroup-3C4D"
PASSWORD = "the{database}password"
KEYS = Credentials("ASIAEXAMPLE", "role/secret+key", "role-session/token+==")
IMDS_TOKEN = "metadata-session-token"
REGISTRY_PASSWORD = "registry-password"
JWT_SECRET = "jwt-signing-secret"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nRDS's, of this region\n"
ROLE_SECRETS = (str(KEYS.secret_key), str(KEYS.token), IMDS_TOKEN)
SECRETS = (*ROLE_SECRETS, PASSWORD, REGISTRY_PASSWORD, JWT_SECRET)
MUST_BE_SIGNED = {"host", "x-amz-date", "x-amz-security-token"}


METADATA, HEALTH, AWS = "metadata", "health", "aws"
ENV_FILE = "/configuration/.env"
LIBRARY = f"/clinic/clinic-dev-BackendStack-1A2B-BootLibrary-{bootstrap.library()[1]}"
"""The parameter with the rest of the program."""
AUTHORITIES = f"/{REGION}/{REGION}-bundle.pem"
"""Open to everybody: RDS's certificate authorities."""
CREATED = 1_700_000_000.123
"""When the current version of the secret was made, as Secrets Manager says it."""


@dataclass(frozen=True)
class Call:
    """One accepted request: `operation` is the action, or the method and path for S3."""

    service: str
    region: str
    operation: str
    body: dict[str, Any]


Answer = tuple[int, str]


@dataclass
class Cloud:
    """What the server answers, to be changed by a test, and what it was asked."""

    configuration: str | None = f"JWT_SECRET={JWT_SECRET}\r\nDB_HOST=old\nPORT=80\nCLOUD=true"
    secret: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    forgeries: list[str] = field(default_factory=list)
    destinations: set[str] = field(default_factory=set)
    streams: set[str] = field(default_factory=set)
    reactions: dict[str, tuple[int, Callable[[], None]]] = field(default_factory=dict)
    roles: dict[str, bool] = field(default_factory=dict)
    """Instances that have no role, by id: False."""
    authority: str = AUTHORITY
    """What is served as RDS's certificate authorities."""
    created: float = CREATED
    library: str = bootstrap.library()[0]
    """What is in the parameter LIBRARY."""
    port: int = 0

    def rotate(self, password: str) -> None:
        """Make another version of the secret the current one."""
        self.secret["password"] = password
        self.created += 86_400

    def named(self, operation: str) -> list[Call]:
        """Return the accepted calls of one operation, in order."""
        return [call for call in self.calls if call.operation == operation]

    def signals(self) -> list[str]:
        """Return the statuses signalled to the stack, in order."""
        return [call.body["Status"] for call in self.named("SignalResource")]

    def shipped(self) -> list[str]:
        """Return the lines that reached CloudWatch Logs, in order."""
        batches = self.named("PutLogEvents")
        return [event["message"] for call in batches for event in call.body["logEvents"]]

    def on(self, operation: str, times: int, act: Callable[[], None]) -> Callable[[], int]:
        """Act after an operation was answered so many times; return a count of its calls."""
        self.reactions[operation] = (times, act)
        return lambda: len(self.named(operation))

    def wait_for_calls(self, operation: str, count: int) -> list[Call]:
        """Return the calls of one operation as soon as there are so many (or a minute is over)."""
        deadline = time.monotonic() + 60
        while len(self.named(operation)) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.named(operation)

    def answer(self, call: Call) -> Answer:
        """Return status and text for a signed request."""
        self.calls.append(call)
        times, act = self.reactions.get(call.operation, (0, None))
        if act and len(self.named(call.operation)) == times + 1:
            act()
        if self.failures.get(call.operation):
            return self.failures[call.operation].pop(0)
        match call.operation:
            case "GetSecretValue":
                secret = json.dumps(self.secret)
                return 200, json.dumps({"SecretString": secret, "CreatedDate": self.created})
            case "GetAuthorizationToken":
                token = base64.b64encode(f"AWS:{REGISTRY_PASSWORD}".encode()).decode()
                return 200, json.dumps({"authorizationData": [{"authorizationToken": token}]})
            case "GetParameter" if call.body == {"Name": LIBRARY}:
                return 200, json.dumps({"Parameter": {"Name": LIBRARY, "Value": self.library}})
            case "CreateLogStream":
                self.streams.add(call.body["logStreamName"])
                return 200, "{}"
            case "PutLogEvents" if call.body["logStreamName"] not in self.streams:
                self.calls.pop()
                return 400, '{"__type": "ResourceNotFoundException"}'
            case "GET /configuration/.env" if self.configuration is None:
                return 404, "<Error><Code>NoSuchKey</Code></Error>"
            case "GET /configuration/.env":
                return 200, self.configuration or ""
            case "DescribeAutoScalingInstances":
                return 200, _group(call.body["InstanceIds.member.1"])
            case "PutLogEvents" | "SignalResource" | "PutMetricData" | "CompleteLifecycleAction":
                return 200, "{}"
            case other:
                return 400, f"nobody plays {other}"


def _group(instance: str) -> str:
    return (
        "<DescribeAutoScalingInstancesResponse>\n <DescribeAutoScalingInstancesResult>\n"
        f"  <AutoScalingInstances>\n   <member>\n    <InstanceId>{instance}</InstanceId>\n"
        f"    <AutoScalingGroupName>{GROUP}</AutoScalingGroupName>\n   </member>\n"
        "  </AutoScalingInstances>\n </DescribeAutoScalingInstancesResult>\n"
        "</DescribeAutoScalingInstancesResponse>\n"
    )


class Handler(BaseHTTPRequestHandler):
    """Sorts a request into metadata, health check or AWS."""

    cloud: Cloud
    instance: str
    healthy: Callable[[str], bool]
    roles: frozenset[str]
    """What is answered at this address: METADATA, HEALTH, AWS."""

    def do_PUT(self) -> None:
        """Hand out a metadata token to whoever states its lifetime; the rest is for AWS."""
        if METADATA not in self.roles or self.path != "/latest/api/token":
            self.do_POST()
            return
        stated = "X-aws-ec2-metadata-token-ttl-seconds" in self.headers
        self._send(200 if stated else 400, IMDS_TOKEN)

    def do_GET(self) -> None:
        """Answer metadata to a token's bearer, health to anybody, the rest to a signer."""
        if METADATA in self.roles and self.path.startswith("/latest/meta-data/"):
            bearer = self.headers.get("X-aws-ec2-metadata-token") == IMDS_TOKEN
            self._send(*(self._metadata() if bearer else (401, "")))
        elif HEALTH in self.roles and self.path == "/api":
            self._send(200 if self.healthy(self._asked()) else 503, "")
        elif AWS in self.roles and self.path == AUTHORITIES:
            failures = self.cloud.failures.get(AUTHORITIES)
            self._send(*(failures.pop(0) if failures else (200, self.cloud.authority)))
        elif AWS in self.roles:
            self.do_POST()
        else:
            self._send(404, "")

    def do_CONNECT(self) -> None:
        """As a proxy, note where a request would have gone, and lead nowhere."""
        self.cloud.destinations.add(self.path)
        self._send(502, "")

    def do_POST(self) -> None:
        """Check the signature, then answer as the service would."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            call = _verified(self.command, self.path, dict(self.headers.items()), body)
        except (KeyError, ValueError) as error:
            self.cloud.forgeries.append(f"{self.command} {self.path}: {error}")
            self._send(403, "SignatureDoesNotMatch")
        else:
            self._send(*self.cloud.answer(call))

    def _asked(self) -> str:
        """The container at the address that was asked."""
        return "backend-a" if self.connection.getsockname()[0].endswith(".2") else "backend-b"

    def _metadata(self) -> tuple[int, str]:
        role = "iam/security-credentials/"
        keys = {
            "AccessKeyId": KEYS.access_key,
            "SecretAccessKey": KEYS.secret_key,
            "Token": KEYS.token,
        }
        known = {"instance-id": self.instance}
        if self.cloud.roles.get(self.instance, True):
            known |= {role: "the-role", f"{role}the-role": json.dumps(keys)}
        path = self.path.removeprefix("/latest/meta-data/")
        return (200, known[path]) if path in known else (404, "")

    def _send(self, status: int, text: str) -> None:
        payload = text.encode(errors="surrogateescape")
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:  # the parent's own argument names
        """Keep the test output quiet."""


def _verified(method: str, path: str, headers: dict[str, str], body: bytes) -> Call:
    """Return the call behind a signed request; ValueError when botocore would sign it otherwise."""
    lower = {name.lower(): value for name, value in headers.items()}
    parts = lower["authorization"].removeprefix("AWS4-HMAC-SHA256 ").replace(" ", "").split(",")
    fields = dict(part.split("=", 1) for part in parts)
    _, _, region, service, _ = fields["Credential"].split("/")
    signed = fields["SignedHeaders"].split(";")
    if missing := MUST_BE_SIGNED - set(signed):
        raise ValueError(f"unsigned: {missing}")
    stated = datetime.strptime(lower["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs((datetime.now(UTC) - stated).total_seconds()) > 300:
        raise ValueError("stale")
    url = f"http://{lower['host']}{path}"
    request = AWSRequest(method, url, {name: lower[name] for name in signed}, body)
    request.context["timestamp"] = lower["x-amz-date"]
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(KEYS, service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if signer.signature(text, request) != fields["Signature"]:
        raise ValueError("the signature differs")
    return _call(service, region, f"{method} {path}", lower, body)


def _call(service: str, region: str, where: str, headers: dict[str, str], body: bytes) -> Call:
    if "x-amz-target" in headers:
        operation = headers["x-amz-target"].rpartition(".")[2]
        return Call(service, region, operation, json.loads(body))
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return Call(service, region, form.get("Action", where), form)


def serve(
    cloud: Cloud,
    listener: socket.socket,
    instance: str,
    healthy: Callable[[str], bool],
    roles: frozenset[str],
) -> ThreadingHTTPServer:
    """Start a server on a bound socket, in a thread; the caller shuts it down."""
    bound = {"cloud": cloud, "instance": instance, "healthy": staticmethod(healthy)}
    handler = type("BoundHandler", (Handler,), {**bound, "roles": roles})
    server = ThreadingHTTPServer(listener.getsockname(), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_activate()
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server
