"""Instance refreshes at the endpoint take AWS's course."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, connect
from generator.local import Endpoint, embedded_endpoint
from tests.application.release.stage import AMI, NEXT, Scene, deployed
from tests.cloud.conftest import new_account


@pytest.fixture(scope="module")
def endpoint() -> Any:
    with embedded_endpoint() as running:
        yield running


@pytest.fixture
def scene(endpoint: Endpoint) -> Scene:
    aws: Aws = connect(variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()})
    return deployed(aws, MachineImage=AMI)


def begin(scene: Scene, version: str, **preferences: Any) -> None:
    scene.aws.client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=scene.fleet.name,
        DesiredConfiguration={
            "LaunchTemplate": {"LaunchTemplateId": scene.group().template, "Version": version}
        },
        Preferences={"MinHealthyPercentage": 100, **preferences},
    )


def another(scene: Scene) -> str:
    fleet, group = scene.fleet, scene.group()
    now = fleet.version(group.template, group.version)
    return fleet.make(now, type(now.wish)(NEXT, "main", "1")).number


def states(scene: Scene) -> list[str]:
    """What is told look by look until it has ended."""
    seen = []
    while not seen or seen[-1] in ("Pending", "InProgress", "RollbackInProgress"):
        seen.append(scene.refreshes()[0]["Status"])
    return seen


def test_instances_are_replaced_one_by_one_and_the_group_follows(scene: Scene) -> None:
    begin(scene, another(scene))
    old = {instance.id for instance in scene.group().instances}
    scene.refreshes()
    assert len(old & {instance.id for instance in scene.group().instances}) == 1
    assert scene.group().version == "1", "until it has succeeded"
    assert states(scene) == ["Successful"]
    assert scene.group().version == "2"
    assert all(instance.serves for instance in scene.group().instances)
    assert scene.refreshes()[0]["Preferences"]["MinHealthyPercentage"] == 100


@pytest.mark.parametrize(("rollback", "end"), [(True, "RollbackSuccessful"), (False, "Failed")])
def test_an_alarm_ends_it(scene: Scene, rollback: bool, end: str) -> None:
    made = scene.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    alarms = {"Alarms": [alarm["AlarmName"] for alarm in made]}
    begin(scene, another(scene), AlarmSpecification=alarms, AutoRollback=rollback)
    scene.refreshes()
    scene.ring()
    assert states(scene)[-1] == end
    assert scene.group().version == "1"
    assert (scene.runs() == {scene.image("1")}) == rollback


def test_a_second_one_and_an_unknown_version_are_refused(scene: Scene) -> None:
    with pytest.raises(ClientError, match="not valid"):
        begin(scene, "77")
    begin(scene, another(scene))
    with pytest.raises(ClientError, match="already in progress"):
        begin(scene, "1")


def test_no_automatic_way_back_with_a_machine_image_that_is_a_parameter(
    endpoint: Endpoint,
) -> None:
    given = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    scene = deployed(connect(variables=given))
    with pytest.raises(ClientError, match="AutoRollback needs"):
        begin(scene, another(scene), AutoRollback=True)
