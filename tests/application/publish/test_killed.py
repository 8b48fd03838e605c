"""Cut off anywhere, a publication leaves a site that is whole, and the next run finishes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.application.publish import bucket
from generator.local import Endpoint
from tests.cloud.faults import FAULTS, Outcome, impatient

from .matrix import KILLS, PATIENCE, WRITES, Scene


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(bucket, "RETRIES", PATIENCE)
    with impatient(monkeypatch):
        yield


@pytest.fixture(params=["first", "later"])
def scene(
    request: pytest.FixtureRequest, endpoint: Endpoint, given: dict[str, str], tmp_path: Path
) -> Scene:
    return Scene(endpoint.url, given, tmp_path, request.param == "later")


def test_a_process_that_is_killed_at_any_write_never_breaks_the_site(scene: Scene) -> None:
    outcomes = list(scene.walk(KILLS, WRITES))
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    assert len(outcomes) == 2 * 7, [outcome.call for outcome in outcomes]
    assert not any(outcome.alone for outcome in outcomes)


def test_a_call_that_fails_never_breaks_the_site(scene: Scene) -> None:
    outcomes = list(diagonal(scene))
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    assert len(outcomes) > 10


def diagonal(scene: Scene) -> Iterator[Outcome]:
    """Every call, each with another of the faults."""
    number = 0
    while outcome := scene.broken(FAULTS[number % len(FAULTS)], number, ("",)):
        yield outcome
        number += 1
