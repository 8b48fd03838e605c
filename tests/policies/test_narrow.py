"""The policies for one environment give everything in it and nothing in another."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from generator import policies
from generator.policies.narrow import PolicyScope, narrowed

from .decide import is_allowed
from .ours import ACCOUNT, FUNCTION, LAUNCH_TEMPLATE, OURS, PLACE, THROUGH_CLOUDFORMATION

DEV = PolicyScope("clinic-dev", "dev", "eu-west-1", ACCOUNT)
IN_DEV = [narrowed(document, DEV) for document in policies.documents().values()]
GENERAL = list(policies.documents().values())

ENV = "clinic-dev-storagestack-1a2b-configurationbucket-3c4d"
MORE = (
    f"arn:aws:s3:::{ENV}",
    f"arn:aws:s3:::{ENV}/.env",
    "arn:aws:s3:::clinic-dev-frontendbucket-3c4d/index.html",
    f"arn:aws:s3:::clinic-artifacts-{ACCOUNT}-eu-west-1/clinic-dev/0a1b/root.json",
    f"arn:aws:ec2:{PLACE}:instance/i-0a1b",
    f"arn:aws:cloudformation:{PLACE}:stack/clinic-dev-EdgeStack-1A2B/0a1b",
    f"arn:aws:cloudformation:{PLACE}:stackset/clinic-dev:0a1b",
    f"arn:aws:ssm:{PLACE.partition(':')[0]}::document/AWS-RunShellScript",
    LAUNCH_TEMPLATE,
)
THINGS = (*OURS, *MORE, "*")


def context(stack: str, environment: str) -> dict[str, Any]:
    """What IAM knows of a request about a thing of an environment, by hand and otherwise."""
    return THROUGH_CLOUDFORMATION | {
        "aws:ResourceTag/aws:cloudformation:stack-name": f"{stack}-EdgeStack-1A2B",
        "aws:ResourceTag/Name": f"{environment}-site",
        "ssm:resourceTag/aws:autoscaling:groupName": f"{stack}-BackendStack-1A2B-Group-7a",
        "ec2:CreateAction": "RunInstances",
        "aws:userid": "AROAEXAMPLE:person",
        "aws:ResourceTag/aws:cloudformation:logical-id": "ReleaseFunction",
        "ssm:resourceTag/aws:cloudformation:stack-name": f"{stack}-BackendStack-1A2B",
        "kms:ViaService": "s3.eu-west-1.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{stack}-configurationbucket-1a2b/.env",
        "iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary-{stack}-eu-west-1",
        "iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/{stack}-InstancePolicy-5e6f",
        "cloudwatch:namespace": "Clinic/Backend",
        "kms:GrantIsForAWSResource": "true",
        "cloudformation:TemplateUrl": f"https://clinic-artifacts-{ACCOUNT}-eu-west-1.s3/x",
    }


def in_prod(thing: str) -> str:
    """The same thing of the environment prod."""
    return thing.replace("clinic-dev", "clinic-prod").replace("function/dev-", "function/prod-")


def grants(documents: list[dict[str, Any]]) -> set[str]:
    return {
        action
        for document in documents
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }


@pytest.mark.parametrize("stem", sorted(policies.documents()))
def test_in_its_environment_a_narrow_policy_gives_all_that_the_general_one_does(stem: str) -> None:
    general, narrow = policies.documents()[stem], narrowed(policies.documents()[stem], DEV)
    asked = context("clinic-dev", "dev")
    for action in grants([general]):
        for thing in THINGS:
            if is_allowed([general], action, thing, asked) and "artifacts" not in thing:
                assert is_allowed([narrow], action, thing, asked), f"{action} {thing}"


NAMED = [t for t in (*OURS, *MORE) if in_prod(t) != t and ":snapshot:" not in t]
"""Things that carry the stack's name; whichever snapshot the operator restores is meant so."""


@pytest.mark.parametrize("stem", sorted(policies.documents()))
def test_nothing_named_after_another_stack_is_in_reach(stem: str) -> None:
    document = narrowed(policies.documents()[stem], DEV)
    seen = 0
    for action in grants([document]):
        service = action.partition(":")[0]
        for thing in NAMED:
            if f":{service}:" not in thing:
                continue
            # A statement for everything is judged by its conditions, as below.
            asked = context("clinic-prod", "prod")
            wide = [s for s in document["Statement"] if s["Resource"] == ["*"]]
            if is_allowed([{"Statement": wide}], action, thing, asked):
                continue
            seen += 1
            assert not is_allowed([document], action, in_prod(thing), asked), f"{action} {thing}"
    # The operator's instances, sessions and documents carry no stack's name.
    assert seen or stem in ("deployer-network", "operator")


RELEASE = ("releaser", "publisher", "revealer", "observer", "operator")
LEFT = {
    *("autoscaling:Describe*", "autoscaling:DescribeAutoScalingGroups"),
    *("autoscaling:DescribeInstanceRefreshes", "autoscaling:DescribeScalingActivities"),
    *("elasticloadbalancing:Describe*", "elasticloadbalancing:DescribeTargetHealth"),
    *("cloudwatch:GetMetricData", "ecr:GetAuthorizationToken"),
    *("ssm:CancelCommand", "ssm:GetCommandInvocation"),
}
"""What AWS knows no narrower resource for: a login, reads, and ends of the account's commands."""


def left_on_prod(documents: list[dict[str, Any]]) -> set[str]:
    """Actions that the documents allow on anything of prod, by hand. The public script is no
    environment's, and runs nowhere without an instance."""
    asked = context("clinic-prod", "prod") | {
        "aws:ResourceTag/Name": "prod-launch-template",
        "aws:CalledVia": [],
    }
    return {
        action
        for action in grants(documents)
        for thing in (in_prod(t) for t in (*THINGS, FUNCTION) if ":document/" not in t)
        if is_allowed(documents, action, thing, asked)
    }


def test_a_release_of_dev_gives_nothing_on_prod() -> None:
    """Exactly, reads included: a GetObject of prod's .env would be as bad as a PutObject."""
    assert left_on_prod([narrowed(policies.documents()[stem], DEV) for stem in RELEASE]) == LEFT


@pytest.mark.parametrize(
    ("stem", "action"),
    [
        ("releaser", "lambda:InvokeFunction"),
        ("releaser", "s3:PutObject"),
        ("revealer", "s3:GetObject"),
        ("observer", "logs:GetLogEvents"),
        ("operator", "ssm:SendCommand"),
    ],
)
def test_the_general_policies_do_reach_prod_so_the_search_can_see_it(
    stem: str, action: str
) -> None:
    assert action in left_on_prod([policies.documents()[stem]])


def test_another_region_or_account_is_out_of_reach() -> None:
    asked = context("clinic-dev", "dev")
    for wrong, right in (("us-west-2", "eu-west-1"), ("210987654321", ACCOUNT)):
        for thing in (*OURS, *MORE):
            # Buckets have neither in their names, and ARNs of public documents no account.
            if right not in thing or ":s3:" in thing:
                continue
            for action in grants(IN_DEV):
                if f":{action.partition(':')[0]}:" not in thing or ":snapshot:" in thing:
                    continue
                if is_allowed(IN_DEV, action, "x", asked):
                    continue
                other = thing.replace(right, wrong)
                assert not is_allowed(IN_DEV, action, other, asked), f"{action} {other}"


def test_templates_of_another_stack_are_not_the_deployers_to_write() -> None:
    """Prod's deployer runs with his own rights what lies there."""
    there = f"arn:aws:s3:::clinic-artifacts-{ACCOUNT}-eu-west-1"
    asked = context("clinic-dev", "dev") | {"aws:CalledVia": []}
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert is_allowed(IN_DEV, action, f"{there}/clinic-dev/0a1b/root.json", asked)
        assert not is_allowed(IN_DEV, action, f"{there}/clinic-prod/0a1b/root.json", asked)


def test_the_boundary_of_another_environment_is_no_boundary_here() -> None:
    name = f"arn:aws:iam::{ACCOUNT}:role/clinic-dev-InstanceRole-1a2b"
    asked = context("clinic-dev", "dev")
    assert is_allowed(IN_DEV, "iam:CreateRole", name, asked)
    other = asked | {
        "iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary-clinic-prod-eu-west-1"
    }
    assert not is_allowed(IN_DEV, "iam:CreateRole", name, other)


@pytest.mark.parametrize(
    "place",
    [
        PolicyScope(
            "clinic-abcdefghijklmnopqrst", "abcdefghijklmnopqrst", "ap-southeast-2", ACCOUNT
        ),
        DEV,
    ],
)
def test_a_narrow_policy_still_fits_into_a_managed_one(place: PolicyScope) -> None:
    for stem, document in policies.documents().items():
        assert len(re.sub(r"\s", "", json.dumps(narrowed(document, place)))) <= 6144, stem


def test_a_name_that_it_does_not_know_is_an_error_and_not_left_wide() -> None:
    odd: Mapping[str, Any] = {
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::x"]}
        ]
    }
    assert narrowed(odd, DEV)["Statement"][0]["Resource"] == ["arn:aws:s3:::x"]
    kept = {**odd["Statement"][0], "Condition": {"StringEquals": {"x": "clinic-*"}}}
    with pytest.raises(ValueError, match="every stack"):
        narrowed({"Statement": [kept]}, DEV)
