from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace

import boto3
import pytest
from botocore.stub import Stubber

from generator.shipped import text

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
    keys = {"aws_access_key_id": "1" * 12, "aws_secret_access_key": "test"}
    client = boto3.client("ec2", region_name="us-east-1", **keys)
    monkeypatch.setattr(function.boto3, "client", lambda name: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def run(function, request: str) -> None:
    function.handler({"RequestType": request, "ResourceProperties": {"GroupId": GROUP}}, None)


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


def test_a_failure_reaches_cloudformation_with_its_reason(function, ec2, answers):
    ec2.add_client_error("describe_security_groups", "UnauthorizedOperation", "not you")
    run(function, "Create")
    [(status, _, reason)] = answers
    assert status == "FAILED"
    assert "not you" in reason


def test_the_code_is_small_enough_to_lie_in_the_template():
    assert len(text("generator.functions", "close_default_group.py").encode()) <= 4_096
