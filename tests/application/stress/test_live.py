"""The live test on a stack at the embedded endpoint.

Systems Manager is stubbed, since nothing boots there and so it reaches nobody. The clock is the
test's: each pause lets something happen in the group.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest
from botocore.stub import ANY, Stubber

from generator.application.stress.live import PATIENCE, Wishes, run
from generator.application.stress.report import judge
from generator.application.stress.timeline import IN_SERVICE, Load
from generator.application.stress.watch import Watch, place, with_points
from generator.cloud.aws import Aws, connect
from generator.cloud.deploy import DeployOptions as Deployment
from generator.cloud.deploy import deploy
from generator.cloud.environment import load
from generator.cloud.stacks import find
from generator.errors import ClinicError
from generator.local import Endpoint
from generator.report import Report
from tests.cloud.conftest import new_account
from tests.cloud.test_diagnose import START, Stubbed
from tests.conftest import ROOT, Ended

from .site import Site, serving

LOAD = Load(2, 60)
COMMAND = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def environment(endpoint: Endpoint) -> dict[str, str]:
    """Points at an account with the dev environment in it."""
    given = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    env = load("dev", ROOT / "params")
    deploy(connect(variables=given), env, Deployment(True, report=Report(brief=True), pace=0.02))
    return given


class Scene:
    """A group of one instance at the endpoint, and Systems Manager by script."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.aws: Aws = connect(variables=environment)
        stack = find(self.aws, "clinic-dev")
        assert stack
        self.group = stack.outputs["BackendGroupName"]
        self.grow(1)
        self.alarm("OK")
        (self.instance,) = place(self.aws, self.group).instances
        self.seconds, self.pauses = 0.0, list[Callable[[], object]]()
        self.start = datetime.now(UTC).replace(microsecond=0)
        command = {"CommandId": COMMAND, "RequestedDateTime": self.start}
        self.taken = {"Command": command}
        self.ssm = Stubber(self.aws.client("ssm"))
        self.ssm.activate()

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += 30
        if self.pauses:
            self.pauses.pop(0)()

    def wishes(self, url: str, **more: Any) -> Wishes:
        return Wishes(**{"yes": True, "url": url, "now": self.now, "pause": self.pause, **more})

    def commands(self, *statuses: str, installed: str = "Success") -> None:
        """Both commands are taken; the load then has one status after the other."""
        asked = {"CommandId": COMMAND, "InstanceId": self.instance}
        for script, status in (("stress ||", [installed]), ("exec timeout", statuses)):
            self.ssm.add_response("send_command", self.taken, self.sent(script))
            for told in status:
                answer = {"Status": told, "StandardErrorContent": "E: apt\nno stress\n"}
                self.ssm.add_response("get_command_invocation", answer, asked)

    def sent(self, script: str) -> dict[str, Any]:
        class Says(str):
            def __eq__(self, other: object) -> bool:
                return self in str(other)

            __hash__ = str.__hash__

        return {
            "InstanceIds": [self.instance],
            "DocumentName": "AWS-RunShellScript",
            "Comment": ANY,
            "TimeoutSeconds": 60,
            "Parameters": {"commands": [Says(script)], "executionTimeout": ANY},
        }

    def cancelled(self) -> None:
        asked = {
            "CommandId": COMMAND,
            "InstanceIds": [self.instance],
        }
        self.ssm.add_response("cancel_command", {}, asked)

    def grow(self, size: int = 2) -> None:
        self.aws.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName=self.group, DesiredCapacity=size
        )

    def alarm(self, state: str = "ALARM") -> None:
        high = next(a for a in place(self.aws, self.group).alarms if "AlarmHigh" in a)
        self.aws.client("cloudwatch").set_alarm_state(
            AlarmName=high, StateValue=state, StateReason="three points above 40"
        )

    def busy(self) -> None:
        """The group's metric says 97 percent for the first minute."""
        cloudwatch = self.aws.client("cloudwatch")
        dimensions = [{"Name": "AutoScalingGroupName", "Value": self.group}]
        point = {
            "MetricName": "CPUUtilization",
            "Dimensions": dimensions,
            "Timestamp": self.start,
            "Value": 97.0,
        }
        cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=[point])


@pytest.fixture
def scene(environment: dict[str, str]) -> Scene:
    return Scene(environment)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


def test_a_load_is_followed_to_new_capacity(
    scene: Scene, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.commands("Pending", "InProgress", "InProgress", "Success")
    scene.pauses = [scene.busy, scene.alarm, scene.grow]
    timeline = run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    scene.ssm.assert_no_pending_responses()
    assert timeline.seconds == 90
    assert [moment.kind for moment in timeline.moments if moment.kind != "quiet"] == [
        "load",
        "alarm",
        IN_SERVICE,
    ]
    assert (timeline.samples[0].serving, timeline.samples[-1].serving) == (1, 2)
    assert timeline.requests == len(site.paths) > 0
    assert set(site.paths) == {"/api"}
    judge(timeline)
    told = capsys.readouterr().out
    assert "Instances in service" in told
    assert "alarm: the group should grow" in told


def test_the_metrics_points_are_put_where_they_belong(scene: Scene, site: Site) -> None:
    scene.commands("InProgress", "InProgress", "Success")
    scene.pauses = [scene.busy, scene.grow]
    timeline = run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    assert timeline.samples[0].cpu == 97.0


def test_requests_that_fail_are_exit_code_1(scene: Scene, site: Site) -> None:
    site.status = 502
    scene.commands("InProgress", "Success")
    scene.pauses = [scene.grow]
    timeline = run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    assert timeline.failures == timeline.requests > 0
    with pytest.raises(ClinicError, match="requests failed") as bad:
        judge(timeline)
    assert bad.value.exit_code == 1


def test_no_new_capacity_is_exit_code_1_after_some_patience(scene: Scene, site: Site) -> None:
    scene.commands(*["Success"] * (PATIENCE // 30 + 4))
    timeline = run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    assert timeline.seconds is None
    assert scene.seconds == pytest.approx(LOAD.timeout + PATIENCE, abs=31)
    with pytest.raises(ClinicError, match="no new capacity"):
        judge(timeline)


def test_an_interrupt_cancels_the_load_on_all_instances(scene: Scene, site: Site) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    scene.commands("InProgress")
    scene.cancelled()
    scene.pauses = [interrupt]
    with pytest.raises(KeyboardInterrupt):
        run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    scene.ssm.assert_no_pending_responses()


def test_an_interrupt_while_it_installs_cancels_that(scene: Scene, site: Site) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    scene.ssm.add_response("send_command", scene.taken, scene.sent("stress ||"))
    scene.ssm.add_response("get_command_invocation", {"Status": "InProgress"})
    scene.cancelled()
    scene.pauses = [interrupt]
    with pytest.raises(KeyboardInterrupt):
        run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    scene.ssm.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("statuses", "installed", "words"),
    [
        ((), "Failed", "could not be installed (i-.*: Failed no stress)"),
        (("Failed",), "Success", "ran on no instance to its end (i-.*: Failed no stress)"),
    ],
)
def test_a_load_that_was_none_is_exit_code_1(
    scene: Scene, site: Site, statuses: tuple[str, ...], installed: str, words: str
) -> None:
    scene.commands(*statuses, installed=installed)
    if installed != "Success":
        scene.ssm = Stubber(scene.aws.client("ssm"))
    else:
        scene.cancelled()
    with pytest.raises(ClinicError, match=words.replace("(", r"\(").replace(")", r"\)")) as bad:
        run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    assert bad.value.exit_code == 1


def test_whom_systems_manager_does_not_reach_is_named(scene: Scene, site: Site) -> None:
    """As the endpoint itself says of an instance on which nothing runs."""
    scene.ssm.deactivate()
    with pytest.raises(ClinicError, match=f"does not reach {scene.instance}") as bad:
        run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    assert bad.value.exit_code == 3
    assert site.paths == []


def test_it_asks_first_and_does_nothing_without_a_yes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ClinicError, match="give --yes"):
        run(scene.aws, "clinic-dev", LOAD, scene.wishes("http://127.0.0.1:9/", yes=False))
    monkeypatch.setattr(click, "confirm", lambda question: False)
    wishes = scene.wishes("http://127.0.0.1:9/", yes=False, terminal=True)
    with pytest.raises(click.exceptions.Exit) as ended:
        run(scene.aws, "clinic-dev", LOAD, wishes)
    assert ended.value.exit_code == 0
    told = capsys.readouterr().out
    assert f"2 busy workers on {scene.instance} for 60 s" in told
    assert "cost money" in told


def test_programs_read_one_event_a_line(
    scene: Scene, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.commands("InProgress", "Success")
    scene.pauses = [scene.grow]
    capsys.readouterr()
    run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url, report=Report(json=True)))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["kind"] for line in lines} == {"moment", "sample", "figure"}
    assert lines[-1]["seconds"] == 30


def test_a_person_sees_the_picture_grow(
    scene: Scene,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene.commands("InProgress", "Success")
    scene.pauses = [scene.grow]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    run(scene.aws, "clinic-dev", LOAD, scene.wishes(site.url))
    told = capsys.readouterr().out
    assert told.count("Instances in service") > 1
    assert told.count("in service\n") >= 1


def test_the_command_line_reaches_the_same_test(
    scene: Scene,
    environment: dict[str, str],
    clinic: Callable[..., Ended],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ended = clinic("stress", "dev")
    assert (ended.code, ended.err) == (2, "clinic: nobody can be asked here: give --yes.\n")
    assert f"2 busy workers on {scene.instance} for 600 s" in ended.out
    ended = clinic("stress", "dev", "--yes", "--timeout", "60", "--json")
    assert (ended.code, ended.out) == (3, "")
    assert f"does not reach {scene.instance}" in ended.err


def test_a_stack_that_is_not_there_is_bad_input(aws: Aws) -> None:
    with pytest.raises(ClinicError, match="there is no stack clinic-none") as bad:
        run(aws, "clinic-none", LOAD, Wishes(yes=True))
    assert bad.value.exit_code == 2


def members(*states: str) -> list[dict[str, Any]]:
    rest = {"AvailabilityZone": "a", "HealthStatus": "Healthy", "ProtectedFromScaleIn": False}
    return [
        {"InstanceId": f"i-{n}", "LifecycleState": state, **rest} for n, state in enumerate(states)
    ]


def group(service: Stubbed, *states: str) -> None:
    """The group exists, with a target group and instances in these states."""
    told = {
        **{"AutoScalingGroupName": "group", "TargetGroupARNs": ["arn"], "CreatedTime": START},
        **{"MinSize": 1, "MaxSize": 4, "DesiredCapacity": len(states), "DefaultCooldown": 1},
        **{"AvailabilityZones": ["a"], "HealthCheckType": "ELB", "Instances": members(*states)},
    }
    service.say("autoscaling", "describe_auto_scaling_groups", AutoScalingGroups=[told])


def policies(service: Stubbed, *tracking: dict[str, Any]) -> None:
    told = [
        {
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingConfiguration": {"TargetValue": 40.0, **configuration},
            "Alarms": [{"AlarmName": "TargetTracking-x-AlarmHigh-1", "AlarmARN": "arn"}],
        }
        for configuration in tracking
    ]
    service.say("autoscaling", "describe_policies", ScalingPolicies=told)


def test_only_instances_in_service_get_the_load() -> None:
    service = Stubbed()
    group(service, "InService", "Pending", "InService")
    policies(service, {})
    assert place(service.aws, "group").instances == ("i-0", "i-2")


def test_the_metric_of_the_instances_own_is_followed() -> None:
    service = Stubbed()
    group(service, "InService")
    metric = {"Namespace": "Clinic/Backend", "MetricName": "CPUUtilization"}
    stat = {"Metric": metric, "Stat": "Average", "Period": 10}
    own = {"Metrics": [{"Id": "cpu", "MetricStat": stat}]}
    policies(service, {"CustomizedMetricSpecification": own})
    assert place(service.aws, "group").metric == {
        **{"Metric": metric, "Period": 10, "Stat": "Average"}
    }


def test_a_group_that_cannot_grow_is_said_before_anything_is_done() -> None:
    service = Stubbed()
    group(service, "InService")
    policies(service)
    with pytest.raises(ClinicError, match="no target tracking policy"):
        place(service.aws, "group")
    group(service, *["InService"] * 4)
    with pytest.raises(ClinicError, match="already has its 4 instances at most"):
        place(service.aws, "group")
    group(service, "Pending")
    with pytest.raises(ClinicError, match="clinic doctor") as bad:
        place(service.aws, "group")
    assert bad.value.exit_code == 3


def watch(service: Stubbed) -> Watch:
    group(service, "InService")
    policies(service, {})
    return Watch(service.aws, place(service.aws, "group"), START)


def test_a_new_instance_serves_once_its_target_is_healthy() -> None:
    service = Stubbed()
    seen = watch(service)
    seen.place = seen.place.__class__(**{**vars(seen.place), "alarms": ()})
    for second, state in ((30, "initial"), (60, "healthy")):
        group(service, "InService", "InService")
        health = [
            {"Target": {"Id": "i-0"}, "TargetHealth": {"State": "healthy"}},
            {"Target": {"Id": "i-1"}, "TargetHealth": {"State": state}},
        ]
        service.say("elbv2", "describe_target_health", TargetHealthDescriptions=health)
        service.say("autoscaling", "describe_scaling_activities", Activities=[])
        service.say("cloudwatch", "get_metric_data", MetricDataResults=[])
        seen.look(second)
    (came,) = seen.moments
    assert (came.second, came.kind, came.text) == (60, IN_SERVICE, "i-1 in service")


def test_activities_are_told_once_with_their_own_times_and_failures_with_their_reason() -> None:
    service = Stubbed()
    seen = watch(service)
    activity = {"AutoScalingGroupName": "group", "Cause": "c"}
    launch = {"ActivityId": "2", "Description": "Launching a new EC2 instance: i-1", **activity}
    told = [
        {
            **{"ActivityId": "3", "Description": "Launching", **activity, "StatusCode": "Failed"},
            **{"StartTime": START + timedelta(seconds=80), "StatusMessage": "no capacity"},
        },
        {
            **launch,
            **{"StatusCode": "Successful", "StartTime": START + timedelta(seconds=20)},
            "EndTime": START + timedelta(seconds=60),
        },
        {
            **{"ActivityId": "1", "Description": "Earlier", **activity},
            **{"StatusCode": "Successful", "StartTime": START - timedelta(seconds=5)},
        },
    ]
    for _ in range(2):
        service.say("autoscaling", "describe_scaling_activities", Activities=told)
        seen._activities()
    assert [(m.second, m.kind, m.text) for m in seen.moments] == [
        (20, "scaling", "Launching i-1"),
        (60, "boot", "done: Launching i-1"),
        (80, "scaling", "Launching"),
        (80, "lost", "Launching: no capacity"),
    ]


def test_a_sample_outside_every_point_has_no_cpu() -> None:
    from .test_simulate import LOAD as SIMULATED
    from .test_simulate import SEED, simulate

    samples = list(simulate(SEED, SIMULATED).samples)[:30]
    placed = with_points(samples, [(0.0, 50.0), (60.0, 90.0)], 60)
    by_second = {sample.second: sample.cpu for sample in placed}
    assert (by_second[-5], by_second[0], by_second[55], by_second[60]) == (None, 50, 50, 90)
