"""A refresh and a rotation, as the twin answers who asks for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from generator.errors import ClinicError
from generator.model.iam import allows
from generator.twin import authorization
from generator.twin.refresh import Refreshes
from generator.twin.rotation import Rotation
from tests.twin.planned import planned

ASKED = {"Action": "DescribeInstanceRefreshes", "AutoScalingGroupName": "g"}


def refresh_xml(status: str, version: str = "2") -> str:
    launch = f"<LaunchTemplate><Version>{version}</Version></LaunchTemplate>"
    desired = f"<DesiredConfiguration>{launch}</DesiredConfiguration>"
    return f"<member><Status>{status}</Status>{desired}</member>"


class Stage:
    """An endpoint with one fixed response, and a group of instances."""

    def __init__(self) -> None:
        self.response = refresh_xml("InProgress")
        self.forwarded = 0
        self.health: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.balancer = SimpleNamespace(health=lambda: self.health)

    def forward(self, *_: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        self.forwarded += 1
        return 200, [], self.response.encode()

    def reconcile(self) -> None:
        for one in self.versions:
            self.health.setdefault(one, "initial")

    def desired_versions(self) -> dict[str, str]:
        return self.versions

    def all_healthy(self) -> bool:
        return all(self.health.get(one) == "healthy" for one in self.versions)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def ask(refreshes: Refreshes) -> str:
    answer = refreshes._describe(ASKED)
    assert answer
    return answer[1]


def test_the_next_instance_is_replaced_once_the_new_one_is_healthy(stage: Stage) -> None:
    refreshes = Refreshes(stage, stage)  # type: ignore[arg-type]  # both played
    stage.versions = {"old": "1", "new": "2"}
    stage.health = {"old": "healthy"}
    ask(refreshes)
    ask(refreshes)
    assert stage.forwarded == 1
    stage.health["new"] = "healthy"
    ask(refreshes)
    assert stage.forwarded == 2


def test_a_refresh_has_not_ended_before_its_last_instance_is_healthy(stage: Stage) -> None:
    refreshes = Refreshes(stage, stage)  # type: ignore[arg-type]  # both played
    stage.versions, stage.response = {"new": "2"}, refresh_xml("Successful")
    assert "<Status>InProgress</Status>" in ask(refreshes)
    stage.health["new"] = "healthy"
    assert "<Status>Successful</Status>" in ask(refreshes)


def test_an_instance_that_never_gets_healthy_does_not_hold_up_the_way_back(stage: Stage) -> None:
    refreshes = Refreshes(stage, stage)  # type: ignore[arg-type]  # both played
    stage.versions, stage.health = {"bad": "3", "good": "2"}, {"good": "healthy"}
    ask(refreshes)
    ask(refreshes)
    assert stage.forwarded == 2


def test_a_cancelled_refresh_is_asked_for_anew(stage: Stage) -> None:
    refreshes = Refreshes(stage, stage)  # type: ignore[arg-type]  # both played
    stage.versions = {"bad": "2"}
    ask(refreshes)
    stage.response = refresh_xml("Cancelled")
    assert refreshes._cancel({}) is None
    assert "<Status>Cancelled</Status>" in ask(refreshes)


def test_a_refresh_that_waits_for_its_last_instance_can_still_be_cancelled(stage: Stage) -> None:
    refreshes = Refreshes(stage, stage)  # type: ignore[arg-type]  # both played
    stage.versions, stage.response = {"bad": "2"}, refresh_xml("Successful")
    assert "<Status>InProgress</Status>" in ask(refreshes)
    assert refreshes._cancel({}) is not None
    assert "<Status>Cancelled</Status>" in ask(refreshes)
    assert stage.forwarded == 1


def rotation(env: str) -> Rotation:
    return Rotation(None, planned(env), None, None)  # type: ignore[arg-type]  # unused here


def test_nothing_rotates_where_the_templates_have_no_schedule() -> None:
    assert rotation("prod").schedule
    assert rotation("seed").schedule is None
    with pytest.raises(ClinicError, match="nothing rotates the password"):
        rotation("seed").rotate()


def test_the_rotation_functions_role_may_change_the_database_of_the_stack_only() -> None:
    deployed = planned("prod")
    statements = authorization.of_role(deployed, "rotationrole-id")
    for name, allowed in (("database-id", True), ("another", False)):
        body = f"Action=ModifyDBInstance&DBInstanceIdentifier={name}".encode()
        home = "us-east-1:123456789012"
        action, resource, context = authorization.call("rds", "POST", "/", {}, body, home)
        assert allows(statements, action, resource, context) is allowed
