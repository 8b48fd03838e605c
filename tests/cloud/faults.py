"""Breaks one call of a run, before or after it takes effect, and looks what a second run does.

Only the wire is touched: botocore's own hooks stand between the helper and the endpoint.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

from generator.cloud.aws import Aws

PATIENCE = 0.1
"""Seconds; longer pauses are retries, and cost a hundredth of a second while faults are tried."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong at a call."""

    name: str
    code: str = ""
    """The service's error code; none: the connection breaks."""
    status: int = 0
    after: bool = False
    """Whether the call takes effect first, and only its answer is lost."""
    lasting: bool = False
    """Whether every later call fails too, as when the machine or the session is gone."""
    words: str = "injected"
    """The service's message."""

    def __str__(self) -> str:
        return f"{self.name} {'after' if self.after else 'before'}"


KINDS = (
    Fault("connection cut", lasting=True),
    Fault("throttled", "Throttling", 400),
    Fault("server error", "InternalFailure", 500),
    Fault("denied", "AccessDenied", 403),
    Fault("expired", "ExpiredToken", 403, lasting=True),
)
FAULTS = tuple(
    Fault(kind.name, kind.code, kind.status, after, kind.lasting)
    for kind in KINDS
    for after in (False, True)
)


@dataclass
class Wire:
    """Counts the calls of a connection and breaks one of them."""

    fault: Fault | None = None
    at: int = -1
    """Which call, from 0 on."""
    operation: str = ""
    """Instead: every call of this operation, such as PutObject."""
    calls: list[str] = field(default_factory=list)
    """service.Operation of every call that was begun."""
    struck: str = ""
    """The call that was broken."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _here: threading.local = field(default_factory=threading.local)

    def watch(self, aws: Aws) -> Aws:
        """Put the wire between a fresh connection and its endpoint."""
        # botocore uses what a handler returns, which its stubs do not know.
        events: Any = aws.session.events
        events.register("before-call.*", self._begin)
        events.register("before-send.*", self._send)
        return aws

    def _begin(self, model: Any, **_: Any) -> None:
        with self._lock:
            self._here.index = len(self.calls)
            self._here.name = f"{model.service_model.service_name}.{model.name}"
            self._here.is_first = True
            self.calls.append(self._here.name)

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        fault, here = self.fault, self._here
        first, here.is_first = here.is_first, False
        if fault is None or not self._strikes(fault, first):
            return None
        if not self.struck:
            self.struck = here.name
            if fault.after:
                URLLib3Session().send(request)
        if not fault.code:
            raise ConnectionClosedError(endpoint_url=request.url)
        return _answer(request, fault)

    def _strikes(self, fault: Fault, first: bool) -> bool:
        here = self._here
        if self.operation:
            return here.name.endswith(f".{self.operation}")
        return (here.index == self.at and first) or (fault.lasting and bool(self.struck))


def _answer(request: AWSPreparedRequest, fault: Fault) -> AWSResponse:
    """An error as the service writes it; S3 slows down with a status of its own."""
    code, status = fault.code, fault.status
    is_query = isinstance(request.body, (str, bytes)) and b"Action=" in _bytes(request.body)
    if code == "Throttling" and not is_query:
        code, status = "SlowDown", 503
    error = f"<Error><Code>{code}</Code><Message>{fault.words}</Message></Error>"
    whole = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>" if is_query else error
    body = b"" if request.method == "HEAD" else whole.encode()
    headers: Any = {"Content-Type": "text/xml"}  # botocore asks no more of it than a mapping has
    return AWSResponse(request.url, status, headers, _Raw(body))


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


@contextmanager
def impatient(monkeypatch: Any) -> Iterator[None]:
    """Shorten the pauses of botocore's retries, which grow to twenty seconds."""
    import time

    sleep = time.sleep
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: sleep(seconds if seconds < PATIENCE else 0.01))
        yield


@dataclass(frozen=True)
class Outcome:
    """What became of one run with a fault in it."""

    call: str
    fault: Fault
    alone: bool
    """Whether that run reached the end by itself."""
    wrong: str
    """What was not right after the second run; empty if all was."""


def walk(
    fresh: Callable[[], str],
    connect: Callable[[str], Aws],
    prepare: Callable[[Aws], object],
    run: Callable[[Aws], object],
    check: Callable[[Aws], str],
    faults: Callable[[int], Sequence[Fault]],
    ended: type[Exception],
) -> Iterator[Outcome]:
    """Break every call of ``run`` in turn with each of ``faults(number of the call)``.

    Each time in a ``fresh`` account that ``prepare`` made ready. A broken run may only raise
    ``ended``; a second one must succeed, and ``check`` then says what is wrong, if anything.
    """
    number = 0
    while True:
        reached = False
        for fault in faults(number):
            account = fresh()
            prepare(connect(account))
            wire = Wire(fault, number)
            alone = True
            try:
                run(wire.watch(connect(account)))
            except ended:
                alone = False
            reached |= bool(wire.struck)
            if wire.struck:
                run(connect(account))
                yield Outcome(wire.struck, fault, alone, check(connect(account)))
        if not reached:
            return
        number += 1
