"""Who may call: only requests that are signed with the secret which this start has made up.

The emulator takes any signature. Whoever else is on this machine, or a web page in the browser of
the person at it, could otherwise make a function here, which then runs as that person. A page's
request is known by its Origin header and, where a name of its own leads to loopback (DNS
rebinding), by its Host; neither is ever signed with the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from generator.local.engine import actions, s3, sigv4

Headers = Mapping[str, str]
Refusal = tuple[str, str]
"""AWS's code and sentence."""
Asgi = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]

BROWSERS = ("origin", "sec-fetch-site")
"""Headers that browsers send and no SDK does."""
LOOPBACK = ("127.0.0.1", "localhost")
DISTRIBUTION = re.compile(r"[a-z0-9]+\.cloudfront\.net")
CALLBACK = "/_ministack/cfn-response/"
"""Where a custom resource's function answers, at an address with a random token, as on AWS."""
HASH = re.compile(r"[0-9a-f]{64}")
UNSIGNED: Refusal = ("MissingAuthenticationToken", "Missing Authentication Token")
FORGED: Refusal = ("SignatureDoesNotMatch", sigv4.SIGNATURE_MISMATCH)
UNSIGNED_HEADERS: Refusal = (
    "AccessDenied",
    "There were headers present in the request which were not signed",
)
FOREIGN: Refusal = ("AccessDenied", "This endpoint takes no requests of web pages.")


def only_signed(app: Asgi, secret: str) -> Asgi:
    """The emulator behind a check of each request; what fails it gets 403, and nothing is done."""

    async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            # AWS closes before the handshake is done: the server answers 403.
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1").lower(): sent for name, sent in _decoded(scope)}
        if _is_open(scope, headers):
            await app(scope, receive, send)
            return
        body = b"".join([part async for part in _parts(receive)])
        if refusal := _refusal(scope, headers, body, secret):
            await _refuse(send, scope, headers, refusal)
            return
        left = [{"type": "http.request", "body": body, "more_body": False}]
        await app(scope, lambda: _next(left, receive), send)

    return checked


def _decoded(scope: Mapping[str, Any]) -> list[tuple[bytes, str]]:
    return [(name, sigv4.decode_header_value(value)) for name, value in scope["headers"]]


async def _parts(receive: Any) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def _next(left: list[dict[str, Any]], receive: Any) -> Any:
    return left.pop() if left else await receive()


def _is_open(scope: Mapping[str, Any], headers: Headers) -> bool:
    """What needs no signature on AWS either: a viewer's reading, and a function's answer."""
    if DISTRIBUTION.fullmatch(_host(headers)):
        return scope["method"] in ("GET", "HEAD")
    return bool(
        scope["method"] == "PUT"
        and scope["path"].startswith(CALLBACK)
        and not _from_a_page(headers)
    )


def _host(headers: Headers) -> str:
    return headers.get("host", "").partition(":")[0]


def _from_a_page(headers: Headers) -> bool:
    return any(name in headers for name in BROWSERS)


def _refusal(
    scope: Mapping[str, Any], headers: Headers, body: bytes, secret: str
) -> Refusal | None:
    """Why the request is refused, or None if whoever made it knows the secret."""
    if _host(headers) not in LOOPBACK or _from_a_page(headers):
        return FOREIGN
    if not headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        return UNSIGNED
    signature = sigv4.parse_header_signature(headers)
    if isinstance(signature, tuple):
        return signature
    signed = signature.signed_headers.split(";")
    if "host" not in signed:
        return FORGED
    if signature.service == "s3" and {h for h in headers if h.startswith("x-amz-")}.difference(
        signed
    ):
        return UNSIGNED_HEADERS
    content = headers.get("x-amz-content-sha256", "")
    if HASH.fullmatch(content) and not _is_hash(content, body):
        return "XAmzContentSHA256Mismatch", "The provided x-amz-content-sha256 does not match."
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    path = scope["raw_path"].decode("ascii")
    request = (scope["method"], path, query, headers, body)
    forged: Refusal | None = sigv4.header_signature_failure(signature, secret, *request)
    late: Refusal | None = sigv4.request_time_failure(signature)
    return forged or late or _of_another(path, headers)


def _of_another(path: str, headers: Headers) -> Refusal | None:
    """S3's refusal where a bucket is not of the account that the caller expects; the emulator does
    not look at that header."""
    expected = headers.get("x-amz-expected-bucket-owner")
    owner = s3._bucket_owner_account(path.split("/")[1])
    return ("AccessDenied", "Access Denied") if expected and owner not in (None, expected) else None


def _is_hash(content: str, body: bytes) -> bool:
    return hmac.compare_digest(content, hashlib.sha256(body).hexdigest())


async def _refuse(send: Any, scope: Mapping[str, Any], headers: Headers, refusal: Refusal) -> None:
    """Answer 403 in the form that the service's clients read."""
    code, sentence = refusal
    named = re.search(r"Credential=[^,]*/([\w-]+)/aws4_request", headers.get("authorization", ""))
    service = named[1] if named else "s3"
    _, wanted, body = actions.access_denied_response(
        service, "", "", str(uuid.uuid4()), error_code=code, message=sentence, headers=headers
    )
    shown = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]
    length = (b"content-length", str(len(body)).encode())
    head = {"type": "http.response.start", "status": 403, "headers": [*shown, length]}
    await send(head)
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
