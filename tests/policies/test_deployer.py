"""The deployer can do all that the templates need through CloudFormation, and little by hand."""

from __future__ import annotations

import fnmatch
import warnings
from typing import Any

import pytest

from generator.policies import needs, refresh
from generator.policies.helper import EVERYWHERE

from .decide import formats, is_allowed, like
from .ours import (
    ACCOUNT,
    ARTIFACTS,
    BY_HAND,
    DATABASE,
    OURS,
    PLACE,
    ROOT,
    SECRET,
    TAGGED,
    THROUGH_CLOUDFORMATION,
    bucket,
    role,
)

Deployer = list[dict[str, Any]]
READ_VERBS = ("Describe", "Get", "List")
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def test_every_resource_type_of_the_templates_is_in_the_table() -> None:
    missing = refresh.resource_types() - set(needs.table()["types"])
    assert not missing, "run python -m generator.policies.refresh"


def test_the_table_is_what_its_source_says() -> None:
    table, derived = needs.table(), refresh.derive(refresh.resource_types())
    if table["source"] == derived["source"]:
        assert table == derived, "run python -m generator.policies.refresh"
    elif table["types"] != derived["types"]:
        warnings.warn(f"permissions.json is from {table['source']}: refresh it", stacklevel=1)


@pytest.mark.parametrize("resource_type", sorted(needs.table()["types"]))
def test_cloudformation_may_do_all_that_a_type_needs(
    deployer: Deployer, iam: dict[str, Any], resource_type: str
) -> None:
    for action in needs.table()["types"][resource_type]:
        if needs.is_unused(action) or action == "iam:CreateServiceLinkedRole":
            continue
        fitting = [thing for thing in OURS if _fits(iam, action, thing)]
        for thing in fitting or ["*"]:
            assert is_allowed(deployer, action, thing, THROUGH_CLOUDFORMATION), f"{action} {thing}"


def _fits(iam: dict[str, Any], action: str, thing: str) -> bool:
    """Whether a thing is of a type that the action works on."""
    service, _, name = action.partition(":")
    matching = fnmatch.filter(iam[service]["Actions"], name.lower())
    return any(like(shape, thing) for entry in matching for shape in formats(iam, service, entry))


def test_service_linked_roles_can_be_made(deployer: Deployer) -> None:
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
    request = ("iam:CreateServiceLinkedRole", linked, THROUGH_CLOUDFORMATION)
    assert is_allowed(deployer, *request)


def test_an_action_is_unused_or_allowed_never_both(deployer: Deployer) -> None:
    listed = {action for of_type in needs.table()["types"].values() for action in of_type}
    by_the_helper = {"s3:GetObject", "s3:DeleteObject"}
    described = {action for action in listed if action.startswith("ec2:Describe")}
    for action in filter(needs.is_unused, listed - by_the_helper - described):
        assert not any(
            is_allowed(deployer, action, resource, THROUGH_CLOUDFORMATION) for resource in OURS
        ), action


def test_every_reason_to_leave_an_action_out_still_has_one() -> None:
    listed = {action for of_type in needs.table()["types"].values() for action in of_type}
    for patterns in needs.UNUSED.values():
        for pattern in patterns:
            assert any(fnmatch.fnmatchcase(action, pattern) for action in listed), pattern


def test_nothing_that_cloudformation_changes_can_be_changed_by_hand(deployer: Deployer) -> None:
    of_its_own = {"iam:CreateServiceLinkedRole", "iam:GetPolicy"}
    for action in needs.actions(needs.table()) - of_its_own:
        service, _, name = action.partition(":")
        if not name.startswith(READ_VERBS) and service != "cloudformation":
            things = [thing for thing in (*OURS, "*") if thing != ARTIFACTS]
            assert not any(is_allowed(deployer, action, thing, TAGGED) for thing in things), action


@pytest.mark.parametrize(
    ("action", "resource", "changed"),
    [
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{PLACE}:stack/other/1", {}),
        ("rds:DeleteDBInstance", f"arn:aws:rds:{PLACE}:db:other", {}),
        ("s3:DeleteBucket", "arn:aws:s3:::other", {}),
        ("s3:PutBucketPolicy", bucket("DocumentsBucket"), {"aws:ResourceAccount": "210987654321"}),
        ("s3:PutObject", f"arn:aws:s3:::clinic-artifacts-210987654321-{PLACE}/x", {}),
        ("s3:GetObject", f"{bucket('DocumentsBucket')}/x", {}),
        ("s3:DeleteObject", f"{bucket('DocumentsBucket')}/x", {}),
        ("s3:GetObject", f"{bucket('ConfigurationBucket')}/.env", {}),
        ("s3:PutReplicationConfiguration", bucket("DocumentsBucket"), {}),
        ("secretsmanager:GetSecretValue", SECRET, {"aws:CalledVia": []}),
        ("secretsmanager:DeleteSecret", SECRET.replace("DatabaseSecret", "Other"), {}),
        ("logs:GetLogEvents", f"arn:aws:logs:{PLACE}:log-group:other:log-stream:x", {}),
        (
            "ec2:DeleteVpc",
            f"arn:aws:ec2:{PLACE}:vpc/vpc-1",
            {"aws:ResourceTag/aws:cloudformation:stack-name": "other"},
        ),
        (
            "ec2:AuthorizeSecurityGroupIngress",
            f"arn:aws:ec2:{PLACE}:security-group/sg-1",
            {"aws:ResourceTag/aws:cloudformation:stack-name": "other"},
        ),
        ("ec2:RunInstances", f"arn:aws:ec2:{PLACE}:instance/*", {"ec2:LaunchTemplate": []}),
        ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/administrator", {}),
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/clinic-me", {}),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/clinic-me", {}),
        ("iam:AttachUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/clinic-me", {}),
        ("iam:PutRolePolicy", role("InstanceRole"), {}),
        ("iam:DeleteRolePermissionsBoundary", role("InstanceRole"), {}),
        ("iam:AttachRolePolicy", role("InstanceRole"), {"iam:PolicyARN": ADMINISTRATOR}),
        ("iam:PassRole", role("InstanceRole"), {"iam:PassedToService": "ecs.amazonaws.com"}),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/administrator", {}),
        (
            "iam:CreateServiceLinkedRole",
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x",
            {"iam:AWSServiceName": "organizations.amazonaws.com"},
        ),
    ],
)
def test_even_cloudformation_is_refused(
    deployer: Deployer, action: str, resource: str, changed: dict[str, Any]
) -> None:
    assert not is_allowed(deployer, action, resource, THROUGH_CLOUDFORMATION | changed)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:CreateChangeSet", ROOT),
        ("cloudformation:DescribeEvents", ROOT),
        ("cloudformation:DescribeEvents", f"arn:aws:cloudformation:{PLACE}:changeSet/x/1"),
        ("cloudformation:ContinueUpdateRollback", ROOT),
        ("cloudformation:RollbackStack", ROOT),
        ("cloudformation:DetectStackDrift", ROOT),
        (
            "cloudformation:CreateStackInstances",
            f"arn:aws:cloudformation:{PLACE}:stackset/clinic-x",
        ),
        ("s3:CreateBucket", ARTIFACTS),
        ("s3:PutObject", f"{ARTIFACTS}/abc/root.json"),
        ("s3:ListBucket", ARTIFACTS),
        ("s3:DeleteObjectVersion", f"{bucket('FrontendBucket')}/index.html"),
        ("autoscaling:DescribeScalingActivities", "*"),
        ("elasticloadbalancing:DescribeTargetHealth", "*"),
        ("ec2:DescribeManagedPrefixLists", "*"),
        ("ec2:GetConsoleOutput", f"arn:aws:ec2:{PLACE}:instance/i-1"),
        ("rds:DescribeDBSnapshots", DATABASE),
        ("logs:FilterLogEvents", f"arn:aws:logs:{PLACE}:log-group:clinic-dev-BackendLogGroup-1"),
        ("ssm:GetParameters", f"arn:aws:ssm:{PLACE}:parameter/aws/service/canonical/ubuntu/x"),
        *((action, "*") for action in EVERYWHERE),
    ],
)
def test_the_helper_may_call(deployer: Deployer, action: str, resource: str) -> None:
    assert is_allowed(deployer, action, resource, TAGGED)


def test_a_stack_set_is_made_only_from_a_template_of_our_bucket(deployer: Deployer) -> None:
    for host in (f"clinic-artifacts-{ACCOUNT}-eu-west-1.s3", f"s3.x/clinic-artifacts-{ACCOUNT}-y"):
        ours = BY_HAND | {"cloudformation:TemplateUrl": f"https://{host}/flat.json"}
        assert is_allowed(deployer, "cloudformation:CreateStackSet", "*", ours)
    foreign = BY_HAND | {"cloudformation:TemplateUrl": "https://other.s3.amazonaws.com/flat.json"}
    assert not is_allowed(deployer, "cloudformation:CreateStackSet", "*", foreign)
    assert not is_allowed(deployer, "cloudformation:CreateStackSet", "*", BY_HAND)
