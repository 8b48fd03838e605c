"""What the helper asks of AWS, in which order, and what it must never ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from generator.checks.changes.compare import Change, Detail
from generator.checks.changes.stateful import STATEFUL
from generator.cloud import artifacts, change_guard, change_set, preview
from generator.cloud import deploy as deploying
from generator.cloud.aws import Aws
from generator.cloud.deploy import deploy
from generator.cloud.recover import REMEDIES
from generator.errors import ClinicError

from .test_deploy import BOTH, BROKEN, NOW, TOPIC, YES

CALLS = {"CreateChangeSet", "ExecuteChangeSet", "DeleteObjects", "PutObject", "DeleteStack"}


def heard(aws: Aws) -> list[str]:
    """Names of all calls from now on, in order."""
    calls: list[str] = []
    for service in ("s3", "cloudformation"):
        events = aws.client(service).meta.events
        events.register(f"before-call.{service}", lambda model, **rest: calls.append(model.name))
    return calls


@pytest.mark.parametrize("kind", sorted(STATEFUL))
def test_the_gate_stops_what_is_perhaps_replaced(kind: str) -> None:
    """ "Conditionally" is CloudFormation's word for "the service decides": it may well replace."""
    detail = Detail("Name", "a", "b", recreates="maybe")
    change = Change("Thing", kind, "Modify", (detail,), "Delete")
    assert change.verb == "perhaps replaced"
    with pytest.raises(ClinicError, match="--allow-data-loss Thing"):
        change_guard.refuse_data_loss([change], ())


@pytest.mark.parametrize(
    ("recreation", "stops"), [("Always", True), ("Conditionally", True), ("Never", False)]
)
def test_what_cloudformation_itself_announces_reaches_the_gate(
    recreation: str, stops: bool
) -> None:
    """The service may know a reason that the resource schemas do not have."""
    target = {
        "Attribute": "Properties",
        "Name": "Engine",
        "BeforeValue": "a",
        "AfterValue": "b",
        "RequiresRecreation": recreation,
    }
    told = {
        "LogicalResourceId": "Db",
        "PhysicalResourceId": "db-1",
        "ResourceType": "AWS::RDS::DBInstance",
        "Action": "Modify",
        "Details": [{"Evaluation": "Static", "Target": target}],
    }
    [change] = preview._announced(None, [told])  # type: ignore[arg-type] # no nested change set
    assert bool(change.replacement) is stops
    if stops:
        with pytest.raises(ClinicError):
            change_guard.refuse_data_loss([change], ())
    else:
        change_guard.refuse_data_loss([change], ())


ANSWERS = {"UPDATE_IN_PROGRESS": "cancel_update_stack", "CREATE_IN_PROGRESS": "delete_stack"}


@pytest.mark.parametrize("state", sorted(REMEDIES))
def test_cancelling_deletes_a_stack_only_while_it_is_being_created(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """The state is read when the person has answered: by then the operation may have ended, and a
    deletion would take a stack that works."""
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: "cancel")
    stack = {"StackId": "arn:1", "StackName": "clinic-small", "CreationTime": NOW}
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("describe_stacks", {"Stacks": [{**stack, "StackStatus": state}]})
        if state in ANSWERS:
            stub.add_response(ANSWERS[state], {}, {"StackName": "arn:1"})
        feed = deploying.EventFeed(aws, "arn:1", None)
        deploying._interrupted(TOPIC, feed, replace(YES, terminal=True))
        stub.assert_no_pending_responses()


def test_the_replaced_templates_go_when_the_new_ones_are_deployed(aws: Aws) -> None:
    """Until the end CloudFormation may read the older ones: a rollback of nested stacks does."""
    deploy(aws, TOPIC, YES)
    calls = heard(aws)
    deploy(aws, BOTH, YES)
    order = [call for call in calls if call in CALLS]
    assert order == ["PutObject", "CreateChangeSet", "ExecuteChangeSet", "DeleteObjects"]
    followed = [call for call in calls if call == "DescribeStackEvents"]
    assert followed
    assert calls.index("DeleteObjects") > max(
        at for at, call in enumerate(calls) if call == "DescribeStackEvents"
    )


def test_an_update_that_fails_or_is_refused_removes_no_templates(aws: Aws) -> None:
    deploy(aws, TOPIC, YES)
    calls = heard(aws)
    with pytest.raises(ClinicError):
        deploy(aws, BROKEN, YES)
    assert not deploy(aws, BOTH, replace(YES, plan=True))
    assert "DeleteObjects" not in calls
    kept = aws.client("s3").list_objects_v2(Bucket=artifacts.bucket_name(aws))["Contents"]
    assert f"clinic-small/{TOPIC.digest}/flat.json" in {entry["Key"] for entry in kept}


def test_the_shell_in_which_somebody_else_prepares_a_stack_stays(aws: Aws) -> None:
    """A stack in REVIEW_IN_PROGRESS is one's own only when no other change set is in it."""
    stack = {"StackId": "arn:1", "StackName": "clinic-small", "CreationTime": NOW}
    left = {"ChangeSetName": "of-a-colleague", "Status": "CREATE_COMPLETE"}
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("delete_change_set", {})
        stub.add_response("list_change_sets", {"Summaries": [left]})
        shell = {**stack, "StackStatus": "REVIEW_IN_PROGRESS"}
        stub.add_response("describe_stacks", {"Stacks": [shell]})
        change_set.abandon(aws, change_set.ChangeSet("arn:set", "arn:1", ()))
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("state", sorted(set(REMEDIES) - {"REVIEW_IN_PROGRESS"}))
def test_abandoning_a_change_set_deletes_nothing_but_a_shell(aws: Aws, state: str) -> None:
    stack = {"StackId": "arn:1", "StackName": "clinic-small", "CreationTime": NOW}
    made = change_set.ChangeSet("arn:set", "arn:1", ())
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("delete_change_set", {})
        stub.add_response("list_change_sets", {"Summaries": []})
        stub.add_response("describe_stacks", {"Stacks": [{**stack, "StackStatus": state}]})
        change_set.abandon(aws, made)  # any other call has no answer here
        stub.assert_no_pending_responses()


SETTINGS = (
    "PutPublicAccessBlock",
    "PutBucketPolicy",
    "PutBucketEncryption",
    "PutBucketLifecycleConfiguration",
)


def test_versioning_is_set_when_all_else_is_in_place(aws: Aws) -> None:
    """It is by versioning that a later run knows the bucket to be closed."""
    calls = heard(aws)
    artifacts.upload(aws, TOPIC)
    last = calls.index("PutBucketVersioning")
    assert all(calls.index(call) < last for call in SETTINGS)
    assert last < calls.index("PutObject")


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_bucket_that_could_not_be_closed_is_closed_by_the_next_run(
    aws: Aws, setting: str
) -> None:
    def refuse(**rest: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, setting)

    events = aws.client("s3").meta.events
    events.register(f"before-call.s3.{setting}", refuse)
    calls = heard(aws)
    with pytest.raises(ClientError):
        artifacts.upload(aws, TOPIC)
    assert not {"PutObject", "PutBucketVersioning"} & set(calls)
    events.unregister(f"before-call.s3.{setting}", refuse)
    artifacts.upload(aws, TOPIC)
    assert calls.count(setting) >= 1
    bucket = artifacts.bucket_name(aws)
    assert aws.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
    assert aws.client("s3").get_public_access_block(Bucket=bucket)
