"""The promises of the frontend and of the CDN before it. Each gives what it saw, or raises."""

from __future__ import annotations

import re
import secrets

from generator.application.smoke.ask import (
    BrokenError,
    Response,
    UndecidedError,
    UntestedError,
    ask,
)
from generator.application.smoke.site import SmokeTarget

ROUTES = ("/pacientes", "/inicio", "/agenda")
"""Client-side routes of the documented frontend."""
HIDDEN = ("/.env", "/.env.production", "/assets/.env", "/%2eenv", "/.git/config")
SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "frame-ancestors 'self'; object-src 'none'; base-uri 'self'",
}
"""What the CDN adds to every answer (generator/layers/edge/behaviors.py)."""
SUBDOMAINS = "; includeSubDomains"
"""What StrictTransportSecurity may add to the first."""
OVERRIDDEN = ("Strict-Transport-Security", "X-Content-Type-Options")
"""Those of them that the backend cannot replace by its own."""
SMALLEST = 1000
"""Bytes below which CloudFront compresses nothing."""
TRIES = 3
"""A busy edge may pass an object on as it is the first time."""
ENV_LINE = re.compile(rb"^[A-Z][A-Z0-9_]*=", re.MULTILINE)
ASSET = re.compile(rb"""(?:src|href)=["'](/[^"'?]+\.(?:js|css))["']""")


def page(site: SmokeTarget) -> str:
    answer = ask(site.address, "/")
    _published(site, answer)
    return _document("/", answer)


def deep_link(site: SmokeTarget) -> str:
    _published(site, ask(site.address, "/"))
    return ", ".join(f"{route} {_document(route, ask(site.address, route))}" for route in ROUTES)


def missing_asset(site: SmokeTarget) -> str:
    path = f"/assets/none-{secrets.token_hex(4)}.js"
    answer = ask(site.address, path)
    if answer.status != 404:
        raise BrokenError(
            f"{path} is {answer}: a missing file must be 404, or a stale tab runs HTML"
        )
    return str(answer)


def https_redirect(site: SmokeTarget) -> str:
    if site.http_address is None:
        raise UntestedError("which port answers http is not known from this address")
    answer = ask(site.http_address, "/")
    target = answer.header("Location")
    if answer.status not in (301, 302, 307, 308) or not _same(site, target):
        raise BrokenError(f"http gave {answer} {target}".rstrip())
    api = ask(site.http_address, site.health)
    if api.status < 300:
        raise BrokenError(f"{site.health} answers {api} without TLS")
    return f"{answer.status} to {target}"


def security_headers(site: SmokeTarget) -> str:
    # Where an endpoint plays the CDN, nobody plays the backend.
    for path in ("/",) if site.address.through else ("/", site.health):
        answer = ask(site.address, path)
        for name, expected in SECURITY_HEADERS.items():
            value = answer.header(name)
            own = path != "/" and name not in OVERRIDDEN
            if name == "Strict-Transport-Security" and value.lower().endswith(SUBDOMAINS.lower()):
                expected += SUBDOMAINS
            if not value or (value.lower() != expected.lower() and not own):
                raise BrokenError(f"{path}: {name} is {value or 'missing'}, not {expected}")
    return f"all {len(SECURITY_HEADERS)}"


def compression(site: SmokeTarget) -> str:
    home = ask(site.address, "/")
    _published(site, home)
    asset = ASSET.search(home.body)
    path = asset[1].decode("ascii", "replace") if asset else "/"
    whole = ask(site.address, path) if asset else home
    if len(whole.body) < SMALLEST:
        raise UndecidedError(
            f"{path} has under {SMALLEST} bytes, which CloudFront leaves as they are"
        )
    for _ in range(TRIES):
        answer = ask(site.address, path, headers={"Accept-Encoding": "br, gzip"})
        coding = answer.header("Content-Encoding")
        if coding in ("br", "gzip"):
            return f"{path} by {coding}: {len(whole.body):,} to {len(answer.body):,} bytes"
    raise BrokenError(f"{path} has {len(whole.body):,} bytes and came as it is")


def env_file(site: SmokeTarget) -> str:
    for path in HIDDEN:
        answer = ask(site.address, path)
        if ENV_LINE.search(answer.body):
            raise BrokenError(
                f"{path} hands out settings ({answer}): change every secret in it now"
            )
        if answer.status not in (403, 404):
            raise BrokenError(f"{path} is {answer} where nothing may be")
    return "refused"


def _document(path: str, answer: Response) -> str:
    if answer.status != 200 or not answer.is_document:
        raise BrokenError(f"{path} is {answer}, not an HTML page")
    return str(answer)


def _published(site: SmokeTarget, answer: Response) -> None:
    """Stop where the bucket has no index.html."""
    if answer.status in (403, 404) and b"NoSuchKey" in answer.body:
        if site.may_be_empty:
            raise UndecidedError("nothing published yet: `clinic publish` does that")
        raise BrokenError(f"the bucket has no index.html ({answer}): run `clinic publish`")


def _same(site: SmokeTarget, target: str) -> bool:
    port = "" if site.address.port == 443 else f":{site.address.port}"
    host = f"https://{site.address.host}"
    return target == f"{host}{port}/" or target == f"{host}:{site.address.port}/"
