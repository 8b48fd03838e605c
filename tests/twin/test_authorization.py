"""Whether policies of the templates let a call through."""

from __future__ import annotations

from typing import Any

import pytest

from generator.errors import ClinicError
from generator.model.iam import allows, statements
from generator.twin import authorization
from tests.twin.planned import planned

READ = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}
DENY = {
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    ("given", "context", "allowed"),
    [
        ([READ], {}, True),
        ([], {}, False),
        ([READ, DENY], {"aws:SecureTransport": "true"}, True),
        ([READ, DENY], {"aws:SecureTransport": "false"}, False),
        ([READ | {"Condition": {"StringEquals": {"k": "v"}}}], {}, False),
        ([READ | {"Condition": {"StringEquals": {"k": ["u", "v"]}}}], {"k": "v"}, True),
        ([READ | {"Condition": {"StringEqualsIfExists": {"k": "v"}}}], {}, True),
        ([READ | {"Condition": {"StringNotEquals": {"k": "v"}}}], {}, True),
        ([READ | {"Condition": {"ArnLike": {"k": "arn:*:x"}}}], {"k": "arn:aws:x"}, True),
    ],
)
def test_deny_wins_then_allow_then_nothing(
    given: list[dict[str, Any]], context: dict[str, str], allowed: bool
) -> None:
    own = statements("policy", {"Statement": given})
    assert allows(own, "s3:GetObject", "arn:aws:s3:::b/k", context) is allowed


def test_a_condition_that_nobody_knows_is_no_guess() -> None:
    with pytest.raises(ClinicError, match="NumericLessThan"):
        allows(
            statements(
                "policy", {"Statement": READ | {"Condition": {"NumericLessThan": {"k": 1}}}}
            ),
            "s3:GetObject",
            "arn:aws:s3:::b/k",
            {"k": "0"},
        )


def test_the_instances_role_reads_its_configuration_and_no_other_object() -> None:
    deployed = planned("seed")
    name = deployed.ids["InstanceRole"]
    own = authorization.of_role(deployed, name)
    bucket = f"arn:aws:s3:::{deployed.ids['ConfigurationBucket']}"
    secure = {"aws:SecureTransport": "true", "aws:ResourceAccount": "123456789012"}
    assert allows(own, "s3:GetObject", f"{bucket}/.env", secure)
    assert not allows(own, "s3:GetObject", f"{bucket}/other", secure)
    assert not allows(own, "s3:PutObject", f"{bucket}/.env", secure)
    elsewhere = secure | {"aws:ResourceAccount": "999999999999"}
    assert not allows(own, "s3:GetObject", f"{bucket}/.env", elsewhere)


def test_a_signed_request_is_the_action_that_iam_calls_it() -> None:
    call = authorization.call
    home = "us-east-1:1"
    headers = {"X-Amz-Target": "secretsmanager.GetSecretValue"}
    body = b'{"SecretId": "arn:secret"}'
    assert call("secretsmanager", "POST", "/", headers, body, home)[:2] == (
        "secretsmanager:GetSecretValue",
        "arn:secret",
    )
    headers = {"X-Amz-Target": "AmazonSSM.GetParameter"}
    assert call("ssm", "POST", "/", headers, b'{"Name": "/clinic/a-b"}', home)[:2] == (
        "ssm:GetParameter",
        "arn:aws:ssm:us-east-1:1:parameter/clinic/a-b",
    )
    assert call("s3", "GET", "/b/k?x=1", {}, b"", home)[:2] == ("s3:GetObject", "arn:aws:s3:::b/k")
    metric = b"Action=PutMetricData&Namespace=N"
    action, _, context = call("monitoring", "POST", "/", {}, metric, home)
    assert (action, context["cloudwatch:namespace"]) == ("cloudwatch:PutMetricData", "N")
