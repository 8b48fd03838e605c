"""Nested stacks at the endpoint take AWS's course, and say it in AWS's words."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.conftest import Stacks
from tests.local.templates import Template, att, ref, resource

NESTED = "AWS::CloudFormation::Stack"
LOG_GROUP = "AWS::Logs::LogGroup"


SECRETS: Template = {
    "Resources": {
        "Login": resource(
            "AWS::SecretsManager::Secret",
            GenerateSecretString={
                "SecretStringTemplate": json.dumps({"username": "clinic"}),
                "GenerateStringKey": "password",
            },
        )
    },
    "Outputs": {"LoginArn": {"Value": ref("Login")}},
}
DATABASE: Template = {
    "Parameters": {
        name: {"Type": "String"} for name in ("LoginArn", "Class", "Version", "Snapshot")
    },
    "Conditions": {"Restores": {"Fn::Not": [{"Fn::Equals": [ref("Snapshot"), ""]}]}},
    "Resources": {
        "Before": resource(LOG_GROUP, RetentionInDays=7),
        "Database": {
            **resource(
                "AWS::RDS::DBInstance",
                Engine="postgres",
                EngineVersion=ref("Version"),
                DBInstanceClass=ref("Class"),
                AllocatedStorage="20",
                MasterUsername="clinic",
                MasterUserPassword={
                    "Fn::Sub": "{{resolve:secretsmanager:${LoginArn}:SecretString:password}}"
                },
                DBSnapshotIdentifier={"Fn::If": ["Restores", ref("Snapshot"), ref("AWS::NoValue")]},
            ),
            "DeletionPolicy": "Delete",
        },
    },
    "Outputs": {"Host": {"Value": att("Database", "Endpoint.Address")}},
}
STORAGE: Template = {
    "Resources": {"Documents": resource("AWS::S3::Bucket")},
    "Outputs": {"Documents": {"Value": ref("Documents")}},
}


def root(stacks: Stacks) -> Template:
    database = {
        "LoginArn": att("SecretsStack", "Outputs.LoginArn"),
        **{name: ref(name) for name in ("Class", "Version", "Snapshot")},
    }
    defaults = {"Class": "db.t4g.micro", "Version": "17", "Snapshot": ""}
    return {
        "Parameters": {k: {"Type": "String", "Default": v} for k, v in defaults.items()},
        "Rules": {
            "NoHugeClass": {
                "RuleCondition": {"Fn::Equals": [ref("Class"), "db.r6g.huge"]},
                "Assertions": [
                    {
                        "Assert": {"Fn::Equals": ["a", "b"]},
                        "AssertDescription": "There is no such class",
                    }
                ],
            }
        },
        "Resources": {
            "StorageStack": resource(NESTED, TemplateURL=stacks.put(STORAGE)),
            "SecretsStack": resource(NESTED, TemplateURL=stacks.put(SECRETS)),
            "DatabaseStack": resource(
                NESTED, TemplateURL=stacks.put(DATABASE), Parameters=database
            ),
        },
        "Outputs": {
            "Host": {"Value": att("DatabaseStack", "Outputs.Host")},
            "Documents": {"Value": att("StorageStack", "Outputs.Documents")},
            "LoginArn": {"Value": att("SecretsStack", "Outputs.LoginArn")},
        },
    }


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_outputs_and_secrets_resolve_across_nested_stacks(
    stacks: Stacks, aws: Callable[..., Any], account: str
) -> None:
    made = stacks.create("resolves", root(stacks))
    assert made["StackStatus"] == "CREATE_COMPLETE"
    database = aws("rds").describe_db_instances()["DBInstances"][0]
    assert database["Endpoint"]["Address"] == outputs(made)["Host"]
    assert outputs(made)["LoginArn"].startswith(f"arn:aws:secretsmanager:us-east-1:{account}:")
    child = stacks.physical("resolves", "DatabaseStack")
    template = stacks.api.get_template(StackName=child)["TemplateBody"]
    assert "{{resolve:secretsmanager:" in json.dumps(template)


def test_an_update_keeps_the_attributes_of_what_it_leaves_alone(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    before = stacks.create("keeps", root(stacks))
    after = stacks.update("keeps", root(stacks), Class="db.t4g.small")
    assert after["StackStatus"] == "UPDATE_COMPLETE"
    assert outputs(after) == outputs(before)
    database = aws("rds").describe_db_instances()["DBInstances"][0]
    assert database["DBInstanceClass"] == "db.t4g.small"


def test_a_change_set_without_a_change_fails_with_the_services_sentence(stacks: Stacks) -> None:
    stacks.create("calm", root(stacks))
    change = stacks.change("calm", "UPDATE", stacks.put(root(stacks)), {})
    assert change["Status"] == "FAILED"
    assert change["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_a_broken_rule_refuses_the_change_set_and_leaves_no_stack(stacks: Stacks) -> None:
    with pytest.raises(stacks.api.exceptions.ClientError, match="There is no such class"):
        stacks.create("ruled", root(stacks), Class="db.r6g.huge")
    with pytest.raises(stacks.api.exceptions.ClientError, match="does not exist"):
        stacks.api.describe_stacks(StackName="ruled")


def test_a_failed_child_is_named_in_awss_words_and_cleaned_up(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    made = stacks.create("fails", root(stacks), Snapshot="not-there")
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = stacks.reason("fails", "DatabaseStack", "CREATE_FAILED")
    child = reason.split()[2]
    assert reason == (
        f"Embedded stack {child} was not successfully created: "
        "The following resource(s) failed to create: [Database]. "
    )
    assert stacks.reason("fails", "fails", "ROLLBACK_IN_PROGRESS") == (
        "The following resource(s) failed to create: [DatabaseStack]. Rollback requested by user."
    )
    assert "DBSnapshot not found: not-there (Service: Rds, Status Code: 404" in stacks.reason(
        child, "Database", "CREATE_FAILED"
    )
    states = [(name, state) for name, state, _ in stacks.events(child)]
    assert states[-3:-1] == [("Before", "DELETE_IN_PROGRESS"), ("Before", "DELETE_COMPLETE")]
    assert ("DatabaseStack", "DELETE_COMPLETE") in [e[:2] for e in stacks.events("fails")]
    assert stacks.rest(child)["StackStatus"] == "DELETE_COMPLETE"
    assert not aws("logs").describe_log_groups()["logGroups"]


def test_a_failed_update_rolls_back_child_and_root(stacks: Stacks, aws: Callable[..., Any]) -> None:
    before = stacks.create("reverts", root(stacks))
    child = stacks.physical("reverts", "DatabaseStack")
    after = stacks.update("reverts", root(stacks), Class="db.t4g.small", Version="16")
    assert after["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert outputs(after) == outputs(before)
    assert stacks.reason("reverts", "DatabaseStack", "UPDATE_FAILED") == (
        f"Embedded stack {child} was not successfully updated. Currently in "
        "UPDATE_ROLLBACK_IN_PROGRESS with reason: "
        "The following resource(s) failed to update: [Database]. "
    )
    refusal = stacks.reason(child, "Database", "UPDATE_FAILED")
    assert refusal.startswith("Cannot upgrade postgres from 17 to 16 (Service: Rds")
    assert stacks.rest(child)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    database = aws("rds").describe_db_instances()["DBInstances"][0]
    assert database["DBInstanceClass"] == "db.t4g.micro"


def test_a_bucket_with_an_object_refuses_to_go_until_it_is_empty(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    made = stacks.create("full", root(stacks))
    child = stacks.physical("full", "StorageStack")
    bucket = outputs(made)["Documents"]
    aws("s3").put_object(Bucket=bucket, Key="scan.pdf", Body=b"x")
    assert stacks.delete(made["StackId"])["StackStatus"] == "DELETE_FAILED"
    assert stacks.reason("full", "StorageStack", "DELETE_FAILED").startswith(
        f"Embedded stack {child} was not successfully deleted: "
        "The following resource(s) failed to delete: [Documents]."
    )
    assert stacks.reason(child, "Documents", "DELETE_FAILED").startswith(
        "The bucket you tried to delete is not empty (Service: S3, Status Code: 409"
    )
    aws("s3").delete_object(Bucket=bucket, Key="scan.pdf")
    assert stacks.delete(made["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert ("Documents", "DELETE_COMPLETE", "") in stacks.events(child)


def test_a_child_can_be_followed_while_it_is_being_created(stacks: Stacks) -> None:
    slow = {
        "Resources": {
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": resource(
                "AWS::CloudFormation::WaitCondition", Handle=ref("Handle"), Timeout="1"
            ),
        }
    }
    template = {"Resources": {"SlowStack": resource(NESTED, TemplateURL=stacks.put(slow))}}
    thread = threading.Thread(target=stacks.create, args=("followed", template))
    thread.start()
    seen: set[tuple[str, str]] = set()
    while thread.is_alive():
        time.sleep(0.1)
        for child in stacks.api.list_stack_resources(StackName="followed")[
            "StackResourceSummaries"
        ]:
            seen |= {event[:2] for event in stacks.events(child["PhysicalResourceId"])}
    assert ("Wait", "CREATE_IN_PROGRESS") in seen


def test_a_list_is_no_value_for_a_childs_parameter(stacks: Stacks) -> None:
    listed = resource(NESTED, TemplateURL=stacks.put(STORAGE), Parameters={"Ids": ["a", "b"]})
    stacks.create("listed", {"Resources": {"StorageStack": listed}})
    assert stacks.reason("listed", "StorageStack", "CREATE_FAILED").startswith(
        "Value of property Parameters must be an object with String"
    )


def test_a_role_needs_the_capability_on_the_root(stacks: Stacks) -> None:
    role = resource("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": []})
    child = stacks.put({"Resources": {"Role": role}})
    stacks.api.create_stack(
        StackName="unacknowledged",
        TemplateBody=json.dumps({"Resources": {"RoleStack": resource(NESTED, TemplateURL=child)}}),
    )
    stack = stacks.rest("unacknowledged")
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Requires capabilities : [CAPABILITY_IAM]" in stacks.reason(
        "unacknowledged", "RoleStack", "CREATE_FAILED"
    )


def test_a_condition_may_ask_where_the_stack_is(stacks: Stacks, account: str) -> None:
    places = {"AWS::Region": "us-east-1", "AWS::AccountId": account}
    template = {
        "Conditions": {
            f"In{i}": {"Fn::Equals": [ref(name), value]}
            for i, (name, value) in enumerate(places.items())
        },
        "Resources": {f"Group{i}": {"Type": LOG_GROUP, "Condition": f"In{i}"} for i in (0, 1)},
    }
    change = stacks.create("where", template)
    assert change["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.physical("where", "Group0")
    assert stacks.physical("where", "Group1")


def test_deleting_what_is_being_deleted_does_nothing_more(stacks: Stacks) -> None:
    """As CloudFormation, where a second deletion beside the first one would find half of it."""
    stack = stacks.create("twice", root(stacks))["StackId"]
    for _ in range(3):
        stacks.api.delete_stack(StackName=stack)
    assert stacks.rest(stack)["StackStatus"] == "DELETE_COMPLETE"
    said = [status for name, status, _ in stacks.events(stack) if name == "twice"]
    assert said.count("DELETE_IN_PROGRESS") == 1
