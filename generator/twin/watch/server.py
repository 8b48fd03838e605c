"""Who may see the page: the browser of whoever was given its address.

Others on this machine, and pages of other sites in that browser, lack the address's token. A name
that leads to loopback (DNS rebinding) is known by its Host, a page of another site by its Origin
or Sec-Fetch-Site.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from generator.checks.diagram import draw
from generator.checks.diagram.derive import derive
from generator.checks.diagram.labels import Labels
from generator.shipped import text
from generator.svg import words
from generator.twin.services import Handler, serve
from generator.twin.twin import Twin
from generator.twin.watch.requests import Requests
from generator.twin.watch.state import WatchState

LOOPBACK = ("127.0.0.1", "localhost")
OWN = ("same-origin", "none")
"""Sec-Fetch-Site of the page's own requests, and of an address that a person types."""


@dataclass(frozen=True)
class Page:
    """The page, its policy, and what it asks."""

    state: WatchState
    token: str
    document: str
    policy: str


def start(twin: Twin, door: int) -> str:
    """Serve the page at ``door``, a listening socket of the host's, for as long as this process
    lives; its address."""
    listening = socket.socket(fileno=door)
    port = listening.getsockname()[1]
    document, policy = _document(twin)
    state = WatchState(twin, Requests(twin.cdn.folder / "access.log"))
    page = Page(state, secrets.token_urlsafe(24), document, policy)
    serve(listening, Watcher, page)
    return f"http://127.0.0.1:{port}/{page.token}/"


def _document(twin: Twin) -> tuple[str, str]:
    """The page as one document, and the policy that lets it run nothing but its own script."""
    view = twin.deployed.view
    style, script = _shipped("page.css"), _shipped("page.js")
    parts = {
        "@title@": words(f"{view.env} · twin"),
        "@style@": style,
        "@script@": script,
        "@picture@": draw.draw(derive(view), Labels("en")),
    }
    document = _shipped("page.html")
    for name, inside in parts.items():
        document = document.replace(name, inside)
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return document, policy


def _shipped(file: str) -> str:
    return text(__package__ or "", file)


def _hash(inside: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()


class Watcher(Handler):
    """Answers reading requests at the address with the token; 403 to all others."""

    owner: Page

    def do_GET(self) -> None:
        """The page, or the state that it asks for each second."""
        _, token, name = [*self.path.split("/", 2), "", ""][:3]
        if not self._own() or not hmac.compare_digest(token.encode(), self.owner.token.encode()):
            return self._send(403, "Open the address that clinic twin printed.\n", "text/plain")
        if name == "":
            return self._send(200, self.owner.document, "text/html")
        if name == "state.json":
            return self._send(200, json.dumps(self.owner.state.now()), "application/json")
        return self._send(404, "Nothing is here.\n", "text/plain")

    do_HEAD = do_GET

    def _own(self) -> bool:
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "none")
        return (
            host.partition(":")[0] in LOOPBACK
            and (origin is None or urlsplit(origin).netloc == host)
            and site in OWN
        )

    def _send(self, status: int, body: str, kind: str) -> None:
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Security-Policy": self.owner.policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        self.respond(status, body, headers.items())
