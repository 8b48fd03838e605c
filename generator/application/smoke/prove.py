"""All promises at once, each tried again while there is time, and none without an end."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.application.smoke.ask import (
    BrokenError,
    UndecidedError,
    UntestedError,
    describe_error,
)
from generator.application.smoke.promises import Promise
from generator.application.smoke.site import SmokeTarget

LIMIT = 60.0
"""Seconds after which an attempt counts as failed, whatever it waits for."""
PAUSE = 5.0
"""Seconds between two attempts."""
OK, FAILED, UNDECIDED, UNTESTED = "ok", "failed", "not decided", "not tested"


@dataclass(frozen=True)
class Result:
    """The result of testing one promise."""

    name: str
    says: str
    status: str
    """ok, failed, not decided or not tested."""
    reason: str
    """What was seen, or why not."""
    ms: int
    """Of the last attempt, in milliseconds."""


def prove(site: SmokeTarget, promises: Iterable[Promise], wait: float = 0.0) -> Iterator[Result]:
    """The results in the order of the promises; broken ones are tried again for ``wait`` seconds.

    The threads are daemons: one that hangs in the resolver keeps nobody from leaving.
    """
    end = time.monotonic() + wait
    running = list[tuple[Promise, queue.Queue[Result]]]()
    for promise in promises:
        answer: queue.Queue[Result] = queue.Queue()
        threading.Thread(target=_run, args=(promise, site, end, answer), daemon=True).start()
        running.append((promise, answer))
    for promise, answer in running:
        left = max(0.0, end + LIMIT - time.monotonic())
        try:
            yield answer.get(timeout=left)
        except queue.Empty:
            reason = f"no end within {wait + LIMIT:.0f} s"
            yield Result(promise.name, promise.says, FAILED, reason, round(1000 * (wait + LIMIT)))


def _run(promise: Promise, site: SmokeTarget, end: float, answer: queue.Queue[Result]) -> None:
    while True:
        result = _attempt(promise, site)
        if result.status != FAILED or time.monotonic() + PAUSE > end:
            return answer.put(result)
        time.sleep(PAUSE)


def _possible(promise: Promise, site: SmokeTarget) -> None:
    """Stop where the endpoint that plays AWS does not play this."""
    if site.silent:
        raise UntestedError("this endpoint serves no site")
    if site.address.through and not promise.alone:
        raise UntestedError("nothing stands behind the CDN of this endpoint")


def _attempt(promise: Promise, site: SmokeTarget) -> Result:
    started = time.monotonic()
    try:
        _possible(promise, site)
        status, reason = OK, promise.prove(site)
    except BrokenError as seen:
        status, reason = FAILED, str(seen)
    except UndecidedError as seen:
        status, reason = UNDECIDED, str(seen)
    except UntestedError as lacking:
        status, reason = UNTESTED, str(lacking)
    except OSError as error:
        status, reason = FAILED, describe_error(error)
    took = round(1000 * (time.monotonic() - started))
    return Result(promise.name, promise.says, status, reason, took)
