"""Every state that CloudFormation has is met with the right thing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from generator.cloud.aws import Aws, connect
from generator.cloud.follow import EventFeed
from generator.cloud.recover import REMEDIES, recover
from generator.errors import ClinicError
from generator.layers.database import DATABASE
from generator.layers.monitoring import MONITORING

from . import small

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/clinic-small/1"
CHILD = ID.replace("clinic-small/", "clinic-small-EdgeStack-A/")
NOTHING = {
    "CREATE_COMPLETE",
    "DELETE_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
}
CALLS = {
    "CREATE_FAILED": "delete_stack",
    "DELETE_FAILED": "delete_stack",
    "ROLLBACK_COMPLETE": "delete_stack",
    "ROLLBACK_FAILED": "delete_stack",
    "REVIEW_IN_PROGRESS": "delete_stack",
    "UPDATE_FAILED": "rollback_stack",
    "UPDATE_ROLLBACK_FAILED": "continue_update_rollback",
}


def states() -> list[str]:
    model = connect(region="eu-west-1").client("cloudformation").meta.service_model
    return list(model.shape_for("StackStatus").enum)


class Told:
    """A stubbed CloudFormation that tells of one stack, and what was said about it."""

    def __init__(self, status: str) -> None:
        self.aws = connect(
            variables={
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_ACCESS_KEY_ID": "111122223333",
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWS_REGION": "eu-west-1",
            }
        )
        self.stub = Stubber(self.aws.client("cloudformation"))
        self.stack(status)
        self.stub.activate()

    def stack(self, status: str) -> None:
        stack = {"StackId": ID, "StackName": "clinic-small", "CreationTime": NOW}
        self.expect("describe_stacks", {"Stacks": [{**stack, "StackStatus": status}]})

    def expect(self, call: str, answer: dict[str, Any], **arguments: Any) -> None:
        self.stub.add_response(call, answer, arguments or None)

    def event(self, status: str = "X", logical: str = "clinic-small", physical: str = ID) -> Any:
        kind = "AWS::CloudFormation::Stack" if physical.startswith("arn") else "AWS::S3::Bucket"
        return {
            "EventId": status,
            "StackId": ID,
            "StackName": "clinic-small",
            "Timestamp": NOW,
            "LogicalResourceId": logical,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "ResourceStatus": status,
        }

    def events(self, *told: Any) -> None:
        self.expect("describe_stack_events", {"StackEvents": list(told or [self.event()])})

    def resources(self, of: str, *told: tuple[str, str, str, str]) -> None:
        names = ("LogicalResourceId", "PhysicalResourceId", "ResourceType", "ResourceStatus")
        summaries = [
            {**dict(zip(names, r, strict=True)), "LastUpdatedTimestamp": NOW} for r in told
        ]
        for summary in summaries:
            summary["ResourceStatusReason"] = "The bucket you tried to delete is not empty"
        self.expect("list_stack_resources", {"StackResourceSummaries": summaries}, StackName=of)

    def recover(self, end: str = "", **options: Any) -> str:
        def follow(feed: EventFeed) -> str:
            return end

        heard = small.Heard()
        recover(self.aws, "clinic-small", follow=follow, report=heard, **options)
        self.stub.assert_no_pending_responses()
        return "\n".join(heard.lines)


def test_every_state_of_the_service_has_a_remedy() -> None:
    assert set(states()) == set(REMEDIES)
    assert len(REMEDIES) == 23


@pytest.mark.parametrize("state", sorted(NOTHING))
def test_a_state_that_is_fine_is_left_alone(state: str) -> None:
    assert "Nothing to recover" in Told(state).recover()


@pytest.mark.parametrize(
    "state", [s for s in REMEDIES if s.endswith("_IN_PROGRESS") and s != "REVIEW_IN_PROGRESS"]
)
def test_work_in_progress_is_left_alone_and_the_way_to_it_is_said(state: str) -> None:
    assert "`clinic deploy small` attaches" in Told(state).recover()


@pytest.mark.parametrize("state", sorted(CALLS))
def test_a_stuck_state_gets_its_call_at_the_root(
    state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(state)
    monkeypatch.setattr("generator.cloud.recover.deletions", lambda *_: [])
    if state == "REVIEW_IN_PROGRESS":
        left = {"ChangeSetId": f"{ID}-set", "ChangeSetName": "clinic-abc"}
        told.expect("list_change_sets", {"Summaries": [left]}, StackName=ID)
        told.expect("delete_change_set", {}, ChangeSetName=f"{ID}-set")
    else:
        if CALLS[state] == "delete_stack":
            told.stack(state)
        told.events()
    told.expect(CALLS[state], {}, StackName=ID)
    if CALLS[state] == "delete_stack" and state != "REVIEW_IN_PROGRESS":
        told.events(told.event("DELETE_SKIPPED", "LogBucket", "clinic-logs"))
        assert "LogBucket  clinic-logs" in told.recover("DELETE_COMPLETE")
    else:
        told.recover("UPDATE_ROLLBACK_COMPLETE")


def test_every_state_is_in_one_of_these_tests() -> None:
    busy = {s for s in REMEDIES if s.endswith("_IN_PROGRESS")}
    assert NOTHING | busy | set(CALLS) | {"IMPORT_ROLLBACK_FAILED"} == set(REMEDIES)


def test_a_failed_import_is_left_to_a_person() -> None:
    with pytest.raises(ClinicError, match="imported") as refused:
        Told("IMPORT_ROLLBACK_FAILED").recover()
    assert refused.value.exit_code == 3


def test_only_what_the_person_names_is_skipped_and_under_its_name_from_the_root() -> None:
    told = Told("UPDATE_ROLLBACK_FAILED")
    told.resources(ID, ("EdgeStack", CHILD, "AWS::CloudFormation::Stack", "UPDATE_FAILED"))
    told.resources(CHILD, ("FrontendBucket", "b", "AWS::S3::Bucket", "UPDATE_FAILED"))
    told.events()
    told.expect(
        "continue_update_rollback",
        {},
        StackName=ID,
        ResourcesToSkip=["EdgeStack.FrontendBucket"],
    )
    told.recover("UPDATE_ROLLBACK_COMPLETE", skip=["EdgeStack.FrontendBucket"])


def test_a_resource_that_is_not_stuck_cannot_be_given_up() -> None:
    told = Told("UPDATE_ROLLBACK_FAILED")
    told.resources(ID, ("Database", "d", "AWS::RDS::DBInstance", "UPDATE_COMPLETE"))
    with pytest.raises(ClinicError, match='"Database" is not in UPDATE_FAILED') as refused:
        told.recover(skip=["Database"])
    assert refused.value.exit_code == 2


def test_what_blocks_is_said_with_the_way_to_give_it_up() -> None:
    told = Told("UPDATE_ROLLBACK_FAILED")
    told.events()
    told.expect("continue_update_rollback", {}, StackName=ID)
    started = told.event("UPDATE_IN_PROGRESS")
    failed = told.event("UPDATE_FAILED", "FrontendBucket", "b")
    failed["ResourceStatusReason"] = "\x1b[2JThe bucket you tried to delete is not empty"
    told.events(failed, started)
    told.events(failed, started)
    with pytest.raises(ClinicError, match="--skip FrontendBucket") as blocked:
        told.recover("UPDATE_ROLLBACK_FAILED")
    assert blocked.value.exit_code == 3
    assert "FrontendBucket: \\x1b[2JThe bucket you tried" in str(blocked.value)
    assert "still holds objects" in str(blocked.value)


def test_no_stack_is_nothing_to_recover(aws: Aws) -> None:
    heard = small.Heard()
    recover(aws, "clinic-small", follow=small.quietly, report=heard)
    assert heard.lines == ["There is no stack clinic-small: nothing to recover."]


def test_a_creation_that_was_rolled_back_can_be_deployed_again(aws: Aws) -> None:
    broken = small.nested(*small.LAYERS, MONITORING, DATABASE, DatabaseSnapshot="missing")
    with pytest.raises(ClinicError, match="DBSnapshot not found: missing") as failed:
        small.deploy(aws, broken)
    assert failed.value.exit_code == 1
    assert small.status(aws, "clinic-small") == "ROLLBACK_COMPLETE"
    recover(aws, "clinic-small", follow=small.quietly, report=small.Heard())
    small.deploy(aws, small.nested())
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_the_shell_of_a_stack_that_was_never_made_goes_with_its_change_sets(aws: Aws) -> None:
    aws.client("cloudformation").create_change_set(
        StackName="clinic-small",
        ChangeSetName="mine",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )
    assert small.status(aws, "clinic-small") == "REVIEW_IN_PROGRESS"
    recover(aws, "clinic-small", follow=small.quietly, report=small.Heard())
    assert small.status(aws, "clinic-small") == "absent"


@pytest.mark.parametrize("form", [small.flat, small.nested])
@pytest.mark.parametrize("kept", [True, False])
def test_a_full_bucket_is_emptied_or_left_behind(aws: Aws, form: Any, kept: bool) -> None:
    env = form()
    for document in env.documents.values():
        if bucket := document["Resources"].get("DocumentsBucket"):
            bucket["DeletionPolicy"] = "Delete"
    small.deploy(aws, env)
    name = "DocumentsBucket" if not env.nested else "StorageStack.DocumentsBucket"
    bucket = next(
        e.physical
        for e in small.all_events(aws, "clinic-small")
        if e.path.endswith("DocumentsBucket") and e.physical
    )
    aws.client("s3").put_object(Bucket=bucket, Key="x", Body=b"x")
    aws.client("cloudformation").delete_stack(StackName="clinic-small")
    while small.status(aws, "clinic-small") == "DELETE_IN_PROGRESS":
        pass
    assert small.status(aws, "clinic-small") == "DELETE_FAILED"
    retain = [name] if kept else []
    recover(aws, "clinic-small", follow=small.quietly, report=small.Heard(), retain=retain)
    assert small.status(aws, "clinic-small") == "absent"
    there = [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]]
    assert (bucket in there) == kept
    if kept:
        assert aws.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"x"
