"""A release that was killed is finished by the same command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from generator.cloud.aws import connect
from generator.errors import ClinicError
from generator.local import Endpoint
from tests.cloud.conftest import new_account
from tests.cloud.faults import impatient

from .matrix import struck, wrong
from .stage import Scene, deployed, rolled


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with impatient(monkeypatch):
        yield


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        ("CreateLaunchTemplateVersion", False),
        ("CreateLaunchTemplateVersion", True),
        ("StartInstanceRefresh", True),
        ("DescribeTargetHealth", True),
        ("CreateChangeSet", True),
        ("ExecuteChangeSet", False),
        ("ExecuteChangeSet", True),
    ],
)
def test_a_second_run_finishes_what_was_cut_at(
    endpoint: Endpoint, operation: str, after: bool
) -> None:
    given = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    scene = deployed(connect(variables=given))
    cut = Scene(connect(variables=given), scene.env)
    wire = struck(cut, operation, after)
    with pytest.raises(ClinicError):
        rolled(cut)
    assert wire.struck.endswith(operation)
    assert rolled(scene)
    assert wrong(scene.aws) == ""


def test_an_interrupt_detaches_and_the_same_command_goes_on(endpoint: Endpoint) -> None:
    given = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    scene = deployed(connect(variables=given))
    cut = Scene(connect(variables=given), scene.env)
    looks: list[str] = []

    def interrupt(model: Any, **_: Any) -> None:
        looks.append(model.name)
        if looks.count("DescribeInstanceRefreshes") == 2:
            raise KeyboardInterrupt

    cut.aws.session.events.register("before-call.autoscaling", interrupt)
    with pytest.raises(ClinicError, match="goes on in AWS") as told:
        rolled(cut)
    assert told.value.exit_code == 130
    assert rolled(scene)
    assert wrong(scene.aws) == ""
