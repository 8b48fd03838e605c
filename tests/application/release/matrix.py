"""Kills a release at every call it makes, before and after the call takes effect.

`python -m tests.application.release.matrix` walks all of it; test_killed.py the calls that change.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from generator.cloud.aws import Aws, connect
from generator.errors import ClinicError
from generator.local import Endpoint, embedded_endpoint
from tests.cloud.conftest import new_account
from tests.cloud.faults import Fault, Outcome, Wire, impatient, walk
from tests.cloud.outcomes import quietly, show

from .stage import FIRST, NEXT, Scene, deployed, environment, rolled

CUT = tuple(Fault("connection cut", after=after, lasting=True) for after in (False, True))


def wrong(aws: Aws) -> str:
    """What is not as it should be once a second run is through; empty if all is."""
    scene = Scene(aws, environment())
    found = (scene.runs(), scene.image(), scene.stack.parameters["BackendImage"])
    if found != ({NEXT}, NEXT, NEXT) or scene.stack.status != "UPDATE_COMPLETE":
        return f"{found} {scene.stack.status}"
    active = [r for r in scene.refreshes() if r["Status"] != "Successful"]
    spare = list(scene.versions().values()) != [NEXT, NEXT, FIRST]
    return f"{active} {spare}" if active or spare else ""


def killed(endpoint: Endpoint) -> Iterator[Outcome]:
    """Every call, cut before and after it takes effect, in an account of its own."""

    def to(account: str) -> Aws:
        return connect(variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": account})

    return walk(
        new_account,
        to,
        deployed,
        lambda aws: rolled(Scene(aws, environment())),
        wrong,
        lambda number: CUT,
        ClinicError,
    )


def struck(scene: Scene, operation: str, after: bool) -> Wire:
    """A connection that is cut at an operation and never comes back."""
    wire = Wire(Fault("connection cut", after=after, lasting=True), operation=operation)
    wire.watch(scene.aws)
    return wire


def main() -> int:
    """Print every call with what became of it; 1 if a second run did not finish one."""
    outcomes = list[Outcome]()
    with embedded_endpoint() as endpoint, impatient(pytest.MonkeyPatch()):
        quietly(lambda: outcomes.extend(killed(endpoint)))
    return 1 if show("release", outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
