"""A deployment gives the stack's roles the boundary that the account has for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from generator.cloud.aws import Aws
from generator.cloud.boundary import PARAMETER, with_boundary
from generator.cloud.environment import Environment
from generator.layers.identity import IDENTITY

from . import small

NAME = "boundary-clinic-small-us-east-1"
LOOK = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [LOOK]}


def environment(**values: Any) -> Environment:
    return small.nested(*small.LAYERS, IDENTITY, **values)


def test_the_boundary_of_the_account_is_taken_where_none_is_named(aws: Aws) -> None:
    heard = small.Heard()
    assert with_boundary(aws, environment(), heard).values.get(PARAMETER, "") == ""
    iam = aws.client("iam")
    made = iam.create_policy(PolicyName=NAME, PolicyDocument=json.dumps(DOCUMENT))["Policy"]["Arn"]
    try:
        assert with_boundary(aws, environment(), heard).values[PARAMETER] == NAME
        own = environment(**{PARAMETER: "my-own"})
        assert with_boundary(aws, own, heard) is own
    finally:
        iam.delete_policy(PolicyArn=made)


def test_a_template_without_the_parameter_asks_nothing(aws: Aws) -> None:
    env = small.nested()
    with Stubber(aws.client("iam")):
        assert with_boundary(aws, env, small.Heard()) is env


def test_a_missing_right_to_ask_is_an_error_and_no_stack_without_a_boundary(aws: Aws) -> None:
    with Stubber(aws.client("iam")) as stub:
        stub.add_client_error("get_policy", "AccessDenied", http_status_code=403)
        with pytest.raises(ClientError):
            with_boundary(aws, environment(), small.Heard())
