"""A CDN, a bucket and a balancer on loopback, and the ways in which each may be wrong."""

from __future__ import annotations

import gzip
import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from generator.application.smoke.ask import ServerAddress
from generator.application.smoke.pages import SECURITY_HEADERS
from generator.application.smoke.site import SmokeTarget

PAGE = b'<!doctype html><html><script src="/assets/index-0a1b.js"></script></html>'
CODE = b"console.log('clinic');\n" * 200
HTML, JSON, XML = "text/html", "application/json; charset=utf-8", "application/xml"


@dataclass
class Request:
    method: str
    path: str
    headers: Any
    body: bytes


@dataclass
class Reply:
    status: int
    kind: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Play = Callable[[Request], Reply]


def refusal(status: int, message: str = "no") -> Reply:
    """As the backend writes it."""
    return Reply(status, JSON, json.dumps({"statusCode": status, "message": message}).encode())


def cdn(request: Request) -> Reply:
    """The documented frontend and backend behind the architecture's CDN."""
    reply = _backend(request) if request.path.startswith("/api") else _frontend(request)
    return Reply(reply.status, reply.kind, reply.body, {**SECURITY_HEADERS, **reply.headers})


def _frontend(request: Request) -> Reply:
    last = request.path.rpartition("/")[2]
    if "/." in request.path or "%2e" in request.path.lower():
        return Reply(404, "text/plain", b"")
    if request.path == "/assets/index-0a1b.js":
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            packed = {"Content-Encoding": "gzip"}
            return Reply(200, "text/javascript", gzip.compress(CODE), packed)
        return Reply(200, "text/javascript", CODE)
    if "." in last:
        return Reply(404, XML, b"<Error><Code>NoSuchKey</Code></Error>")
    return Reply(200, HTML, PAGE)


def _backend(request: Request) -> Reply:
    if sum(len(name) + len(value) for name, value in request.headers.items()) > 16384:
        return Reply(431, "", b"")
    if request.path == "/api":
        return Reply(200, HTML, "API para Odontología funcionando!".encode())
    if request.path == "/api/autenticacion/inicio-sesion" and request.method == "POST":
        if not request.headers.get("Authorization") or not json.loads(request.body)["correo"]:
            return Reply(500, JSON, b"{}")
        return refusal(401, "Credenciales inválidas")
    return refusal(404, f"Cannot {request.method} {request.path}")


@dataclass
class Stage:
    """The servers, and the site as somebody outside knows it."""

    site: SmokeTarget
    heard: list[Request]


@contextmanager
def played(
    play: Play, context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[Request]]]:
    """A server on a free port that plays; the port, and what it was asked."""
    heard: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, self.headers, body)
            heard.append(request)
            reply = play(request)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A refused handshake is what is wanted."""

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def staged(certificate: Path, tls: ssl.TLSVersion | None = None, **plays: Play) -> Iterator[Stage]:
    """Everything on loopback; ``plays`` (cdn, plain, bucket, balancer) replace how one plays.

    ``tls``: the oldest version that the CDN accepts.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = tls
    with ExitStack() as open_:
        port, heard = open_.enter_context(played(plays.get("cdn", cdn), context))
        to = {"Location": f"https://127.0.0.1:{port}/"}

        def leads_on(request: Request) -> Reply:
            return Reply(301, HTML, b"", to) if request.path == "/" else Reply(403, HTML, b"")

        plain, _ = open_.enter_context(played(plays.get("plain", leads_on)))
        bucket, _ = open_.enter_context(
            played(plays.get("bucket", lambda _: Reply(403, XML, b"<Error/>")))
        )
        balancer, _ = open_.enter_context(
            played(plays.get("balancer", lambda _: Reply(403, "text/plain", b"")))
        )
        yield Stage(
            SmokeTarget(
                name="stage",
                address=ServerAddress("127.0.0.1", port),
                http_address=ServerAddress("127.0.0.1", plain, tls=False),
                balancer=("127.0.0.1", balancer),
                exposure="cloudfront",
                targets=lambda: ["healthy", "healthy"],
                buckets={"frontend": f"http://127.0.0.1:{bucket}/index.html"},
                shut={3000: (nobody(),), 5432: (nobody(), ("no-such-host.invalid", 5432))},
            ),
            heard,
        )


def nobody() -> tuple[str, int]:
    """A place on loopback where nobody listens: low ports are never given out."""
    return "127.0.0.1", 1


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key in one file."""
    key, certificate, both = (folder / name for name in ("key.pem", "cert.pem", "both.pem"))
    wanted = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext"
    names = ["subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", *wanted.split(), *names],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both
