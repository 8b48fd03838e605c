"""A change set is found again, and none is left behind."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from generator.cloud import change_set
from generator.cloud.artifacts import upload
from generator.cloud.aws import Aws, connect
from generator.cloud.environment import Environment
from generator.cloud.stacks import find
from generator.errors import ClinicError

from . import small

TOPIC = small.one({"Topic": {"Type": "AWS::SNS::Topic"}})
BOTH = small.one({"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}})
ID = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/c/1"
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/clinic-small/1"


def prepare(aws: Aws, env: Environment) -> change_set.ChangeSet | None:
    stack = find(aws, env.stack)
    known = stack if stack and stack.status != "REVIEW_IN_PROGRESS" else None
    return change_set.prepare(aws, env, upload(aws, env).base, known)


def names(aws: Aws) -> list[str]:
    told = aws.client("cloudformation").list_change_sets(StackName="clinic-small")["Summaries"]
    return [entry["ChangeSetName"] for entry in told if entry["ExecutionStatus"] == "AVAILABLE"]


def offline() -> Aws:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"}
    return connect(variables={**keys, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})


def stub_failure(aws: Aws, reason: str, events: list[dict[str, Any]] | None = None) -> Stubber:
    """A service that makes a change set which fails for ``reason``."""
    stub = Stubber(aws.client("cloudformation"))
    stub.add_response("list_change_sets", {"Summaries": []})
    stub.add_response("create_change_set", {"Id": ID})
    told = {"ChangeSetId": ID, "StackId": STACK, "StackName": "clinic-small"}
    stub.add_response("describe_change_set", {**told, "Status": "CREATE_IN_PROGRESS"})
    failed = {**told, "Status": "FAILED", "StatusReason": reason}
    stub.add_response("describe_change_set", failed)
    if events is not None:
        stub.add_response("describe_events", {"OperationEvents": events})
    stub.add_response("delete_change_set", {}, {"ChangeSetName": ID, "StackName": STACK})
    stub.add_response("list_change_sets", {"Summaries": []})
    at = "2026-01-01T00:00:00Z"
    shell = {"StackName": "clinic-small", "StackId": STACK, "CreationTime": at}
    shell["StackStatus"] = "REVIEW_IN_PROGRESS"
    stub.add_response("describe_stacks", {"Stacks": [shell]})
    stub.add_response("delete_stack", {}, {"StackName": STACK})
    stub.activate()
    return stub


def test_a_later_run_finds_the_change_set_that_an_earlier_one_left(aws: Aws) -> None:
    first = prepare(aws, TOPIC)
    assert first == prepare(aws, TOPIC)
    assert len(names(aws)) == 1


def test_a_change_set_for_something_else_is_deleted(aws: Aws) -> None:
    first, second = prepare(aws, TOPIC), prepare(aws, BOTH)
    assert first
    assert second
    assert first.id != second.id
    assert names(aws) == [second.id.split("/")[1]]


def test_somebody_elses_change_set_is_left_alone(aws: Aws) -> None:
    prepare(aws, TOPIC)
    base = upload(aws, TOPIC).base
    theirs = {"StackName": "clinic-small", "ChangeSetName": "theirs", "ChangeSetType": "CREATE"}
    aws.client("cloudformation").create_change_set(**theirs, TemplateURL=f"{base}/flat.json")
    prepare(aws, BOTH)
    assert "theirs" in names(aws)


def test_nothing_to_change_is_an_outcome_of_its_own(aws: Aws) -> None:
    small.deploy(aws, TOPIC)
    assert prepare(aws, TOPIC) is None
    assert names(aws) == []


def test_what_was_deployed_before_can_be_deployed_again(aws: Aws) -> None:
    for env in (TOPIC, BOTH, TOPIC):
        small.deploy(aws, env)
    assert small.status(aws, "clinic-small") == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to "
        "create a change set.",
        "No updates are to be performed.",
    ],
)
def test_every_wording_of_nothing_is_understood(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    aws = offline()
    with stub_failure(aws, reason) as stub:
        assert change_set.prepare(aws, TOPIC, "https://x/y", None) is None
        stub.assert_no_pending_responses()


def test_a_refused_set_tells_every_reason_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    aws = offline()
    event = {
        "EventType": "VALIDATION_ERROR",
        "Timestamp": "2026-01-01T00:00:00Z",
        "ValidationPath": "/Resources/Topic/Properties/Nmae",
        "ValidationStatusReason": "Unsupported property [Nmae]",
        "ValidationFailureMode": "FAIL",
    }
    reason = "Nested change set was not successfully created: The submitted information"
    with stub_failure(aws, reason, [event]) as stub, pytest.raises(ClinicError) as told:
        change_set.prepare(aws, TOPIC, "https://x/y", None)
    stub.assert_no_pending_responses()
    assert reason in str(told.value)
    assert "/Resources/Topic/Properties/Nmae: Unsupported property [Nmae]" in str(told.value)


def test_a_change_set_that_is_still_being_deleted_is_not_taken_for_a_new_one() -> None:
    aws, stub = (ready := offline()), Stubber(ready.client("cloudformation"))
    stub.add_response("list_change_sets", {"Summaries": []})
    stub.add_response("create_change_set", {"Id": ID})
    stub.add_response("describe_change_set", {"Status": "DELETE_IN_PROGRESS"})
    with stub, pytest.raises(ClinicError, match="still being deleted") as told:
        change_set.prepare(aws, TOPIC, "https://x/y", None)
    assert told.value.exit_code == 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AlreadyExistsException", "Stack [clinic-small] already exists"),
        (
            "ValidationError",
            "Stack:arn is in CREATE_IN_PROGRESS state and can not be updated.",
        ),
    ],
)
def test_a_deployment_that_begins_meanwhile_is_to_be_followed(code: str, message: str) -> None:
    aws, stub = (ready := offline()), Stubber(ready.client("cloudformation"))
    stub.add_response("list_change_sets", {"Summaries": []})
    stub.add_client_error("create_change_set", code, message)
    with stub, pytest.raises(ClinicError, match="has just begun") as told:
        change_set.prepare(aws, TOPIC, "https://x/y", None)
    assert told.value.exit_code == 3


def test_a_change_set_that_is_gone_says_to_look_again(aws: Aws) -> None:
    made = prepare(aws, TOPIC)
    assert made
    change_set.discard(aws, made.stack, made.id)
    with pytest.raises(ClinicError, match="gone or outdated") as told:
        change_set.execute(aws, made)
    assert told.value.exit_code == 3


def test_abandoning_takes_the_shell_of_a_new_stack_along(aws: Aws) -> None:
    made = prepare(aws, TOPIC)
    assert made
    change_set.abandon(aws, made)
    assert small.status(aws, "clinic-small") == "absent"


def test_abandoning_leaves_a_stack_that_exists(aws: Aws) -> None:
    small.deploy(aws, TOPIC)
    made = prepare(aws, BOTH)
    assert made
    change_set.abandon(aws, made)
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"
    assert names(aws) == []


def test_changes_are_read_page_by_page() -> None:
    aws, stub = (ready := offline()), Stubber(ready.client("cloudformation"))
    for number, more in (("1", {"NextToken": "n"}), ("2", {})):
        change = {"Type": "Resource", "ResourceChange": {"LogicalResourceId": number}}
        stub.add_response("describe_change_set", {"Changes": [change], **more})
    with stub:
        found = [c["ResourceChange"]["LogicalResourceId"] for c in change_set.changes_of(aws, ID)]
    assert found == ["1", "2"]


def test_the_capability_is_the_smallest_that_the_templates_need() -> None:
    aws, stub = (ready := offline()), Stubber(ready.client("cloudformation"))
    stub.add_response("list_change_sets", {"Summaries": []})
    wanted = {
        "StackName": "clinic-small",
        "ChangeSetName": ANY,
        "ChangeSetType": "CREATE",
        "TemplateURL": "https://x/y/root.json",
        "Parameters": ANY,
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": "Environment", "Value": "small"}],
        "IncludeNestedStacks": True,
    }
    stub.add_response("create_change_set", {"Id": ID}, wanted)
    stub.add_client_error("describe_change_set", "Stop")
    with stub, pytest.raises(Exception, match="Stop"):
        change_set.prepare(aws, small.nested(), "https://x/y", None)
