"""Stands between a publication and the endpoint: records every call, and breaks one of them."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.cloud.faults import Fault

KILLED = "killed"
"""The fault that ends the process instead of answering."""
DROPPED = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Proxy:
    """What was called, and what is to be broken."""

    target: str
    """host:port of the endpoint."""
    fault: Fault | None = None
    at: int = -1
    """Which call, from 0 on."""
    counts: Callable[[str], bool] = lambda name: True
    """Calls that ``at`` counts."""
    kill: Callable[[], None] = lambda: None
    """Ends the process that publishes."""
    calls: list[str] = field(default_factory=list)
    """Every call: what it does, and to which file."""
    struck: str = ""
    """The call that was broken."""
    port: int = 0
    _counted: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def broken(self, name: str) -> Fault | None:
        """The fault that meets a call, if it is the one."""
        with self._lock:
            self.calls.append(name)
            number = self._counted
            self._counted += self.counts(name)
            if self.fault and self.struck and self.fault.lasting:
                return Fault(self.fault.name, self.fault.code, self.fault.status, False, True)
            if self.fault and not self.struck and self.counts(name) and number == self.at:
                self.struck = name
                return self.fault
        return None

    def sent(self) -> list[str]:
        """Keys in the order in which they were put."""
        return [name.partition(" ")[2] for name in self.calls if name.startswith("PutObject ")]


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    """Serve on a free port of loopback for the length of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def named(method: str, target: str) -> str:
    """What a request does, in the service's own words."""
    parts = urlsplit(target)
    key = unquote(parts.path).lstrip("/").partition("/")[2]
    if "/invalidation" in parts.path:
        listed = parts.path.endswith("/invalidation")
        if method == "POST":
            return "CreateInvalidation"
        return "ListInvalidations" if listed else "GetInvalidation"
    if method == "POST":
        return "DeleteObjects" if "delete" in parts.query else "DescribeStacks"
    if not key:
        return "ListObjectsV2"
    return f"{method.capitalize()}Object {key}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def setup(self) -> None:
        super().setup()
        self.upstream = http.client.HTTPConnection(self.proxy.target, timeout=60)

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def finish(self) -> None:
        self.upstream.close()
        # Whoever called may be dead.
        with suppress(OSError):
            super().finish()

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.proxy.broken(named(self.command, self.path))
        if fault is None or fault.after:
            answer = self._ask(body)
        if fault is None:
            self._answer(*answer)
        elif fault.code:
            code, status = fault.code, fault.status
            if code == "Throttling" and not self._is_query():
                code, status = "SlowDown", 503
            text = f"<Error><Code>{code}</Code><Message>{fault.words}</Message></Error>"
            whole = f"<ErrorResponse>{text}</ErrorResponse>" if self._is_query() else text
            self._answer(status, {"Content-Type": "text/xml"}, whole.encode())
        else:
            if fault.name == KILLED:
                self.proxy.kill()
            self.close_connection = True

    def _is_query(self) -> bool:
        return named(self.command, self.path) == "DescribeStacks" or "invalidation" in self.path

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.upstream.request(self.command, self.path, body, dict(self.headers.items()))
        answer = self.upstream.getresponse()
        headers = {k: v for k, v in answer.getheaders() if k.lower() not in DROPPED}
        if self.command == "HEAD":
            headers["Content-Length"] = answer.getheader("Content-Length", "0")
        return answer.status, headers, answer.read()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        with suppress(OSError):
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)


for _method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler._pass)
