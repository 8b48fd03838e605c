"""Requests of visitors at a steady rate, each counted with its time and status."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import NamedTuple, Self

from generator.twin.namespaces import enter
from generator.twin.network import EDGE
from generator.twin.twin import Twin
from generator.twin.visitor import PATIENTS, token

WORKERS = 8
PATIENCE = 15.0
"""Seconds that a visitor waits for a response."""
GAP = 3.0
"""Seconds between two failures that are of two windows."""


class Request(NamedTuple):
    """One request: when it was sent, what came back, and after how long; all in seconds."""

    at: float
    result: str
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether the visitor got anything but what was asked for."""
        return self.result not in ("200", "201")


@dataclass
class Load:
    """Requests for one path, open loop, from the visitor's place, while the block runs."""

    twin: Twin
    path: str = PATIENTS
    """Of a person who is logged in: the database answers each request."""
    rate: float = 24.0
    """Requests a second."""
    requests: list[Request] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)
    _begun: float = 0.0
    _token: str = ""

    def __enter__(self) -> Self:
        """Begin. ClinicError (1) if nobody can log in."""
        self._token = token(self.twin)
        self._begun = time.monotonic()
        self._threads = [Thread(target=self._work, args=(n,), daemon=True) for n in range(WORKERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, after the requests that are under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE + 1)

    @property
    def lost(self) -> list[Request]:
        """The requests that failed."""
        return [one for one in self.requests if one.failed]

    def summary(self) -> str:
        """All of it in one line."""
        if not self.lost:
            return f"0 of {len(self.requests)} requests lost at {self.rate:g}/s"
        kinds = ", ".join(
            f"{n} x {kind}" for kind, n in Counter(r.result for r in self.lost).items()
        )
        spans = ", ".join(f"{a:.1f} to {b:.1f} s" for a, b in windows(r.at for r in self.lost))
        return f"{len(self.lost)} of {len(self.requests)} requests lost ({kinds}; {spans})"

    def _work(self, number: int) -> None:
        enter("client")
        context = ssl.create_default_context(cafile=str(self.twin.authority.bundle))
        headers = {"Authorization": f"Bearer {self._token}"}
        gap = WORKERS / self.rate
        due = self._begun + gap * number / WORKERS
        link: http.client.HTTPSConnection | None = None
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + gap, time.monotonic() - 5 * gap)
            at = time.monotonic()
            try:
                link = link or _connect(self.twin.cdn.host, context)
                link.request("GET", self.path, headers=headers)
                response = link.getresponse()
                response.read()
                result = str(response.status)
                link = None if response.will_close else link
            except (OSError, http.client.HTTPException) as error:
                result, link = type(error).__name__, None
            self.requests.append(Request(at - self._begun, result, time.monotonic() - at))


def _connect(host: str, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    made = http.client.HTTPSConnection(host, timeout=PATIENCE, context=context)
    raw = socket.create_connection((EDGE, 443), PATIENCE)
    made.sock = context.wrap_socket(raw, server_hostname=host)
    return made


def windows(times: Iterable[float]) -> list[tuple[float, float]]:
    """Spans of time in which something happened at least every ``GAP`` seconds."""
    spans: list[tuple[float, float]] = []
    for at in sorted(times):
        if spans and at - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((at, at))
    return spans
