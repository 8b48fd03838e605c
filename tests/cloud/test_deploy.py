"""A deployment tells the truth, can be repeated, and goes on where it was cut off."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from generator.cloud import deploy as deploying
from generator.cloud.aws import Aws
from generator.cloud.deploy import DeployOptions, deploy
from generator.cloud.environment import Environment
from generator.cloud.follow import EventFeed
from generator.cloud.stacks import STUCK
from generator.errors import ClinicError
from generator.layers.secrets import SECRETS
from generator.layers.storage import STORAGE
from generator.report import Report

from . import small

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

TOPIC = small.one({"Topic": {"Type": "AWS::SNS::Topic"}})
BOTH = small.one({"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}})
NEVER = {"Type": "AWS::RDS::DBInstance", "Properties": {"DBSnapshotIdentifier": "no-such"}}
BROKEN = small.one({"Topic": {"Type": "AWS::SNS::Topic"}, "Db": NEVER})
YES = DeployOptions(yes=True, pace=small.PACE)
PLAN = replace(YES, plan=True)
NOW = "2026-01-01T00:00:00Z"


def left_over(aws: Aws, name: str = "clinic-small") -> list[str]:
    told = aws.client("cloudformation").list_change_sets(StackName=name)["Summaries"]
    return [entry["ChangeSetName"] for entry in told if entry["ExecutionStatus"] == "AVAILABLE"]


def test_a_new_stack_is_created_and_its_outputs_printed(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(aws, small.nested(), YES)
    out = capsys.readouterr().out
    assert "5 sent, 0 were there" in out
    assert "Critical path: " in out
    assert "ConfigurationBucketName  clinic-small-" in out
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_nothing_to_change_is_said_calmly(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(aws, TOPIC, YES)
    deploy(aws, TOPIC, YES)
    assert "clinic-small is up to date: nothing to change." in capsys.readouterr().out
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_a_plan_changes_nothing_and_leaves_nothing(aws: Aws) -> None:
    deploy(aws, TOPIC, PLAN)
    assert small.status(aws, "clinic-small") == "absent"
    deploy(aws, TOPIC, YES)
    deploy(aws, BOTH, PLAN)
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"
    assert left_over(aws) == []


def test_without_a_terminal_nobody_is_asked(aws: Aws) -> None:
    with pytest.raises(ClinicError, match="give --yes") as told:
        deploy(aws, TOPIC, replace(YES, yes=False))
    assert told.value.exit_code == 2
    assert small.status(aws, "clinic-small") == "absent"


@pytest.mark.parametrize(("answer", "state"), [("n", "absent"), ("y", "CREATE_COMPLETE")])
def test_the_answer_of_a_person_counts(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, answer: str, state: str
) -> None:
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: answer)
    deploy(aws, TOPIC, replace(YES, yes=False, terminal=True))
    assert small.status(aws, "clinic-small") == state


def test_the_gate_stops_a_loss_and_leaves_the_stack_as_it_is(aws: Aws) -> None:
    deploy(aws, small.nested(), YES)
    less = small.nested(*small.LAYERS[:3], publish=())
    with pytest.raises(ClinicError, match="--allow-data-loss DocumentsBucket") as told:
        deploy(aws, less, YES)
    assert told.value.exit_code == 3
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"
    assert left_over(aws) == []


def test_a_loss_that_is_allowed_by_name_goes_through(aws: Aws) -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    topic = TOPIC.documents["flat.json"]["Resources"]
    deploy(aws, small.one({**topic, "Bucket": bucket}), YES)
    deploy(aws, TOPIC, replace(YES, allowed=("Bucket",)))
    assert small.status(aws, "clinic-small") == "UPDATE_COMPLETE"


def test_an_id_that_the_plan_does_not_have_leaves_everything_as_it_is(aws: Aws) -> None:
    deploy(aws, TOPIC, YES)
    with pytest.raises(ClinicError, match='names "Nope", which is not in this plan') as told:
        deploy(aws, BOTH, replace(YES, allowed=("Nope",)))
    assert told.value.exit_code == 2
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"
    assert left_over(aws) == []


def test_a_failed_update_is_rolled_back_and_told_with_its_first_cause(aws: Aws) -> None:
    deploy(aws, TOPIC, YES)
    with pytest.raises(ClinicError, match="DBSnapshot not found: no-such") as told:
        deploy(aws, BROKEN, YES)
    assert told.value.exit_code == 1
    assert "UPDATE_ROLLBACK_COMPLETE" in str(told.value)
    deploy(aws, BOTH, YES)
    assert small.status(aws, "clinic-small") == "UPDATE_COMPLETE"


def test_a_failed_creation_must_be_recovered_before_the_next_one(aws: Aws) -> None:
    with pytest.raises(ClinicError, match="clinic recover small") as first:
        deploy(aws, BROKEN, YES)
    assert first.value.exit_code == 1
    # The emulator would take an update of it; CloudFormation would not.
    with pytest.raises(ClinicError, match="is in ROLLBACK_COMPLETE") as second:
        deploy(aws, TOPIC, YES)
    assert second.value.exit_code == 3


@pytest.mark.parametrize("state", sorted(STUCK))
def test_a_stack_that_is_stuck_is_not_touched(aws: Aws, state: str) -> None:
    stack = {"StackId": "arn:1", "StackName": "clinic-small", "CreationTime": NOW}
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("describe_stacks", {"Stacks": [{**stack, "StackStatus": state}]})
        with pytest.raises(ClinicError, match=f"{state}.*clinic recover small") as told:
            deploy(aws, TOPIC, YES)
    assert told.value.exit_code == 3


@pytest.mark.parametrize("had", [small.nested, small.flat])
def test_the_other_form_is_refused(aws: Aws, had: Any) -> None:
    other = small.flat if had is small.nested else small.nested
    deploy(aws, had(SECRETS, STORAGE), YES)
    with pytest.raises(ClinicError, match="--flat") as told:
        deploy(aws, other(SECRETS, STORAGE), YES)
    assert told.value.exit_code == 2


def by_console(aws: Aws, env: Environment) -> None:
    """Create a stack as the console does: from a bucket of its own, no tags, the defaults."""
    bucket = f"uploads-{aws.account}"
    aws.client("s3").create_bucket(Bucket=bucket)
    for name, data in env.files.items():
        aws.client("s3").put_object(Bucket=bucket, Key=f"by-hand/{name}", Body=data)
    base = f"https://s3.{aws.region}.amazonaws.com/{bucket}/by-hand"
    given: list[ParameterTypeDef] = (
        [{"ParameterKey": "TemplateBaseUrl", "ParameterValue": base}] if env.nested else []
    )
    aws.client("cloudformation").create_stack(
        StackName=env.stack,
        TemplateURL=f"{base}/{env.top}",
        Parameters=given,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    aws.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName=env.stack, WaiterConfig={"Delay": 1}
    )


@pytest.mark.parametrize("form", [small.nested, small.flat])
def test_a_stack_of_the_console_is_taken_over_without_new_tags(aws: Aws, form: Any) -> None:
    env: Environment = form()
    by_console(aws, env)
    made = {r.path: r.physical for r in small.resources(aws, env.stack)}
    deploy(aws, env, YES)
    told = aws.client("cloudformation").describe_stacks(StackName=env.stack)["Stacks"][0]
    assert told["StackStatus"] == "UPDATE_COMPLETE"
    # A VPC origin in use refuses even a new tag, and a stack hands its tags on to everything.
    assert told.get("Tags", []) == []
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in told["Parameters"]}
    assert parameters["EnvironmentName"] == "small"
    assert "by-hand" not in parameters.get("TemplateBaseUrl", "")
    assert {r.path: r.physical for r in small.resources(aws, env.stack)} == made
    deploy(aws, env, YES)


@pytest.mark.parametrize("form", [small.nested, small.flat])
def test_what_aws_would_refuse_is_refused_before_anything_changes(aws: Aws, form: Any) -> None:
    deploy(aws, form(), YES)
    with pytest.raises(ClinicError, match=r"VpcCidr cannot be changed.*leave VpcCidr") as told:
        deploy(aws, form(VpcCidr="10.1.0.0/16"), YES)
    assert told.value.exit_code == 2
    assert left_over(aws) == []
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


class Killed(BaseException):
    """As if the machine, or the terminal, went away."""


def at_call(aws: Aws, operation: str, number: int, error: BaseException) -> None:
    """Raise an error in place of the n-th call of an operation, once."""
    made = count(1)

    def strike(**rest: Any) -> None:
        if next(made) == number:
            raise error

    aws.client("cloudformation").meta.events.register(
        f"before-call.cloudformation.{operation}", strike
    )


def test_a_change_set_of_a_killed_run_is_taken_up(aws: Aws) -> None:
    at_call(aws, "DescribeStackEvents", 1, Killed())
    with pytest.raises(Killed):
        deploy(aws, TOPIC, YES)
    assert small.status(aws, "clinic-small") == "REVIEW_IN_PROGRESS"
    [name] = left_over(aws)
    made: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **rest: Any) -> None:
        made.append(params)

    bus = aws.client("cloudformation").meta.events
    bus.register("provide-client-params.cloudformation.ExecuteChangeSet", note)
    deploy(aws, TOPIC, YES)
    assert name in made[0]["ChangeSetName"]
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_a_second_run_attaches_to_the_operation_in_progress(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    env = small.nested()
    at_call(aws, "DescribeStackEvents", 2, Killed())
    with pytest.raises(Killed):
        deploy(aws, env, YES)
    deploy(aws, env, YES)
    out = capsys.readouterr().out
    assert "this run attaches to it" in out
    assert "CREATE_COMPLETE       NetworkStack" in out
    assert "nothing to change" in out
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_two_deployments_at_once_end_in_one_good_stack(aws: Aws) -> None:
    troubles: list[BaseException] = []

    def run() -> None:
        try:
            small.deploy(aws, small.nested())
        except ClinicError as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(getattr(trouble, "exit_code", 0) == 3 for trouble in troubles), troubles
    small.deploy(aws, small.nested())
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_ctrl_c_in_a_pipe_detaches_and_says_how_to_come_back(aws: Aws) -> None:
    at_call(aws, "DescribeStackEvents", 2, KeyboardInterrupt())
    with pytest.raises(ClinicError, match="`clinic deploy small` follows it") as told:
        deploy(aws, TOPIC, YES)
    assert told.value.exit_code == 130
    deploy(aws, TOPIC, YES)
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_ctrl_c_ends_what_does_not_outlive_the_process(aws: Aws) -> None:
    at_call(aws, "DescribeStackEvents", 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        deploy(aws, TOPIC, replace(YES, outlives=False))


def test_ctrl_c_at_a_terminal_asks_and_detaches(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    at_call(aws, "DescribeStackEvents", 2, KeyboardInterrupt())
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: "detach")
    with pytest.raises(ClinicError, match="goes on in AWS"):
        deploy(aws, TOPIC, replace(YES, terminal=True))


def test_ctrl_c_at_a_terminal_can_cancel_an_update(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: "cancel")
    stack = {"StackId": "arn:1", "StackName": "clinic-small", "CreationTime": NOW}
    for state, call in (
        ("UPDATE_IN_PROGRESS", "CancelUpdateStack"),
        ("CREATE_IN_PROGRESS", "DeleteStack"),
    ):
        with Stubber(aws.client("cloudformation")) as stub:
            stub.add_response("describe_stacks", {"Stacks": [{**stack, "StackStatus": state}]})
            stub.add_response("cancel_update_stack" if "Cancel" in call else "delete_stack", {})
            feed = EventFeed(aws, "arn:1", None)
            deploying._interrupted(TOPIC, feed, replace(YES, terminal=True))
            stub.assert_no_pending_responses()


def test_json_tells_upload_changes_events_and_outputs(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report(json=True)
    deploy(aws, small.nested(), replace(YES, report=report))
    report.end(0)
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [told["kind"] for told in objects]
    assert kinds[0] == "upload"
    assert kinds[-1] == "done"
    assert {"change", "event"} < set(kinds)
    fields = {"kind", "path", "type", "action", "details", "fate", "replacement"}
    assert all(told.keys() == fields for told in objects if told["kind"] == "change")
    assert "ConfigurationBucketName" in objects[-1]["outputs"]


def test_json_tells_the_diagnosis(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ClinicError):
        deploy(aws, BROKEN, replace(YES, report=Report(json=True)))
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [cause] = [told for told in objects if told["kind"] == "diagnosis"]
    assert cause["resource"] == "Db"
    assert "DBSnapshot not found" in cause["sentence"]


def test_an_output_with_control_characters_is_harmless(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {
        **TOPIC.documents["flat.json"],
        "Outputs": {"Evil": {"Value": "red\x9b31m\u202e"}},
    }
    deploy(aws, Environment("small", {}, {"flat.json": document}), YES)
    out = capsys.readouterr().out
    assert "\x9b" not in out
    assert "\u202e" not in out
    assert "red\\x9b31m\\u202e" in out


def test_the_prefix_list_is_looked_up_where_it_is_needed(aws: Aws) -> None:
    values: dict[str, Any] = {"AlbExposure": "private", "CloudFrontPrefixListId": ""}
    env = small.nested(**values)
    found = deploying.with_prefix_list(aws, env).values["CloudFrontPrefixListId"]
    assert found.startswith("pl-")
    given = small.nested(**{**values, "CloudFrontPrefixListId": "pl-12345678"})
    assert deploying.with_prefix_list(aws, given) is given
    public = small.nested(AlbExposure="public")
    assert deploying.with_prefix_list(aws, public) is public


def test_a_region_without_the_prefix_list_is_told(aws: Aws) -> None:
    with Stubber(aws.client("ec2")) as stub:
        stub.add_response("describe_managed_prefix_lists", {"PrefixLists": []})
        with pytest.raises(ClinicError, match="has no prefix list"):
            deploying.with_prefix_list(aws, small.nested(AlbExposure="private"))
