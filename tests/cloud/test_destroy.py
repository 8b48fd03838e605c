"""A deletion says what it takes, takes only that, and proves what it left."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from generator.checks.changes.stateful import STATEFUL
from generator.cloud.aws import Aws
from generator.cloud.deletion import REMOVAL, deletions, plan, remainders
from generator.cloud.destroy import destroy, empty
from generator.cloud.follow import EventFeed
from generator.cloud.stacks import find
from generator.errors import ClinicError
from generator.layers.database import DATABASE
from generator.layers.monitoring import MONITORING

from . import small

BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {}}
VERSIONED = {
    "Type": "AWS::S3::Bucket",
    "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
}
KEPT = {"DeletionPolicy": "Retain"}
PROTECTION = {"Type": "String", "Default": "false"}


def nobody(question: object) -> str:
    raise AssertionError(question)


def gone(aws: Aws, **options: Any) -> str:
    """Destroy, and answer what was said."""
    heard = small.Heard()
    settings = {"follow": small.quietly, "ask": nobody, "yes": True, "report": heard}
    destroy(aws, "clinic-small", **(settings | options))
    return "\n".join(heard.lines)


def physical(aws: Aws, logical: str) -> str:
    told = small.all_events(aws, "clinic-small")
    return next(e.physical for e in told if e.path.endswith(logical) and e.physical)


def test_what_is_not_there_is_no_error(aws: Aws) -> None:
    assert gone(aws) == "There is no stack clinic-small: nothing to do."


def test_the_nested_set_goes_but_what_its_templates_keep(aws: Aws) -> None:
    small.deploy(aws, small.nested(*small.LAYERS, MONITORING, DATABASE))
    stack = find(aws, "clinic-small")
    assert stack
    policies = {f.resource.path: f.policy for f in deletions(aws, stack.id)}
    assert policies["DatabaseStack/Database"] == "Snapshot"
    assert policies["StorageStack/DocumentsBucket"] == "RetainExceptOnCreate"
    assert policies["SecretsStack/DatabaseSecret"] == "Delete"
    database, documents = physical(aws, "/Database"), physical(aws, "/DocumentsBucket")
    aws.client("s3").put_object(Bucket=documents, Key="x-ray", Body=b"x")
    said = gone(aws)
    assert small.status(aws, "clinic-small") == "absent"
    before, _, after = said.partition("is gone")
    assert "SecretsStack/DatabaseSecret" in before.partition("It keeps:")[0]
    assert f"DatabaseStack/Database  {database}  as a last snapshot" in before
    (snapshot,) = aws.client("rds").describe_db_snapshots(DBInstanceIdentifier=database)[
        "DBSnapshots"
    ]
    assert f"--db-snapshot-identifier {snapshot['DBSnapshotIdentifier']}`" in after
    assert f"delete-bucket --bucket {documents}`" in after
    assert "StorageStack/ImageRepository" in after
    assert aws.client("s3").get_object(Bucket=documents, Key="x-ray")["Body"].read() == b"x"


def test_only_a_bucket_that_goes_with_the_stack_is_emptied(aws: Aws) -> None:
    env = small.one({"FrontendBucket": VERSIONED, "LogBucket": {**BUCKET, **KEPT}})
    small.deploy(aws, env)
    s3, frontend, logs = (
        aws.client("s3"),
        physical(aws, "FrontendBucket"),
        physical(aws, "LogBucket"),
    )
    for key in ("index.html", "index.html", "main.js"):
        s3.put_object(Bucket=frontend, Key=key, Body=key.encode())
    s3.delete_object(Bucket=frontend, Key="index.html")
    s3.put_object(Bucket=logs, Key="log", Body=b"log")
    said = gone(aws)
    assert "Emptied FrontendBucket: 4 versions." in said
    names = {told["Name"] for told in s3.list_buckets()["Buckets"]}
    assert frontend not in names
    assert s3.get_object(Bucket=logs, Key="log")["Body"].read() == b"log"


def test_a_large_bucket_is_emptied_in_batches(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket="large")
    stub, deleted = Stubber(aws.client("s3")), 0
    owned = {"Bucket": "large", "ExpectedBucketOwner": aws.account}
    for page in range(3):
        versions = [{"Key": f"{page}-{i}", "VersionId": "v"} for i in range(1000)]
        more = {"IsTruncated": page < 2, "NextKeyMarker": f"{page}", "NextVersionIdMarker": "v"}
        stub.add_response("list_object_versions", {"Versions": versions, **more})
        stub.add_response(
            "delete_objects", {}, {**owned, "Delete": {"Objects": versions, "Quiet": True}}
        )
        deleted += len(versions)
    stub.add_response("list_object_versions", {})
    with stub:
        assert empty(aws, "large") == deleted
        stub.assert_no_pending_responses()


def test_an_object_that_stays_is_named_when_the_deletion_has_failed(aws: Aws) -> None:
    small.deploy(aws, small.one({"FrontendBucket": BUCKET}))
    aws.client("s3").put_object(Bucket=physical(aws, "FrontendBucket"), Key="x", Body=b"x")

    def hold(model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        errors = [{"Key": "x\x1b", "Code": "AccessDenied", "Message": "held"}]
        return SimpleNamespace(status_code=200), {"Errors": errors}

    events = aws.client("s3").meta.events
    events.register("before-call.s3.DeleteObjects", hold)
    with pytest.raises(ClinicError, match=r"x\\x1b: held") as refused:
        gone(aws)
    assert refused.value.exit_code == 3
    events.unregister("before-call.s3.DeleteObjects", hold)
    assert "clinic-small is gone. Still there: nothing." in gone(aws)


def filled(aws: Aws) -> str:
    """A stack with a full bucket that goes with it; the bucket's name."""
    small.deploy(aws, small.one({"FrontendBucket": VERSIONED, "LogBucket": {**BUCKET, **KEPT}}))
    bucket = physical(aws, "FrontendBucket")
    aws.client("s3").put_object(Bucket=bucket, Key="index.html", Body=b"x")
    return bucket


def test_nothing_is_emptied_under_termination_protection(aws: Aws) -> None:
    """The site must not be gone while the stack stays."""
    bucket, cloudformation = filled(aws), aws.client("cloudformation")
    protection = {"StackName": "clinic-small", "EnableTerminationProtection": True}
    cloudformation.update_termination_protection(**protection)
    with pytest.raises(ClinicError, match="--no-enable-termination-protection") as refused:
        gone(aws, follow=nobody)
    assert refused.value.exit_code == 3
    assert aws.client("s3").get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"x"


@pytest.mark.parametrize("words", ["not authorized", "cannot be deleted while protected"])
def test_nothing_is_emptied_when_the_deletion_is_refused(aws: Aws, words: str) -> None:
    """Whatever CloudFormation refuses for, what it did not accept must not have begun."""
    bucket, events = filled(aws), aws.client("cloudformation").meta.events

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": words}}, "DeleteStack")

    events.register("before-call.cloudformation.DeleteStack", refuse)
    with pytest.raises(ClientError):
        gone(aws, follow=nobody)
    events.unregister("before-call.cloudformation.DeleteStack", refuse)
    assert aws.client("s3").get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"x"
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_a_bucket_is_emptied_until_a_whole_list_of_it_is_empty(aws: Aws) -> None:
    """Others may write while it is emptied, into a part of the list that was read already."""
    aws.client("s3").create_bucket(Bucket="busy")
    events, late = aws.client("s3").meta.events, iter(range(3))

    def write(**_: Any) -> None:
        for number in late:
            aws.client("s3").put_object(Bucket="busy", Key=f"{number}", Body=b"late")
            return

    aws.client("s3").put_object(Bucket="busy", Key="first", Body=b"x")
    events.register("after-call.s3.DeleteObjects", write)
    assert empty(aws, "busy") == 4
    events.unregister("after-call.s3.DeleteObjects", write)
    assert not aws.client("s3").list_object_versions(Bucket="busy").get("Versions")


def test_a_bucket_that_was_full_when_its_turn_came_is_emptied_and_deleted_again(aws: Aws) -> None:
    """CloudFormation may be faster: nothing depends on who is."""
    filled(aws)
    follows: list[str] = []

    def late(feed: EventFeed) -> str:
        follows.append(small.quietly(feed))
        return follows[-1]

    def wait(**_: Any) -> None:
        while small.status(aws, "clinic-small") == "DELETE_IN_PROGRESS":
            time.sleep(0.02)

    events = aws.client("s3").meta.events
    events.register("before-call.s3.ListObjectVersions", wait)
    said = gone(aws, follow=late)
    events.unregister("before-call.s3.ListObjectVersions", wait)
    assert follows == ["DELETE_FAILED", "DELETE_COMPLETE"]
    assert "clinic-small is gone. Still there:\n  LogBucket" in said


def test_a_run_cut_off_after_the_deletion_was_accepted_is_finished_by_the_next(aws: Aws) -> None:
    filled(aws)

    def cut(feed: EventFeed) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gone(aws, follow=cut)
    assert "clinic-small is gone. Still there:\n  LogBucket" in gone(aws)
    # And whoever asks once more still learns what is there.
    assert "clinic-small is gone. Still there:\n  LogBucket" in gone(aws, follow=nobody)


def test_plan_and_last_page_are_true_after_a_deletion_that_failed(aws: Aws) -> None:
    """What was retained, and a database that is only a snapshot by now, are no longer listed."""
    database = {
        "Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Snapshot",
        "Properties": {
            "Engine": "postgres",
            "DBInstanceClass": "db.t4g.micro",
            "AllocatedStorage": "20",
            "MasterUsername": "clinic",
            "MasterUserPassword": "a-password-of-a-test",
        },
    }
    site = {"FrontendBucket": VERSIONED, "LogBucket": {**BUCKET, **KEPT}, "Database": database}
    small.deploy(aws, small.one(site))
    frontend, logs = physical(aws, "FrontendBucket"), physical(aws, "LogBucket")
    name = physical(aws, "Database")
    aws.client("s3").put_object(Bucket=frontend, Key="index.html", Body=b"x")

    def hold(**_: Any) -> tuple[Any, dict[str, Any]]:
        errors = [{"Key": "x", "Code": "AccessDenied", "Message": "held"}]
        return SimpleNamespace(status_code=200), {"Errors": errors}

    events = aws.client("s3").meta.events
    events.register("before-call.s3.DeleteObjects", hold)
    with pytest.raises(ClinicError, match="DELETE_FAILED"):
        gone(aws)
    events.unregister("before-call.s3.DeleteObjects", hold)
    before, _, after = gone(aws).partition("is gone")
    lost, _, kept = before.partition("It keeps:")
    assert frontend in lost
    assert f"LogBucket  {logs}" in kept
    assert f"Database  {name}  as a last snapshot" in kept
    assert f"delete-bucket --bucket {logs}`" in after
    [snapshot] = aws.client("rds").describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]
    assert f"Database  {snapshot['DBSnapshotIdentifier']}" in after


def test_what_a_failed_creation_made_is_not_left_behind(aws: Aws) -> None:
    """Buckets with names of their own would pile up with each attempt, retained by the rollback."""
    broken = small.nested(*small.LAYERS, MONITORING, DATABASE, DatabaseSnapshot="missing")
    with pytest.raises(ClinicError, match="ROLLBACK_COMPLETE"):
        small.deploy(aws, broken)
    names = [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]]
    assert [name for name in names if "-artifacts-" not in name] == []
    assert aws.client("ecr").describe_repositories()["repositories"] == []


def test_protection_must_be_taken_off_first(aws: Aws) -> None:
    named = {"DisplayName": {"Ref": "DeletionProtection"}}
    topic = {"Type": "AWS::SNS::Topic", "Properties": named}
    env = small.one({"Topic": topic}, DeletionProtection=PROTECTION)
    small.deploy(aws, env.with_values(DeletionProtection="true"))
    with pytest.raises(ClinicError, match="set DeletionProtection to false") as refused:
        gone(aws)
    assert refused.value.exit_code == 2
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"
    small.deploy(aws, env)
    gone(aws)


def test_the_name_must_be_typed(aws: Aws) -> None:
    small.deploy(aws, small.one({"Topic": {"Type": "AWS::SNS::Topic"}}))
    for answer in ("", "yes", "clinic-smal"):
        with pytest.raises(ClinicError, match="nothing was deleted"):
            gone(aws, yes=False, ask=lambda question, answer=answer: answer)
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"
    gone(aws, yes=False, ask=lambda question: " clinic-small ")
    assert small.status(aws, "clinic-small") == "absent"


def test_a_stack_at_work_is_not_deleted(aws: Aws) -> None:
    told = {"StackId": "arn:s", "StackName": "clinic-small", "StackStatus": "UPDATE_IN_PROGRESS"}
    small.deploy(aws, small.one({"Topic": {"Type": "AWS::SNS::Topic"}}))
    events = aws.client("cloudformation").meta.events

    def busy(parsed: dict[str, Any], **_: Any) -> None:
        for stack in parsed["Stacks"]:
            stack["StackStatus"] = told["StackStatus"]

    events.register("after-call.cloudformation.DescribeStacks", busy)
    with pytest.raises(ClinicError, match="clinic deploy small") as refused:
        gone(aws)
    assert refused.value.exit_code == 3
    events.unregister("after-call.cloudformation.DescribeStacks", busy)


def test_a_deletion_in_progress_is_followed_to_its_end(aws: Aws) -> None:
    small.deploy(aws, small.one({"Topic": {"Type": "AWS::SNS::Topic"}}))
    client = aws.client("cloudformation")
    asked: list[EventFeed] = []

    def being_deleted(parsed: dict[str, Any], **_: Any) -> None:
        for stack in parsed["Stacks"]:
            stack["StackStatus"] = "DELETE_IN_PROGRESS"

    def follow(feed: EventFeed) -> str:
        asked.append(feed)
        return "DELETE_COMPLETE"

    client.meta.events.register("after-call.cloudformation.DescribeStacks", being_deleted)
    assert "attaches to it" in gone(aws, yes=False, follow=follow)
    client.meta.events.unregister("after-call.cloudformation.DescribeStacks", being_deleted)
    assert len(asked) == 1
    assert small.status(aws, "clinic-small") == "CREATE_COMPLETE"


def test_whoever_attaches_late_is_told_what_is_kept_as_well(aws: Aws) -> None:
    """When it attaches, the resources of the stack are no longer listed."""
    small.deploy(aws, small.nested(*small.LAYERS, MONITORING, DATABASE))
    database, documents = physical(aws, "/Database"), physical(aws, "/DocumentsBucket")
    client, began = aws.client("cloudformation"), "after-call.cloudformation.DescribeStacks"

    def being_deleted(parsed: dict[str, Any], **_: Any) -> None:
        client.meta.events.unregister(began, being_deleted)
        gone(aws)
        parsed["Stacks"][0]["StackStatus"] = "DELETE_IN_PROGRESS"

    client.meta.events.register(began, being_deleted)
    _, _, after = gone(aws, yes=False).partition("is gone")
    assert f"StorageStack/DocumentsBucket  {documents}" in after
    [snapshot] = aws.client("rds").describe_db_snapshots(DBInstanceIdentifier=database)[
        "DBSnapshots"
    ]
    assert f"DatabaseStack/Database  {snapshot['DBSnapshotIdentifier']}" in after


def test_what_somebody_else_deletes_while_the_person_is_asked_ends_well(aws: Aws) -> None:
    small.deploy(aws, small.one({"FrontendBucket": BUCKET, "LogBucket": {**BUCKET, **KEPT}}))

    def meanwhile(question: str) -> str:
        gone(aws)
        return "clinic-small"

    said = gone(aws, yes=False, ask=meanwhile, follow=nobody)
    assert "clinic-small is gone. Still there:\n  LogBucket" in said


def test_two_deletions_at_once_both_end_well(aws: Aws) -> None:
    small.deploy(aws, small.nested())
    both = Barrier(2)

    def asked(question: str) -> str:
        both.wait(30)
        return "clinic-small"

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(gone, aws, yes=False, ask=asked) for _ in range(2)]
    assert all("clinic-small is gone." in run.result() for run in runs)
    assert small.status(aws, "clinic-small") == "absent"


def test_what_blocks_a_deletion_is_said(aws: Aws) -> None:
    bucket = small.one({"DocumentsBucket": {**BUCKET}, "Topic": {"Type": "AWS::SNS::Topic"}})
    small.deploy(aws, bucket)
    name = physical(aws, "DocumentsBucket")

    aws.client("s3").put_object(Bucket=name, Key="x", Body=b"x")

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObjects")

    events = aws.client("s3").meta.events
    events.register("before-call.s3.DeleteObjects", refuse)
    with pytest.raises(ClinicError, match="What blocks it") as blocked:
        gone(aws)
    assert blocked.value.exit_code == 3
    assert "DocumentsBucket" in str(blocked.value)
    assert aws.client("s3").get_object(Bucket=name, Key="x")["Body"].read() == b"x"
    events.unregister("before-call.s3.DeleteObjects", refuse)
    gone(aws)


def test_only_what_is_there_is_proven(aws: Aws) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {}, **KEPT}
    kept = {"BackendLog": group, "FlowLog": group, "LogBucket": {**BUCKET, **KEPT}}
    small.deploy(aws, small.one(kept))
    stack = find(aws, "clinic-small")
    assert stack
    planned = deletions(aws, stack.id)
    lost = physical(aws, "FlowLog")
    aws.client("logs").delete_log_group(logGroupName=lost)
    aws.client("s3").delete_bucket(Bucket=physical(aws, "LogBucket"))
    assert [thing.path for thing in remainders(aws, planned)] == ["BackendLog"]


def test_what_a_rollback_left_of_a_deleted_child_counts_as_kept(aws: Aws) -> None:
    names = ("LogicalResourceId", "PhysicalResourceId", "ResourceType", "ResourceStatus")
    gone, kept = "DELETE_COMPLETE", "DELETE_SKIPPED"
    told = {
        "root": [("StorageStack", "child", "AWS::CloudFormation::Stack", gone)],
        "child": [
            ("LogBucket", "logs", "AWS::S3::Bucket", kept),
            ("Repository", "images", "AWS::ECR::Repository", gone),
        ],
    }
    with Stubber(aws.client("cloudformation")) as stub:
        stub.add_response("describe_stack_events", {"StackEvents": []})
        for rows in told.values():
            summaries = [
                {**dict(zip(names, row, strict=True)), "LastUpdatedTimestamp": datetime.now(UTC)}
                for row in rows
            ]
            stub.add_response("get_template", {"TemplateBody": '{"Resources": {}}'})
            stub.add_response("list_stack_resources", {"StackResourceSummaries": summaries})
        found = deletions(aws, "root")
    assert [(fate.resource.path, fate.kept) for fate in found] == [("StorageStack/LogBucket", True)]


def test_everything_that_can_be_kept_has_a_way_to_remove_it() -> None:
    kept = {
        resource["Type"]
        for resource in small.flat_of_all()["Resources"].values()
        if resource.get("DeletionPolicy") in ("RetainExceptOnCreate", "Snapshot")
    }
    assert kept <= set(REMOVAL) <= set(STATEFUL)


def test_the_plan_of_nothing_says_nothing() -> None:
    assert plan("s", [])[-1] == "It keeps: nothing."
