"""A release against the endpoint: what it starts, how it ends, and the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generator.application.release import health, refresh
from generator.application.release.fleet import GroupInstance, GroupState
from generator.application.release.revision import ReleaseRequest
from generator.application.smoke.ask import ServerAddress
from generator.application.smoke.site import SmokeTarget
from generator.cloud.aws import Aws
from generator.errors import ClinicError
from tests.application.smoke.stage import HTML, Reply, Request, played
from tests.cloud import small

from .stage import AMI, FIRST, NEXT, STACK, Scene, deployed, rolled


def test_a_release_replaces_every_instance_and_the_stack_knows_it(scene: Scene) -> None:
    before = {instance.id for instance in scene.group().instances}
    assert rolled(scene)
    assert scene.runs() == {NEXT}
    assert scene.image() == NEXT
    assert not before & {instance.id for instance in scene.group().instances}
    assert scene.stack.status == "UPDATE_COMPLETE"
    assert scene.stack.parameters["BackendImage"] == NEXT
    assert all(instance.serves for instance in scene.group().instances)


def test_the_refresh_never_has_fewer_than_all_healthy_and_heeds_the_alarms(scene: Scene) -> None:
    rolled(scene)
    [told] = scene.refreshes()
    preferences = told["Preferences"]
    assert preferences["MinHealthyPercentage"] == 100
    assert preferences["MaxHealthyPercentage"] > 100
    assert preferences["BakeTime"] > 0
    made = {r.path: r.physical for r in small.resources(scene.aws, STACK)}
    assert preferences["AlarmSpecification"]["Alarms"] == [
        made["BackendErrorsAlarm"],
        made["NoHealthyHostAlarm"],
    ]
    assert told["DesiredConfiguration"]["LaunchTemplate"]["Version"] == "2"


def test_only_image_and_source_of_the_new_version_differ(scene: Scene) -> None:
    group, fleet = scene.group(), scene.fleet
    old = fleet.version(group.template, group.version)
    rolled(scene)
    new = fleet.version(group.template, "2")
    assert new.user_data == old.user_data.replace(
        f"BACKEND_IMAGE='{FIRST}'", f"BACKEND_IMAGE='{NEXT}'"
    )
    assert new.machine_image == old.machine_image
    assert "echo 'BACKEND_IMAGE=x'" in new.user_data


def test_what_runs_already_is_nothing_to_do(scene: Scene) -> None:
    rolled(scene)
    assert rolled(scene)
    assert len(scene.refreshes()) == 1
    assert len(scene.versions()) == 3


def test_a_tag_of_the_own_registry_is_released_and_known_again(aws: Aws) -> None:
    scene = deployed(aws, BackendImage=":1")
    assert rolled(scene, ":1"), "what a deployment gave is what runs"
    assert scene.refreshes() == []
    assert rolled(scene, ":2")
    assert scene.runs() == {":2"}
    assert scene.stack.parameters["BackendImage"] == ":2"
    assert rolled(scene, NEXT)
    assert scene.stack.parameters["BackendImage"] == NEXT


def test_a_moved_branch_is_released_again(scene: Scene) -> None:
    for count in (1, 2):
        rolled(scene, request=ReleaseRequest(revision="main"))
        assert len(scene.refreshes()) == count
        assert scene.stack.parameters["BackendImage"] == ""
        assert scene.stack.parameters["Release"].startswith("r20")


def test_a_group_with_a_pool_builds_nothing(aws: Aws) -> None:
    scene = deployed(aws, WarmPoolSize="1")
    with pytest.raises(ClinicError, match="has a warm pool, whose instances need an image"):
        rolled(scene, request=ReleaseRequest(revision="main"))
    assert scene.refreshes() == []
    assert rolled(scene)


def test_a_later_deployment_of_something_else_keeps_the_released_image(scene: Scene) -> None:
    rolled(scene)
    ids = {instance.id for instance in scene.group().instances}
    small.deploy(scene.aws, scene.env.with_values(BackendImage=NEXT, HealthCheckPath="/other"))
    assert {instance.id for instance in scene.group().instances} == ids
    assert scene.image() == NEXT


def test_a_no_changes_nothing(scene: Scene) -> None:
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    assert not rolled(scene, agreed=no)
    assert asked == [f"Replace 2 instances: {FIRST} by {NEXT}?"]
    assert scene.refreshes() == []
    assert len(scene.versions()) == 1


def rings_after(scene: Scene, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    """Have an alarm ring once a refresh was looked at so often."""
    seen: list[str] = []

    def watch(model: Any, **_: Any) -> None:
        seen.append(model.name)
        if seen.count("DescribeInstanceRefreshes") == looks + 1:
            seen.append("rung")
            scene.ring()

    scene.aws.session.events.register("before-call.autoscaling", watch)


def as_it_was(scene: Scene) -> None:
    assert scene.image() == FIRST
    assert scene.runs() == {FIRST}
    assert scene.group().version == "1"
    assert scene.versions() == {"1": FIRST}
    assert scene.stack.parameters["BackendImage"] == FIRST
    assert scene.stack.status == "CREATE_COMPLETE"


@pytest.mark.parametrize("image", ["resolve:ssm:/aws/ubuntu", AMI])
def test_an_alarm_turns_the_release_back(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    scene = deployed(aws, MachineImage=image)
    rings_after(scene, monkeypatch, 2)
    with pytest.raises(ClinicError, match="the release failed and was rolled back") as told:
        rolled(scene)
    assert told.value.exit_code == 1
    assert "ALARM" in str(told.value)
    as_it_was(scene)
    by_aws = scene.refreshes()[0]["Status"] == "RollbackSuccessful"
    assert by_aws == (image == AMI), "where AWS can, AWS does it"


def test_an_alarm_that_rings_already_stops_it_before_anything_changes(scene: Scene) -> None:
    scene.ring()
    with pytest.raises(ClinicError, match="BackendErrorsAlarm of clinic-small is in ALARM") as told:
        rolled(scene)
    assert told.value.exit_code == 3
    as_it_was(scene)
    assert scene.refreshes() == []
    assert rolled(scene, heed_alarms=False)
    assert scene.runs() == {NEXT}


def site(port: int) -> SmokeTarget:
    return SmokeTarget("x", ServerAddress("127.0.0.1", port, tls=False))


def test_a_site_that_does_not_answer_after_it_turns_the_release_back(scene: Scene) -> None:
    asked: list[str] = []

    def breaks(request: Request) -> Reply:
        asked.append(request.path)
        return Reply(200 if len(asked) == 1 else 502, HTML, b"ok")

    with (
        played(breaks) as (port, _),
        pytest.raises(ClinicError, match="/api through the CDN: 502") as told,
    ):
        rolled(scene, site=site(port))
    assert told.value.exit_code == 1
    as_it_was(scene)


def test_a_site_that_was_ill_and_is_mended_by_the_release_keeps_it(scene: Scene) -> None:
    asked: list[str] = []

    def mends(request: Request) -> Reply:
        asked.append(request.path)
        return Reply(502 if len(asked) == 1 else 200, HTML, b"ok")

    with played(mends) as (port, _):
        assert rolled(scene, site=site(port))
    assert scene.runs() == {NEXT}


def test_a_site_out_of_reach_decides_nothing(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rolled(scene, site=site(1))
    assert "cannot be reached from here" in capsys.readouterr().out
    assert scene.runs() == {NEXT}


def test_a_target_that_stays_unhealthy_turns_the_release_back(scene: Scene) -> None:
    targets = scene.stack.outputs["TargetGroupArn"]

    def lose(model: Any, **_: Any) -> None:
        if model.name == "StartInstanceRefresh" and not lost:
            lost.append(scene.group().instances[0].id)
            scene.aws.client("elbv2").deregister_targets(
                TargetGroupArn=targets, Targets=[{"Id": lost[0]}]
            )

    lost: list[str] = []
    scene.aws.session.events.register("before-call.autoscaling", lose)
    with pytest.raises(ClinicError, match="target missing"):
        rolled(scene)
    as_it_was(scene)


def test_an_instance_that_does_not_become_healthy_stops_it_before_the_next_one_goes(
    scene: Scene,
) -> None:
    """Its target is gone, so the balancer never calls it healthy."""
    gone = scene.group().instances[0].id
    scene.aws.client("elbv2").deregister_targets(
        TargetGroupArn=scene.stack.outputs["TargetGroupArn"], Targets=[{"Id": gone}]
    )
    with pytest.raises(ClinicError, match="did not become healthy within 0 s: missing") as told:
        rolled(scene, healthy_within=0)
    assert told.value.exit_code == 1
    as_it_was(scene)
    back, first = scene.refreshes()
    assert (first["Status"], back["Status"]) == ("Cancelled", "Successful")
    assert first["PercentageComplete"] == 50


def test_a_new_instance_gets_time_for_its_boot_and_no_more_than_its_warm_up() -> None:
    sick = GroupInstance("i-1", "2", "InService", "Healthy", "unhealthy")
    well, old = replace(sick, target="healthy"), replace(sick, version="1")
    guard = refresh.HealthGuard("2", 3600)
    for one in (sick, well, old, replace(sick, state="Pending")):
        assert guard.unhealthy_reason(GroupState("lt-1", "1", 1, (one,))) == ""
    guard = refresh.HealthGuard("2", 0)
    assert guard.unhealthy_reason(GroupState("lt-1", "1", 1, (well, old))) == ""
    assert guard.unhealthy_reason(GroupState("lt-1", "1", 1, (old, sick))).startswith(
        "i-1 did not become healthy"
    )


def test_another_release_in_progress_is_named(scene: Scene) -> None:
    group, fleet = scene.group(), scene.fleet
    now = fleet.version(group.template, group.version)
    other = fleet.make(now, replace(now.runs, image="docker.io/clinic/backend:other"))
    refresh.start(fleet, now, other)
    with pytest.raises(ClinicError, match="backend:other is in progress") as told:
        rolled(scene)
    assert told.value.exit_code == 3


def test_the_same_release_in_progress_is_followed(scene: Scene) -> None:
    group, fleet = scene.group(), scene.fleet
    now = fleet.version(group.template, group.version)
    refresh.start(fleet, now, fleet.make(now, ReleaseRequest(NEXT).revision_after(now.runs, "")))
    assert rolled(scene, agreed=lambda _: pytest.fail("it was agreed to before"))
    assert len(scene.refreshes()) == 1
    assert scene.stack.parameters["BackendImage"] == NEXT


def test_a_way_back_that_fails_needs_a_person(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has deleted the version that it would go back to."""
    rings_after(scene, monkeypatch, 2)

    def refuse(params: Any, **_: Any) -> None:
        if "AutoScalingGroupName" in params and len(scene.refreshes()) == 1:
            params["DesiredConfiguration"]["LaunchTemplate"]["Version"] = "99"

    scene.aws.session.events.register(
        "before-parameter-build.autoscaling.StartInstanceRefresh", refuse
    )
    with pytest.raises(ClinicError) as told:
        rolled(scene)
    assert told.value.exit_code == 3


def test_alarms_that_a_build_at_boot_would_ring_are_not_among_those_that_stop_it() -> None:
    assert "UnhealthyHostsAlarm" not in health.ALARMS


def test_the_alarms_and_parameters_are_the_architectures(documents: dict[str, Any]) -> None:
    flat = documents["flat.json"]
    assert {flat["Resources"][name]["Type"] for name in health.ALARMS} == {"AWS::CloudWatch::Alarm"}
    assert {"BackendImage", "BackendRevision", "Release", "RollingUpdate"} <= set(
        flat["Parameters"]
    )
    assert {"BackendGroupName", "TargetGroupArn", "ImageRepositoryUri"} <= set(flat["Outputs"])
