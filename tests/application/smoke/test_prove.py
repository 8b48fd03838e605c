"""Everything ends, and what fails is tried again while there is time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from generator.application.smoke import ask, prove
from generator.application.smoke.ask import ServerAddress
from generator.application.smoke.promises import PROMISES, Promise
from generator.application.smoke.site import SmokeTarget

from .stage import PAGE, Reply, Request, cdn, played, staged


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


def test_a_silent_server_fails_every_promise_within_the_time_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ask, "SECONDS", 0.3)
    with silent() as port:
        site = SmokeTarget(
            "x", ServerAddress("127.0.0.1", port), ServerAddress("127.0.0.1", port, tls=False)
        )
        told = list(prove.prove(site, PROMISES))
    asked = [result for result in told if result.status != "not tested"]
    assert len(asked) > 10
    assert {result.status for result in asked} == {"failed"}
    assert all("no answer within" in r.reason for r in asked)


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ask, "SECONDS", 0.3)
    over = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while not over.wait(0.1):
            try:
                connection.sendall(b"x")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        way = ServerAddress("127.0.0.1", listener.getsockname()[1], tls=False)
        with pytest.raises(TimeoutError):
            ask.ask(way, "/")
        over.set()
        thread.join()


def test_what_never_ends_is_failed_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "LIMIT", 0.2)
    over = threading.Event()

    def stuck(site: SmokeTarget) -> str:
        over.wait()
        return ""

    promises = [Promise("stuck", "it ends", stuck), Promise("fine", "it is", lambda _: "yes")]
    told = list(prove.prove(SmokeTarget("x", ServerAddress("127.0.0.1", 1)), promises))
    over.set()
    assert [result.status for result in told] == ["failed", "ok"]
    assert "no end" in told[0].reason


def test_what_fails_at_first_is_tried_again_while_there_is_time(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "PAUSE", 0.01)
    asked = []

    def late(request: Request) -> Reply:
        asked.append(request.path)
        return Reply(502, "text/html", b"") if len(asked) < 4 else cdn(request)

    page = [promise for promise in PROMISES if promise.name == "page"]
    with staged(certificate, cdn=late) as stage:
        [once] = prove.prove(stage.site, page)
        [told] = prove.prove(stage.site, page, wait=60)
    assert (once.status, told.status) == ("failed", "ok")
    assert len(asked) == 4


def test_promises_are_proven_side_by_side(certificate: Path) -> None:
    """Each asks for the same page and is answered only when all of them are there."""
    count = 6
    together = threading.Barrier(count)

    def slow(request: Request) -> Reply:
        together.wait(30)
        return Reply(200, "text/html", PAGE)

    with played(slow) as (port, _):
        way = ServerAddress("127.0.0.1", port, tls=False)
        promises = [
            Promise(str(n), "", lambda site: str(ask.ask(site.address, "/"))) for n in range(count)
        ]
        told = list(prove.prove(SmokeTarget("x", way), promises))
    assert {result.status for result in told} == {"ok"}
