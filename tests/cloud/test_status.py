"""The state of things is shown as it is, with the commands to look closer."""

from __future__ import annotations

import json

import pytest
from botocore.stub import Stubber

from generator.cloud.aws import Aws
from generator.cloud.environment import load
from generator.cloud.stacks import STUCK
from generator.cloud.status import status
from generator.errors import ClinicError
from generator.report import Report

from . import small
from .test_environment import PARAMS

STACK = {"StackId": "arn:1", "StackName": "clinic-small", "CreationTime": "2026-01-01T00:00:00Z"}


def test_layers_states_and_outputs_are_shown(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    small.deploy(aws, small.nested())
    capsys.readouterr()
    status(aws, "clinic-small", Report())
    out = capsys.readouterr().out
    assert "clinic-small: CREATE_COMPLETE" in out
    assert "NetworkStack       CREATE_COMPLETE  22 CREATE_COMPLETE" in out
    assert "ConfigurationBucketName  clinic-small-" in out


def test_the_commands_are_the_aws_clis_own(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    small.deploy(aws, load("dev", PARAMS))
    capsys.readouterr()
    status(aws, "clinic-dev", Report(json=True))
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    commands = {told["purpose"]: told["command"] for told in objects if told["kind"] == "command"}
    outputs = objects[0]["outputs"]
    log, group = outputs["BackendLogGroup"], outputs["BackendGroupName"]
    assert commands["Logs of the backend"] == f"aws logs tail {log} --follow --region us-east-1"
    assert f"--auto-scaling-group-names {group} " in commands["Instances"]
    shell = "aws ssm start-session --target INSTANCE --region us-east-1"
    assert commands["A shell on one of them"] == shell


def test_what_was_changed_by_hand_is_found(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}
    small.deploy(aws, small.one({"Queue": queue}))
    capsys.readouterr()
    assert status(aws, "clinic-small", Report(), drift=True, pause=0)
    assert "Drift: none found." in capsys.readouterr().out
    [url] = aws.client("sqs").list_queues()["QueueUrls"]
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    assert status(aws, "clinic-small", Report())
    assert not status(aws, "clinic-small", Report(), drift=True, pause=0)
    out = capsys.readouterr().out
    assert "Queue    MODIFIED  /VisibilityTimeout  60        90" in out, out


def test_a_stack_that_is_not_there_is_bad_input(aws: Aws) -> None:
    with pytest.raises(ClinicError, match="there is no stack clinic-small in us-east-1") as told:
        status(aws, "clinic-small", Report())
    assert told.value.exit_code == 2


@pytest.mark.parametrize("state", sorted(STUCK))
def test_a_stack_that_is_stuck_needs_a_person(aws: Aws, state: str) -> None:
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("describe_stacks", {"Stacks": [{**STACK, "StackStatus": state}]})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": []})
        with pytest.raises(ClinicError, match="clinic recover") as told:
            status(aws, "clinic-small", Report())
    assert told.value.exit_code == 3
