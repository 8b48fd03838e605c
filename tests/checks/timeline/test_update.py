"""What an update touches, and how long a rolling one takes."""

from __future__ import annotations

from typing import Any

import pytest

from generator.checks.timeline.schedule import ScheduledTask, schedule, total
from generator.checks.timeline.update import batches, changes, update
from generator.model import view
from generator.model.variant import with_values
from tests.checks.timeline.test_graph import FLAT, seen

GROUP = "BackendGroup"


def steps(old: view.View, **values: str) -> dict[str, ScheduledTask]:
    return schedule(update(old, with_values(old, **values)))


def busy(found: dict[str, ScheduledTask]) -> set[str]:
    """What takes time, without the stacks themselves."""
    return {n for n, s in found.items() if s.end > s.start and not s.task.is_stack}


def test_a_release_changes_the_launch_template_and_through_it_the_instances() -> None:
    found = steps(seen(), Release="2")
    assert busy(found) == {"BackendStack/LaunchTemplate", "BackendStack/BackendGroup"}
    assert found["BackendStack/BackendGroup"].task.note == "2 batches of 420 s"


def test_the_flat_form_takes_the_same_without_looking_at_stacks() -> None:
    found = steps(seen(templates=FLAT), Release="2")
    assert busy(found) == {"LaunchTemplate", "BackendGroup"}
    assert total(found) == 5 + 2 * 420


def test_the_same_values_change_nothing() -> None:
    found = steps(seen(), EnvironmentName="seed")
    assert busy(found) == set()
    assert total(steps(seen(templates=FLAT), EnvironmentName="seed")) == 0


def test_stacks_are_looked_at_in_the_order_in_which_they_read_each_other() -> None:
    found = steps(seen(), Release="2")
    assert found["BackendStack"].start == 30
    assert found["AlarmsStack"].start == found["EdgeStack"].end


def test_a_change_that_replaces_a_resource_takes_a_creation_and_moves_what_refers_to_it() -> None:
    done = changes(seen(), with_values(seen(), DatabaseName="other"))
    assert done["Database"] == {"DBName": "replaced"}
    assert "DatabaseSecretAttachment" in done
    assert steps(seen(), DatabaseName="other")["DatabaseStack/Database"].task.seconds == 480


def test_a_change_in_place_takes_an_update() -> None:
    database = steps(seen(), DatabaseClass="db.t4g.medium")["DatabaseStack/Database"]
    assert (database.task.seconds, database.task.note) == (300, "DBInstanceClass")


def test_what_is_new_is_created_and_what_goes_takes_no_time() -> None:
    assert "PerimeterStack/NatGatewayB" in busy(steps(seen(), NatGateways="per-zone"))
    gone = busy(steps(seen(), NatGateways="none"))
    assert not any("NatGateway" in name for name in gone)
    assert "PerimeterStack/AppRouteA" in gone


def test_a_fleet_that_does_not_change_waits_for_no_database() -> None:
    found = steps(seen(), DatabaseName="other", BackendImage="")
    assert found["BackendStack/BackendGroup"].task.awaits.keys() <= {
        "DatabaseStack/DatabaseSecretAttachment"
    }
    quiet = steps(seen(DatabaseVersion="16"), DatabaseVersion="17")
    assert quiet["BackendStack/BackendGroup"].end < quiet["DatabaseStack/Database"].end


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (2, 420)),
        ({"MinInstances": "3"}, (2, 420)),
        ({"BackendImage": "clinic/backend:1"}, (2, 225)),
    ],
)
def test_batches_are_as_many_as_the_instances_that_run(
    values: dict[str, str], expected: tuple[int, int]
) -> None:
    new = with_values(seen(), Release="2", **values)
    assert batches(seen(), new, GROUP) == expected


def _policy(**rolling: Any) -> dict[str, Any]:
    return {"AutoScalingRollingUpdate": {"WaitOnResourceSignals": "true", **rolling}}


@pytest.mark.parametrize(
    ("policy", "size", "expected"),
    [
        (_policy(MaxBatchSize=2, MinInstancesInService=2), (4, 8), (2, 420)),
        # There is room for one more only.
        (_policy(MaxBatchSize=3, MinInstancesInService=4), (4, 5), (4, 420)),
        (_policy(MaxBatchSize=4, MinInstancesInService=0), (3, 4), (1, 420)),
        (_policy(WaitOnResourceSignals=False, PauseTime="PT1H2M3S"), (1, 2), (1, 3723 + 60)),
        (_policy(WaitOnResourceSignals=False), (1, 2), (1, 60)),
    ],
)
def test_batches_follow_the_policy(
    policy: dict[str, Any], size: tuple[int, int], expected: tuple[int, int]
) -> None:
    found = seen(templates=FLAT)
    group = found.resources[GROUP]
    group["UpdatePolicy"] = policy
    group["Properties"]["MinSize"], group["Properties"]["MaxSize"] = map(str, size)
    assert batches(found, found, GROUP) == expected


def test_a_group_that_is_replaced_waits_for_its_signals_once() -> None:
    old = seen(templates=FLAT)
    new = with_values(old, Release="2")
    new.resources[GROUP]["UpdatePolicy"] = {"AutoScalingReplacingUpdate": {"WillReplace": "true"}}
    group = schedule(update(old, new))[GROUP]
    assert (group.task.seconds, group.task.note) == (360, "replaced")


def test_a_new_size_starts_no_rolling_update() -> None:
    group = steps(seen(), MaxInstances="6")["BackendStack/BackendGroup"]
    assert group.task.seconds == 5
