from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from generator.shipped import text
from tests.resolved import properties

SWITCH = {"CloseDefaultSecurityGroup": "true"}
GROUP = "sg-0123456789abcdef0"
RULES = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": GROUP}]}]


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
    return importlib.reload(importlib.import_module("generator.functions.close_default_group"))


@pytest.fixture
def ec2(monkeypatch, function):
    keys: dict[str, Any] = {"aws_access_key_id": "1" * 12, "aws_secret_access_key": "test"}
    client = boto3.client("ec2", region_name="us-east-1", **keys)
    monkeypatch.setattr(function.boto3, "client", lambda name: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


class Context:
    """Of an invocation whose time runs out by a pause at each look."""

    def __init__(self) -> None:
        self.left = 120_000

    def get_remaining_time_in_millis(self) -> int:
        self.left -= 10_000
        return self.left


@pytest.fixture(autouse=True)
def pauses(monkeypatch, function):
    made: list[float] = []
    monkeypatch.setattr(function.time, "sleep", made.append)
    return made


def run(function, request: str) -> None:
    event = {"RequestType": request, "ResourceProperties": {"GroupId": GROUP}}
    function.handler(event, Context())


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_every_rule_of_the_group_is_revoked(function, ec2, answers, request_type):
    group = {"GroupId": GROUP, "IpPermissions": RULES, "IpPermissionsEgress": RULES}
    ec2.add_response("describe_security_groups", {"SecurityGroups": [group]})
    revoked = {"GroupId": GROUP, "IpPermissions": RULES}
    ec2.add_response("revoke_security_group_ingress", {}, revoked)
    ec2.add_response("revoke_security_group_egress", {}, revoked)
    run(function, request_type)
    assert answers == [("SUCCESS", GROUP, None)]


def test_a_closed_group_stays_as_it_is(function, ec2, answers):
    group = {"GroupId": GROUP, "IpPermissions": [], "IpPermissionsEgress": []}
    ec2.add_response("describe_security_groups", {"SecurityGroups": [group]})
    run(function, "Create")
    assert answers == [("SUCCESS", GROUP, None)]


def test_deleting_touches_nothing(function, ec2, answers):
    run(function, "Delete")
    assert answers == [("SUCCESS", GROUP, None)]


@pytest.mark.parametrize("late", ["describe_security_groups", "revoke_security_group_ingress"])
def test_rights_that_iam_does_not_have_everywhere_yet_are_waited_for(
    function, ec2, answers, pauses, late
):
    """One refusal, seconds after the role was made, would roll the whole stack back."""
    group = {"GroupId": GROUP, "IpPermissions": RULES, "IpPermissionsEgress": []}
    for _ in range(3):
        if late != "describe_security_groups":
            ec2.add_response("describe_security_groups", {"SecurityGroups": [group]})
        ec2.add_client_error(late, "UnauthorizedOperation", "not yet")
    ec2.add_response("describe_security_groups", {"SecurityGroups": [group]})
    ec2.add_response("revoke_security_group_ingress", {})
    run(function, "Create")
    assert answers == [("SUCCESS", GROUP, None)]
    assert pauses == [10, 10, 10]


def test_a_refusal_that_lasts_reaches_cloudformation_before_the_function_is_stopped(
    function, ec2, answers
):
    for _ in range(10):
        ec2.add_client_error("describe_security_groups", "UnauthorizedOperation", "not you")
    run(function, "Create")
    [(status, _, reason)] = answers
    assert status == "FAILED"
    assert "not you" in reason


def test_another_failure_reaches_cloudformation_at_once_with_its_reason(
    function, ec2, answers, pauses
):
    ec2.add_client_error("describe_security_groups", "InvalidGroup.NotFound", "no such group")
    run(function, "Create")
    [(status, _, reason)] = answers
    assert status == "FAILED"
    assert "no such group" in reason
    assert pauses == []


def test_the_function_has_time_to_wait_for_its_rights():
    for form in ("seed", "prod"):
        assert properties("CloseDefaultGroupFunction", form, **SWITCH)["Timeout"] >= 120


def test_the_code_is_small_enough_to_lie_in_the_template():
    assert len(text("generator.functions", "close_default_group.py").encode()) <= 4_096
