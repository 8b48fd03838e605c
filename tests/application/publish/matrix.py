"""Every call of a publication times every fault: python -m tests.application.publish.matrix.

Walks the first publication of a site and a later one that replaces and removes files, kills the
process at each call or breaks it, before it has an effect or after, and looks at the site at once:
whatever index.html is live must have all its chunks. A second run must then finish the work, and a
third one find nothing to do. Prints how each call took each fault; exits with 1 if any was wrong.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from generator.application.publish import bucket
from generator.application.publish.publish import Wishes, publish
from generator.cloud.aws import Aws, explained
from generator.errors import ClinicError
from generator.local import embedded_endpoint
from generator.report import Report
from tests.cloud.faults import FAULTS, Fault, Outcome, impatient
from tests.cloud.outcomes import quietly, show

from . import killed
from .proxy import KILLED, Proxy, running
from .sites import STACK, Frontend, build, make, write

KILLS = tuple(Fault(KILLED, after=after, lasting=True) for after in (False, True))
PATIENCE: dict[str, Any] = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=5),
    "backoff": {"init_backoff": timedelta(milliseconds=2)},
}
"""Retries of obstore without their pauses."""
WRITES = ("PutObject", "DeleteObjects", "CreateInvalidation")
NOTHING = timedelta(0)
_accounts = count(800_000_000_000)


class Scene:
    """Accounts in which a publication is walked: the first of a site, or a later one."""

    def __init__(self, url: str, given: dict[str, str], folder: Path, later: bool) -> None:
        self.target, self.given, self.later = url.removeprefix("http://"), given, later
        self.old = write(folder / "old", build("A", **{"news.txt": "old", "gone.txt": "x"}))
        self.new = write(folder / "new", build("B", **{"news.txt": "new"}))

    def fresh(self) -> Frontend:
        """The site before, in an account that nobody has used."""
        self.given = {**self.given, "AWS_ACCESS_KEY_ID": str(next(_accounts))}
        aws = killed.connected(self.given)
        make(aws)
        if self.later:
            run(aws, self.old)
        return Frontend(aws)

    def walk(self, faults: tuple[Fault, ...], only: tuple[str, ...]) -> Iterator[Outcome]:
        """Break every call that begins with one of ``only`` in turn."""
        number = 0
        while True:
            struck = False
            for fault in faults:
                if outcome := self.broken(fault, number, only):
                    struck = True
                    yield outcome
            if not struck:
                return
            number += 1

    def broken(self, fault: Fault, number: int, only: tuple[str, ...]) -> Outcome | None:
        site = self.fresh()
        proxy = Proxy(self.target, fault, number, lambda name: name.startswith(only))
        with running(proxy):
            alone = self.run(proxy, site, fault)
        if not proxy.struck:
            return None
        wrong = [f"the live page lacks {key}" for key in sorted(site.broken())]
        return Outcome(proxy.struck, fault, alone, "; ".join(wrong + self.after(site)))

    def run(self, proxy: Proxy, site: Frontend, fault: Fault) -> bool:
        """Whether the run reached its end by itself."""
        if fault.name == KILLED:
            return killed.run(proxy, self.given, self.new, NOTHING) == 0
        with suppress(ClinicError):
            run(killed.connected({**self.given, "AWS_ENDPOINT_URL": proxy.url}), self.new)
            return True
        return False

    def after(self, site: Frontend) -> list[str]:
        """What is not as it should be after a second and a third run."""
        wrong = []
        run(site.aws, self.new)
        wanted = build("B", **{"news.txt": "new"})
        if site.files() != wanted:
            wrong.append(f"the bucket holds {sorted(site.files())}")
        if site.broken():
            wrong.append("the site is broken")
        told = site.invalidations()
        if len(told) < 1 + self.later or not {"/index.html", "/news.txt"} <= set(told[-1]):
            wrong.append(f"the invalidations are {told}")
        proxy = Proxy(self.target)
        with running(proxy):
            run(killed.connected({**self.given, "AWS_ENDPOINT_URL": proxy.url}), self.new)
        written = [name for name in proxy.calls if name.startswith(WRITES)]
        if written:
            wrong.append(f"a third run did {written}")
        return wrong


def run(aws: Aws, dist: Path) -> None:
    with explained("publisher"):
        publish(lambda: aws, STACK, dist, Wishes(keep=NOTHING, report=Report()))


def main() -> int:
    wrong = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        impatient(patch),
        embedded_endpoint() as endpoint,
        tempfile.TemporaryDirectory() as folder,
    ):
        patch.setattr(bucket, "RETRIES", PATIENCE)
        for name in ("first", "later"):
            scene = Scene(endpoint.url, endpoint.environment, Path(folder), name == "later")
            outcomes = list[Outcome]()
            quietly(lambda scene=scene, all=outcomes: all.extend(scene.walk(KILLS + FAULTS, ("",))))
            wrong += show(name, outcomes)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
