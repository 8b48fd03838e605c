"""One request, one connection, one handshake: no redirect is followed, and each has a time-out."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from generator.cloud.text import printable

SECONDS = 10.0
"""The longest that one connection or one answer may take."""
LARGEST = 4 * 1024**2
"""Bytes of an answer that are read."""


class BrokenError(Exception):
    """The promise is not kept; the message says what was seen."""


class UndecidedError(Exception):
    """It was tried, but what was seen says neither yes nor no."""


class UntestedError(Exception):
    """It cannot be tried from what is known; the message says what is missing."""


@dataclass(frozen=True)
class ServerAddress:
    """How to reach a host."""

    host: str
    port: int
    tls: bool = True
    through: tuple[str, int] | None = None
    """Connect here instead, in plain HTTP, to an endpoint that plays the host."""


@dataclass(frozen=True)
class Response:
    """What a server said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def header(self, name: str) -> str:
        return printable(self.headers.get(name) or "")

    @property
    def kind(self) -> str:
        """The content type without its parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def is_document(self) -> bool:
        """Whether it is an HTML page and not only a line of text that calls itself HTML."""
        start = self.body[:1024].lower()
        return self.kind == "text/html" and (b"<!doctype html" in start or b"<html" in start)

    def __str__(self) -> str:
        return f"{self.status} {self.kind or 'without a content type'}"


def ask(
    address: ServerAddress,
    path: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Response:
    """One request. OSError when nobody answers within SECONDS."""
    connection = _connection(address)
    proto = "https" if address.tls else "http"
    played = {"Host": address.host, "X-Forwarded-Proto": proto} if address.through else {}
    try:
        sent = {"User-Agent": "clinic-smoke", **played, **(headers or {})}
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        return Response(response.status, response.headers, _read(response))
    except http.client.HTTPException as error:
        raise OSError(f"that is not HTTP ({type(error).__name__})") from error
    finally:
        connection.close()


def ask_url(url: str) -> Response:
    """One GET of a whole address."""
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    address = ServerAddress(parts.hostname or "", parts.port or (443 if tls else 80), tls)
    return ask(address, parts.path or "/")


def connects(host: str, port: int) -> bool:
    """Whether somebody answers at a port, on any address of a name, all of them asked at once; a
    name that does not resolve has no port either."""
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return False
    addresses = {address[0] for *_, address in resolved}
    with ThreadPoolExecutor(len(addresses)) as pool:
        return any(pool.map(lambda one: _connects(str(one), port), addresses))


def _connects(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), SECONDS / 2).close()
    except OSError:
        return False
    return True


def handshake(address: ServerAddress, version: ssl.TLSVersion | None = None) -> str:
    """The TLS version that a server agrees to; only ``version`` is offered if it is given.

    Without it the certificate is checked and nothing below TLS 1.2 is offered. OSError if refused.
    """
    context = _only(version) if version else _modern()
    with (
        socket.create_connection((address.host, address.port), SECONDS) as raw,
        context.wrap_socket(raw, server_hostname=address.host) as secured,
    ):
        return str(secured.version())


def can_offer(version: ssl.TLSVersion) -> bool:
    """Whether this machine's OpenSSL can begin a handshake of that version."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        _only(version).wrap_bio(incoming, outgoing, server_hostname="example.com").do_handshake()
    except ssl.SSLWantReadError:
        return True
    except (ssl.SSLError, ValueError):
        pass
    return False


def describe_error(error: OSError) -> str:
    """Why nobody answered, in a few words."""
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:.0f} s"
    if isinstance(error, socket.gaierror):
        return "the name does not resolve"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {printable(error.verify_message)}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {printable(error.reason or error)}"
    return printable(error.strerror or error or type(error).__name__).lower()


def _connection(address: ServerAddress) -> http.client.HTTPConnection:
    if address.through:
        return http.client.HTTPConnection(*address.through, timeout=SECONDS)
    if address.tls:
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=SECONDS, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(address.host, address.port, timeout=SECONDS)


def _read(response: http.client.HTTPResponse) -> bytes:
    # The socket's time-out begins anew with each byte, and a server may send one now and then.
    end, body = time.monotonic() + SECONDS, b""
    while len(body) < LARGEST and (part := response.read1(65536)):
        body += part
        if time.monotonic() > end:
            raise TimeoutError
    return body


def _modern() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """What is asked is whether the server still speaks an old version, not whom it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    return context
