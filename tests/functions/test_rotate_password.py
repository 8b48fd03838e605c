from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from generator.functions import rotate_password
from generator.layers.secrets import EXCLUDED_CHARACTERS
from generator.shipped import text

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:DatabaseSecret-AbCdEf"
OLD, NEW = "0" * 32, "1" * 32
STORED = {"username": "clinic_owner", "password": "old", "host": "db.internal", "port": 5432}


class Context:
    """Lambda's: how much time is left, of which every question takes some."""

    def __init__(self, milliseconds: int) -> None:
        self.left = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        self.left -= 1
        return self.left


@pytest.fixture
def aws(monkeypatch):
    """Stubbed clients that the function gets instead of connected ones."""
    keys: dict[str, Any] = {"aws_access_key_id": "1" * 12, "aws_secret_access_key": "test"}
    make: Callable[..., Any] = boto3.client
    clients = {
        name: make(name, region_name="us-east-1", **keys) for name in ("secretsmanager", "rds")
    }
    monkeypatch.setattr(rotate_password.boto3, "client", clients.__getitem__)
    monkeypatch.setattr(rotate_password.time, "sleep", lambda seconds: None)
    monkeypatch.setenv("DATABASE", "clinic-db")
    stubs = {name: Stubber(client) for name, client in clients.items()}
    for stub in stubs.values():
        stub.activate()
    yield stubs
    for stub in stubs.values():
        stub.assert_no_pending_responses()


def expect_stages(aws, stages: dict[str, list[str]]) -> None:
    aws["secretsmanager"].add_response(
        "describe_secret", {"VersionIdsToStages": stages}, {"SecretId": SECRET}
    )


def run(step: str, milliseconds: int = 600_000) -> None:
    event = {"SecretId": SECRET, "ClientRequestToken": NEW, "Step": step}
    rotate_password.handler(event, Context(milliseconds))


PENDING = {OLD: ["AWSCURRENT"], NEW: ["AWSPENDING"]}


def test_a_new_password_keeps_user_host_and_port(aws):
    expect_stages(aws, PENDING)
    stub = aws["secretsmanager"]
    stub.add_client_error("get_secret_value", "ResourceNotFoundException")
    stub.add_response(
        "get_secret_value",
        {"SecretString": json.dumps(STORED)},
        {"SecretId": SECRET, "VersionStage": "AWSCURRENT"},
    )
    stub.add_response(
        "get_random_password",
        {"RandomPassword": "new"},
        {"PasswordLength": 32, "ExcludeCharacters": EXCLUDED_CHARACTERS},
    )
    stub.add_response(
        "put_secret_value",
        {},
        {
            "SecretId": SECRET,
            "ClientRequestToken": NEW,
            "SecretString": json.dumps(STORED | {"password": "new"}),
            "VersionStages": ["AWSPENDING"],
        },
    )
    run("createSecret")


def test_a_repeated_creation_keeps_the_pending_password(aws):
    expect_stages(aws, PENDING)
    aws["secretsmanager"].add_response("get_secret_value", {"SecretString": json.dumps(STORED)})
    run("createSecret")


def test_the_pending_password_is_set_on_this_instance_at_once(aws):
    expect_stages(aws, PENDING)
    aws["secretsmanager"].add_response(
        "get_secret_value",
        {"SecretString": json.dumps(STORED | {"password": "new"})},
        {"SecretId": SECRET, "VersionId": NEW},
    )
    aws["rds"].add_response(
        "modify_db_instance",
        {},
        {
            "DBInstanceIdentifier": "clinic-db",
            "MasterUserPassword": "new",
            "ApplyImmediately": True,
        },
    )
    run("setSecret")


def expect_instance(aws, status: str, pending: dict) -> None:
    instance = {"DBInstanceStatus": status, "PendingModifiedValues": pending}
    aws["rds"].add_response(
        "describe_db_instances",
        {"DBInstances": [instance]},
        {"DBInstanceIdentifier": "clinic-db"},
    )


def test_the_test_waits_until_the_new_password_is_in_force(aws):
    expect_stages(aws, PENDING)
    expect_instance(aws, "available", {"MasterUserPassword": "****"})
    expect_instance(aws, "resetting-master-credentials", {"MasterUserPassword": "****"})
    expect_instance(aws, "available", {})
    run("testSecret")


@pytest.mark.parametrize("status", ["storage-optimization", "backing-up", "modifying"])
def test_the_test_does_not_wait_for_what_else_the_database_does(aws, status):
    """Optimizing storage may take a day: a rotation that waited would have failed each time."""
    expect_stages(aws, PENDING)
    expect_instance(aws, status, {})
    run("testSecret")


def test_a_password_that_never_takes_hold_is_an_error(aws):
    expect_stages(aws, PENDING)
    with pytest.raises(TimeoutError, match="clinic-db"):
        run("testSecret", milliseconds=5_000)


def test_the_last_step_makes_the_new_version_the_current_one(aws):
    expect_stages(aws, PENDING)
    expect_stages(aws, PENDING)
    aws["secretsmanager"].add_response(
        "update_secret_version_stage",
        {},
        {
            "SecretId": SECRET,
            "VersionStage": "AWSCURRENT",
            "MoveToVersionId": NEW,
            "RemoveFromVersionId": OLD,
        },
    )
    run("finishSecret")


def test_a_version_that_is_current_already_is_left_alone(aws):
    expect_stages(aws, {NEW: ["AWSCURRENT"]})
    run("createSecret")


def test_a_version_that_nobody_started_is_refused(aws):
    expect_stages(aws, {OLD: ["AWSCURRENT"]})
    with pytest.raises(ValueError, match="not pending"):
        run("setSecret")


def test_the_code_is_small_enough_to_lie_in_the_template():
    assert len(text("generator.functions", "rotate_password.py").encode()) <= 4_096
    assert rotate_password.EXCLUDED == EXCLUDED_CHARACTERS
