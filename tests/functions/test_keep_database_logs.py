from __future__ import annotations

import importlib
import json
import sys
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from generator.shipped import text
from tests.resolved import properties, resources, statements

DATABASE, KEY = "clinic-database-1a2b", "arn:aws:kms:us-east-1:123456789012:key/1a2b"
GROUP = f"/aws/rds/instance/{DATABASE}/postgresql"


@pytest.fixture
def answers():
    """What CloudFormation is told."""
    return []


@pytest.fixture
def function(monkeypatch, answers):
    """The function beside a stand-in for the module that Lambda adds to inline code."""

    def send(event, context, status, data, physical_id, reason=None):
        answers.append((status, physical_id, reason))

    response = SimpleNamespace(SUCCESS="SUCCESS", FAILED="FAILED", send=send)
    monkeypatch.setitem(sys.modules, "cfnresponse", response)
    return importlib.reload(importlib.import_module("generator.functions.keep_database_logs"))


@pytest.fixture
def logs(monkeypatch, function):
    keys: dict[str, Any] = {"aws_access_key_id": "1" * 12, "aws_secret_access_key": "test"}
    client = boto3.client("logs", region_name="us-east-1", **keys)
    monkeypatch.setattr(function.boto3, "client", lambda name: client)
    monkeypatch.setattr(function.time, "sleep", lambda seconds: None)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def run(function, request: str, old: dict | None = None, **wanted: object) -> None:
    left = iter(range(120_000, 0, -10_000))
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: next(left))
    named = {"Database": DATABASE, "Logs": ["postgresql"], "Days": "400"} | wanted
    event = {"RequestType": request, "ResourceProperties": named}
    function.handler(event | ({"OldResourceProperties": old} if old else {}), context)


def keeps(logs: Stubber, group: str = GROUP) -> None:
    logs.add_response("put_retention_policy", {}, {"logGroupName": group, "retentionInDays": 400})


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_each_log_group_is_made_and_gets_its_end_and_the_key(function, logs, answers, request_type):
    for name in (GROUP, GROUP.replace("postgresql", "upgrade")):
        logs.add_response("create_log_group", {}, {"logGroupName": name})
        keeps(logs, name)
        logs.add_response("associate_kms_key", {}, {"logGroupName": name, "kmsKeyId": KEY})
    run(function, request_type, Logs=["postgresql", "upgrade"], Key=KEY)
    assert answers == [("SUCCESS", DATABASE, None)]


def test_a_group_that_rds_has_made_already_gets_them_too(function, logs, answers):
    logs.add_client_error("create_log_group", "ResourceAlreadyExistsException")
    keeps(logs)
    run(function, "Create")
    assert answers == [("SUCCESS", DATABASE, None)]


def test_a_key_that_is_taken_away_encrypts_nothing_new(function, logs, answers):
    logs.add_client_error("create_log_group", "ResourceAlreadyExistsException")
    keeps(logs)
    logs.add_response("disassociate_kms_key", {}, {"logGroupName": GROUP})
    run(function, "Update", old={"Key": KEY})
    assert answers == [("SUCCESS", DATABASE, None)]


def test_a_deletion_leaves_the_log_to_its_end(function, logs, answers):
    run(function, "Delete")
    assert answers == [("SUCCESS", DATABASE, None)]


def test_rights_that_iam_does_not_have_everywhere_yet_are_waited_for(function, logs, answers):
    logs.add_client_error("create_log_group", "AccessDeniedException", "not yet")
    logs.add_response("create_log_group", {})
    logs.add_client_error("put_retention_policy", "AccessDeniedException", "not yet")
    logs.add_client_error("create_log_group", "ResourceAlreadyExistsException")
    keeps(logs)
    run(function, "Create")
    assert answers == [("SUCCESS", DATABASE, None)]


@pytest.mark.parametrize(
    ("code", "times"), [("AccessDeniedException", 11), ("InvalidParameterException", 1)]
)
def test_a_failure_reaches_cloudformation_with_its_reason(function, logs, answers, code, times):
    for _ in range(times):
        logs.add_client_error("create_log_group", code, "not you")
    run(function, "Create")
    [(status, _, reason)] = answers
    assert status == "FAILED"
    assert "not you" in reason


@pytest.mark.parametrize("environment", ["seed", "dev", "prod"])
def test_every_environment_keeps_the_logs_that_it_exports(environment):
    kept = properties("KeptDatabaseLogs", environment)
    database = properties("Database", environment)
    assert kept["Logs"] == database["EnableCloudwatchLogsExports"]
    assert kept["Database"] == {"Ref": "Database"}
    assert int(kept["Days"]) == int(
        properties("DatabaseLogsLogGroup", environment)["RetentionInDays"]
    )
    assert ("Key" in kept) == (environment == "prod")


def test_the_function_is_made_while_the_database_is():
    own = [properties(name) for name in ("DatabaseLogsFunction", "DatabaseLogsPolicy")]
    assert '"Database"' not in json.dumps(own)
    assert resources()["KeptDatabaseLogs"]["DependsOn"].count("KeepDatabaseLogsPolicy") == 1


def test_the_function_reaches_the_logs_of_this_database_only():
    named = statements(properties("KeepDatabaseLogsPolicy")["PolicyDocument"])
    [keeping] = [s for s in named if "logs:PutRetentionPolicy" in s["Action"]]
    [arn] = keeping["Resource"]
    assert arn["Fn::Join"][1][1:] == [{"Ref": "Database"}, "/*"]


def test_the_code_is_small_enough_to_lie_in_the_template():
    assert len(text("generator.functions", "keep_database_logs.py").encode()) <= 4_096
