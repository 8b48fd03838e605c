"""The command at the embedded endpoint, and what only AWS's own answers show through stubs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from generator.application.doctor.doctor import diagnose
from generator.application.doctor.examine import HealthFinding
from generator.application.doctor.group import examine_group
from generator.application.doctor.instance import Pace, credits, gather
from generator.cloud import backend
from generator.cloud.aws import Aws, connect
from generator.cloud.deploy import DeployOptions, deploy
from generator.cloud.environment import load
from generator.cloud.stacks import find
from generator.errors import ClinicError
from generator.local import Endpoint
from generator.report import Report
from tests.cloud.conftest import new_account
from tests.cloud.test_diagnose import DENIED, START, Stubbed
from tests.conftest import ROOT, Ended

from .test_examine import recorded

Clinic = Callable[..., Ended]


class Deployed:
    """The dev environment at the endpoint, in an account of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.environment = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
        self.aws = connect(variables=self.environment)
        wishes = DeployOptions(True, report=Report(brief=True), pace=0.02)
        deploy(self.aws, load("dev", ROOT / "params"), wishes)
        stack = find(self.aws, "clinic-dev")
        assert stack
        self.log_group = stack.outputs["BackendLogGroup"]
        group = backend.group(self.aws, stack.outputs["BackendGroupName"])
        self.instance: str = group["Instances"][0]["InstanceId"]

    def write(self, stream: str, lines: list[str]) -> None:
        """Let the instance write a log, and forget what it wrote before."""
        logs, name = self.aws.client("logs"), f"{self.instance}/{stream}"
        if backend.log_end(self.aws, self.log_group, name, 1):
            logs.delete_log_stream(logGroupName=self.log_group, logStreamName=name)
        logs.create_log_stream(logGroupName=self.log_group, logStreamName=name)
        events = [{"timestamp": 1_800_000_000_000, "message": line} for line in lines]
        logs.put_log_events(logGroupName=self.log_group, logStreamName=name, logEvents=events)


@pytest.fixture(scope="module")
def deployed(endpoint: Endpoint) -> Deployed:
    return Deployed(endpoint)


@pytest.fixture
def at_endpoint(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    for name, value in deployed.environment.items():
        monkeypatch.setenv(name, value)
    return deployed


def test_a_stack_in_which_nothing_is_wrong_is_exit_code_0(
    at_endpoint: Deployed, clinic: Clinic
) -> None:
    at_endpoint.write("boot", list(recorded("nothing.well").boot))
    ended = clinic("doctor", "dev")
    assert (ended.code, ended.err) == (0, "")
    assert at_endpoint.instance in ended.out
    assert "deployment completed" in ended.out
    assert "Nothing is wrong" in ended.out


@pytest.mark.parametrize("name", ["env-missing.late", "out-of-memory.killed", "database-tls"])
def test_a_boot_log_that_tells_of_a_fault_is_exit_code_1(
    at_endpoint: Deployed, clinic: Clinic, name: str
) -> None:
    at_endpoint.write("boot", list(recorded(name).boot))
    ended = clinic("doctor", "dev", "--json")
    told = [json.loads(line) for line in ended.out.splitlines()]
    (finding,) = [line for line in told if line["kind"] == "finding"]
    assert ended.code == 1
    assert finding["place"] == at_endpoint.instance
    assert finding["fault"] == name.partition(".")[0]
    assert told[-2] == {"kind": "doctor", "stack": "clinic-dev", "well": False, "findings": 1}


def test_people_read_what_is_wrong_what_to_do_and_what_was_seen(
    at_endpoint: Deployed, clinic: Clinic
) -> None:
    at_endpoint.write("boot", list(recorded("git-branch").boot))
    ended = clinic("doctor", "dev", "--instance", at_endpoint.instance)
    assert ended.code == 1
    assert f"{at_endpoint.instance}: The repository has no branch or tag v9." in ended.out
    assert "  To do: Set BackendRevision" in ended.out
    assert "  Seen:  fatal: Remote branch v9" in ended.out


def test_a_tired_instance_is_found_by_its_credits(
    endpoint: Endpoint, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    tired = Deployed(endpoint)
    for name, value in tired.environment.items():
        monkeypatch.setenv(name, value)
    dimensions = [{"Name": "InstanceId", "Value": tired.instance}]
    point = {"MetricName": "CPUCreditBalance", "Dimensions": dimensions, "Value": 0.0}
    tired.aws.client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=[point])
    ended = clinic("doctor", "dev")
    assert ended.code == 1
    assert "used up its CPU credits" in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dev", "--instance", "i-nobody"], "no instance i-nobody"),
        (["prod"], "there is no stack clinic-prod"),
        (["nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_a_sentence_and_code_2(
    at_endpoint: Deployed, clinic: Clinic, arguments: list[str], words: str
) -> None:
    ended = clinic("doctor", *arguments)
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert words in ended.err


def test_a_stack_without_a_group_is_said(aws: Aws) -> None:
    from tests.cloud import small

    small.deploy(aws, small.one({"Topic": {"Type": "AWS::SNS::Topic"}}))
    with pytest.raises(ClinicError, match="has no Auto Scaling group"):
        diagnose(aws, "clinic-small", None, Report())


MEMBER = {"InstanceId": "i-1", "LifecycleState": "InService"}


def no_logs(service: Stubbed) -> None:
    for _ in ("boot", "backend"):
        service.of("logs").add_client_error("get_log_events", "ResourceNotFoundException")


def test_without_a_boot_log_the_console_is_asked_and_the_newest_balance_counts() -> None:
    service = Stubbed()
    no_logs(service)
    service.say("ec2", "get_console_output", InstanceId="i-1", Output="b29tCm5v")
    found = gather(service.aws, MEMBER, None, "log", Pace(1000))
    assert (found.console, found.unread) == (["oom", "no"], [])


def test_the_newest_credit_balance_counts_and_an_instance_without_one_has_none() -> None:
    service = Stubbed()
    results = [{"Id": "credits0", "Values": [3.5, 90.0]}, {"Id": "credits1", "Values": []}]
    service.say("cloudwatch", "get_metric_data", MetricDataResults=results)
    assert credits(service.aws, ["i-1", "i-2"]) == {"i-1": 3.5}


def test_the_balances_of_many_instances_are_asked_for_in_calls_that_cloudwatch_takes() -> None:
    service = Stubbed()
    for name in ("credits1", "credits0"):
        results = [{"Id": name, "Values": [1.0]}]
        service.say("cloudwatch", "get_metric_data", MetricDataResults=results)
    ids = [f"i-{n}" for n in range(501)]
    assert credits(service.aws, ids) == {"i-1": 1.0, "i-500": 1.0}


def test_calls_begin_no_faster_than_their_pace_from_however_many_threads() -> None:
    pace, begun = Pace(100), time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait(), range(31)))
    assert time.monotonic() - begun >= 0.3


def test_the_console_is_left_alone_where_there_is_a_boot_log() -> None:
    service = Stubbed()
    service.say("logs", "get_log_events", events=[{"message": "--- INSTALLING DOCKER ---"}])
    service.of("logs").add_client_error("get_log_events", "ResourceNotFoundException")
    found = gather(service.aws, MEMBER, None, "log", Pace(1000))
    assert found.boot == ["--- INSTALLING DOCKER ---"]
    assert (found.console, found.unread) == ([], [])


def test_what_may_not_be_read_is_said_and_the_rest_is_examined() -> None:
    service = Stubbed()
    service.of("logs").add_client_error("get_log_events", **DENIED)
    service.of("logs").add_client_error("get_log_events", "ResourceNotFoundException")
    service.of("ec2").add_client_error("get_console_output", **DENIED)
    found = gather(service.aws, MEMBER, None, "log", Pace(1000))
    whose = ["the log i-1/boot", "the console"]
    assert [line.partition(" cannot be read")[0] for line in found.unread] == whose


def test_the_balancers_reason_code_is_kept() -> None:
    service = Stubbed()
    health = {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"}
    told = [{"Target": {"Id": "i-1"}, "TargetHealth": health}]
    service.say("elbv2", "describe_target_health", TargetHealthDescriptions=told)
    (found,) = backend.targets(service.aws, {"TargetGroupARNs": ["arn"]})
    assert found == backend.Target("i-1", "unhealthy", "Target.Timeout", "Request timed out")


def activity(what: str, status: str = "Successful", **more: str) -> dict[str, Any]:
    return {"Description": what, "StatusCode": status, "StartTime": START, **more}


LAUNCH, END = "Launching a new EC2 instance: i-1", "Terminating EC2 instance: i-0"
SICK = {"Cause": "an instance was taken out of service in response to an ELB system health check"}
FULL = {"DesiredCapacity": 1, "Instances": [MEMBER]}


def test_a_launch_that_fails_is_a_finding_in_ec2s_own_words() -> None:
    why = "We currently do not have sufficient t3.micro capacity in the Availability Zone (1a)."
    bad = activity("Launching a new EC2 instance", "Failed", StatusMessage=why)
    (found,) = examine_group(FULL, [bad, activity(LAUNCH)], [])
    assert (found.place, found.fault, found.evidence) == ("group", "launch", why)
    assert "no machine of this type left" in found.meaning


def test_a_launch_that_failed_before_one_that_went_well_is_over() -> None:
    bad = activity("Launching a new EC2 instance", "Failed", StatusMessage="x")
    assert examine_group(FULL, [activity(LAUNCH), bad], []) == []


def test_a_sentence_that_nobody_knows_is_shown() -> None:
    bad = activity("Launching a new EC2 instance", "Failed", StatusMessage="The moon is wrong")
    (found,) = examine_group(FULL, [bad], [])
    assert found.evidence == "The moon is wrong"
    assert "cannot launch" in found.meaning


def test_instances_that_never_stay_are_a_finding_unless_one_of_them_says_why() -> None:
    past = [activity(LAUNCH), activity(END, **SICK)] * 3
    (found,) = examine_group(FULL, past, [])
    assert found.fault == "replaced"
    cause = HealthFinding("i-1", "database-tls", "m", "a")
    assert examine_group(FULL, past, [cause]) == []


def test_one_instance_replaced_is_the_group_at_work() -> None:
    assert examine_group(FULL, [activity(LAUNCH), activity(END, **SICK)], []) == []


def test_a_group_that_does_nothing_about_too_few_instances_is_a_finding() -> None:
    few = {"DesiredCapacity": 2, "Instances": [MEMBER]}
    (found,) = examine_group(few, [activity(LAUNCH)], [])
    assert found.fault == "too-few"
    assert examine_group(few, [activity(LAUNCH, "PreInService")], []) == []


def test_causes_come_before_consequences_in_a_report() -> None:
    ranks = [
        HealthFinding("i", name, "m", "a").rank for name in ("apt-lock", "health-404", "unknown")
    ]
    assert ranks == sorted(ranks)


def test_a_folder_of_recorded_outputs_holds_no_secret() -> None:
    for path in (Path(__file__).parent / "recorded").iterdir():
        assert "AKIA" not in path.read_text()
