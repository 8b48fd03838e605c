"""Requests to the health path, one after the other, while everything else goes on."""

from __future__ import annotations

import http.client
import time
from collections import deque
from statistics import median
from threading import Event, Thread
from typing import NamedTuple
from urllib.parse import urlsplit

from generator.errors import ClinicError, quote

PACE = 1.0
"""Seconds between two requests."""
PATIENCE = 10.0
"""Seconds until a request without an answer has failed."""


class SampledRequest(NamedTuple):
    """The result of one request."""

    good: bool
    """2xx within PATIENCE."""
    milliseconds: float


def ask(url: str) -> SampledRequest:
    """One GET; every kind of failure is an answer too."""
    parts, start = urlsplit(url), time.monotonic()
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.netloc, timeout=PATIENCE)
        try:
            connection.request("GET", parts.path or "/", headers={"User-Agent": "clinic-stress"})
            reply = connection.getresponse()
            reply.read()
            good = 200 <= reply.status < 300
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        good = False
    return SampledRequest(good, (time.monotonic() - start) * 1000)


def checked_url(url: str) -> str:
    """``url``; ClinicError unless a request to it could be made."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ClinicError(
            f"{quote(url)} is no address: give one such as https://clinic.example/api."
        )
    return url


class Sampler:
    """Asks ``url`` once a pace from its start to its end, in a thread of its own."""

    def __init__(self, url: str, pace: float = PACE) -> None:
        self.url, self.pace = url, pace
        self._answers: deque[SampledRequest] = deque()
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE + 1)

    def _run(self) -> None:
        while not self._over.is_set():
            self._answers.append(ask(self.url))
            self._over.wait(self.pace)

    def take(self) -> tuple[int, int, float | None]:
        """Since the last time: requests, failures, the median of the good ones in milliseconds."""
        taken = [self._answers.popleft() for _ in range(len(self._answers))]
        times = [answer.milliseconds for answer in taken if answer.good]
        return len(taken), len(taken) - len(times), round(median(times), 1) if times else None
