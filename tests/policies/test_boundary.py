"""The boundary lets the templates' roles do all they do, and nobody climb over it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from generator.model.resolve import resolve
from generator.model.schemas import recreates
from generator.policies import deployer as module
from generator.policies.narrow import Place, narrowed
from tests.resolved import children, flat, parameters

from .aws_managed import GIVEN, LEFT_OUT
from .decide import is_allowed
from .ours import (
    ACCOUNT,
    BOUNDARY,
    BY_HAND,
    GROUP,
    KEY,
    LAUNCH_TEMPLATE,
    OURS,
    PLACE,
    REPOSITORY,
    ROOT,
    SECRET,
    STACK,
    TAGGED,
    THROUGH_CLOUDFORMATION,
    TOPIC,
    bucket,
    role,
)

Documents = dict[str, dict[str, Any]]
HERE = Place("clinic-dev", "dev", "eu-west-1", ACCOUNT)
LOG = f"arn:aws:logs:{PLACE}:log-group:clinic-dev-Log-1a2b:*"
THINGS: Mapping[str, tuple[str, ...]] = {
    "DatabaseSecret": (SECRET,),
    "ConfigurationBucket": ("clinic-dev-storagestack-1a2b-configurationbucket-3c4d",),
    "DocumentsBucket": ("clinic-dev-storagestack-1a2b-documentsbucket-3c4d",),
    "Database": ("clinic-dev-databasestack-1a2b-database-3c4d",),
    "ImageRepository": (REPOSITORY,),
    "CustomerKeyResource": (KEY,),
    "Vpc": ("sg-0a1b",),
    "AlarmTopic": (TOPIC,),
    "InstanceRole": (role("InstanceRole"),),
}
"""What a reference of a role's policy stands for."""
EVERYTHING_ON = {
    "PermissionsBoundary": "boundary-clinic-dev-eu-west-1",
    "WarmPoolSize": "1",
    "BackendImage": "docker.io/a/b:1",
    "MetricPeriod": "10",
    "PasswordRotationDays": "30",
    "DatabaseMonitoring": "true",
    "BackupPlan": "true",
    "FlowLogs": "true",
    "CloseDefaultSecurityGroup": "true",
    "CustomerKey": "true",
}


def made() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = resolve(flat(), parameters("prod", **EVERYTHING_ON))[
        "Resources"
    ]
    return found


def text(value: Any) -> str:
    """A resolved value with its references filled in; KeyError for one that THINGS lacks."""
    if isinstance(value, str):
        value = value.replace("us-east-1", "eu-west-1")
        return ROOT if ":stack/clinic/" in value else value
    [(function, given)] = value.items()
    if function == "Fn::Join":
        return str(given[0]).join(text(part) for part in given[1])
    name = given if function == "Ref" else given[0]
    return LOG if name.endswith(("LogGroup", "LogGroupResource")) else THINGS[name][0]


A_SUBNET = f"arn:aws:ec2:{PLACE}:subnet/subnet-0a1b"
"""Of what a statement speaks that names everything but launch templates."""


def needed() -> Iterator[tuple[str, str, str]]:
    """(policy, action, resource) of every right that a policy of a role gives."""
    for name, resource in made().items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and properties.get("Roles"):
            for statement in properties["PolicyDocument"]["Statement"]:
                for action in statement["Action"]:
                    for thing in statement.get("Resource", [A_SUBNET]):
                        yield name, action, _real(text(thing))
        for arn in properties.get("ManagedPolicyArns", ()):
            policy = text(arn).partition(":policy/")[2]
            for thing, actions in GIVEN[policy].items():
                yield from ((policy, action, thing) for action in actions)


def _real(pattern: str) -> str:
    """A thing that a pattern of ours stands for."""
    if "autoScalingGroup" in pattern:
        return GROUP
    if ":stack/clinic-*" in pattern:
        return f"arn:aws:cloudformation:{PLACE}:stack/{STACK}-BackendStack-1A2B/0a1b"
    if pattern.endswith(f"clinic-artifacts-{ACCOUNT}-eu-west-1/*"):
        return pattern.replace("/*", f"/{STACK}/0a1b/root.json")
    if pattern.endswith(library := "/clinic-BootLibrary-*"):
        return pattern.replace(library, f"/{STACK}-BackendStack-1A2B-BootLibrary-3c4d")
    return pattern.replace("instance/*", "instance/i-1")


CONTEXT = TAGGED | {
    "aws:PrincipalAccount": ACCOUNT,
    "aws:CalledVia": ["cloudformation.amazonaws.com"],
    "aws:ResourceTag/Name": "dev-launch-template",
    "ec2:LaunchTemplate": LAUNCH_TEMPLATE,
    "ec2:CreateAction": "RunInstances",
    "iam:PassedToService": "ec2.amazonaws.com",
    "ssm:resourceTag/aws:cloudformation:stack-name": f"{STACK}-BackendStack-1A2B",
    "cloudwatch:namespace": "Clinic/Backend",
    "kms:GrantIsForAWSResource": "true",
    "kms:ViaService": "s3.eu-west-1.amazonaws.com",
}


@pytest.mark.parametrize("place", [None, HERE])
def test_whatever_a_role_of_the_templates_may_do_the_boundary_lets_it_do(
    documents: Documents, place: Place | None
) -> None:
    boundary = narrowed(documents["boundary"], place) if place else documents["boundary"]
    rights = set(needed())
    assert {"InstancePolicy", "BackendStackPolicy", "RotationPolicy", "FlowLogPolicy"} < {
        policy for policy, _, _ in rights
    }
    refused = {r for r in rights if not is_allowed([boundary], r[1], r[2], CONTEXT)}
    assert refused == set()


def test_every_role_is_within_the_boundary_in_both_forms() -> None:
    roles = [r for r in made().values() if r["Type"] == "AWS::IAM::Role"]
    assert len(roles) >= 7
    for resource in roles:
        assert text(resource["Properties"]["PermissionsBoundary"]).endswith(BOUNDARY[-29:])
    for stem, child in children().items():
        for name, resource in child["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role":
                assert "PermissionsBoundary" in resource["Properties"], f"{stem} {name}"


def test_without_a_name_no_role_has_a_boundary() -> None:
    resources = resolve(flat(), parameters("prod"))["Resources"]
    assert "PermissionsBoundary" not in json.dumps(resources)


def test_a_boundary_is_given_to_a_live_stack_in_place() -> None:
    """By AWS's schema; the right for it, PutRolePermissionsBoundary, is the deployer's."""
    assert recreates("AWS::IAM::Role", "PermissionsBoundary", added=True) == ""
    assert recreates("AWS::IAM::Role", "RoleName") == "yes"


INSTANCE = f"arn:aws:ec2:{PLACE}:instance/i-1"
SCRIPT = f"arn:aws:ssm:{PLACE.partition(':')[0]}::document/AWS-RunShellScript"
CLIMBS = (
    "iam:*",
    "sts:AssumeRole",
    "organizations:LeaveOrganization",
    "cloudformation:CreateStack",
    "lambda:UpdateFunctionCode",
    "lambda:CreateFunction",
    "lambda:InvokeFunction",
    "ec2:AssociateIamInstanceProfile",
    "ssm:StartSession",
    "kms:PutKeyPolicy",
    "s3:PutBucketPolicy",
    "secretsmanager:PutResourcePolicy",
    "ecr:PutImage",
    "events:PutPermission",
)


def test_what_runs_within_the_boundary_cannot_climb(
    documents: Documents, iam: dict[str, Any]
) -> None:
    """Every action of IAM by name, and those of other services by which roles are come by."""
    actions = [f"iam:{name}" for name in iam["iam"]["Actions"] if name != "passrole"]
    for action in [*actions, *CLIMBS[1:]]:
        for thing in (*OURS, "*", f"arn:aws:iam::{ACCOUNT}:role/administrator", BOUNDARY):
            assert not is_allowed([documents["boundary"]], action, thing, CONTEXT), action


RELEASES = {
    "iam:PassRole": {role("InstanceRole")},
    "cloudformation:UpdateStack": {ROOT},
    "ssm:SendCommand": {INSTANCE, SCRIPT},
}
"""What the function that releases is let do, each on these things and on no others."""


@pytest.mark.parametrize("action", RELEASES)
def test_a_release_passes_one_role_and_reaches_its_own_stack_and_instances(
    documents: Documents, action: str
) -> None:
    boundary = [documents["boundary"]]
    others = {role("RotationRole"), f"arn:aws:iam::{ACCOUNT}:role/administrator"}
    others |= {f"arn:aws:cloudformation:{PLACE}:stack/bank/0a1b", SCRIPT.replace("AWS-", "x-")}
    service = "ec2" if action.startswith("ssm:") else action.partition(":")[0]
    every = {*OURS, *others, *RELEASES[action]}
    things = {t for t in every if f":{service}:" in t or t.startswith("arn:aws:ssm:")}
    things -= {t for t in every if ":parameter/" in t}  # no action of these is about one
    assert {t for t in things if is_allowed(boundary, action, t, CONTEXT)} == RELEASES[action]


@pytest.mark.parametrize(
    ("action", "thing", "without"),
    [
        ("iam:PassRole", role("InstanceRole"), {"iam:PassedToService": "lambda.amazonaws.com"}),
        (
            "ssm:SendCommand",
            INSTANCE,
            {"ssm:resourceTag/aws:cloudformation:stack-name": "bank"},
        ),
        ("ec2:RunInstances", A_SUBNET, {"ec2:LaunchTemplate": []}),
        ("ec2:CreateTags", INSTANCE, {"ec2:CreateAction": []}),
    ],
)
def test_a_release_does_none_of_it_in_any_other_way(
    documents: Documents, action: str, thing: str, without: dict[str, Any]
) -> None:
    boundary = [documents["boundary"]]
    assert is_allowed(boundary, action, thing, CONTEXT)
    assert not is_allowed(boundary, action, thing, CONTEXT | without)


def test_a_backup_shares_and_copies_nothing(documents: Documents) -> None:
    for action in LEFT_OUT:
        assert not any(is_allowed([documents["boundary"]], action, t, CONTEXT) for t in OURS)


@pytest.mark.parametrize(
    "thing",
    [
        "arn:aws:s3:::payroll/x",
        f"{bucket('FrontendBucket')}/x",
        f"arn:aws:secretsmanager:{PLACE}:secret:bank-AbCdEf",
        f"arn:aws:rds:{PLACE}:db:other",
        f"arn:aws:ecr:{PLACE}:repository/other",
        f"arn:aws:logs:{PLACE}:log-group:other",
    ],
)
def test_what_is_not_ours_is_beyond_the_boundary(
    documents: Documents, iam: dict[str, Any], thing: str
) -> None:
    service = thing.split(":")[2]
    reach = [
        f"{service}:{name}"
        for name in iam[service]["Actions"]
        if is_allowed([documents["boundary"]], f"{service}:{name}", thing, CONTEXT)
    ]
    only_looks = {"describedbinstances", "describedbsnapshots", "getrandompassword"}
    only_looks |= {"getauthorizationtoken", "listallmybuckets", "describeloggroups"}
    assert {action.partition(":")[2] for action in reach} <= only_looks


def unbounded(**changes: Any) -> dict[str, Any]:
    """A request by CloudFormation about a role that has, or gets, no boundary or another one."""
    return (
        THROUGH_CLOUDFORMATION | {"iam:PermissionsBoundary": changes.pop("boundary", [])} | changes
    )


FOREIGN = f"arn:aws:iam::{ACCOUNT}:policy/clinic-dev-my-own-boundary"
ON_A_ROLE = [
    *("CreateRole", "PutRolePermissionsBoundary", "AttachRolePolicy", "PutRolePolicy"),
    "DeleteRolePermissionsBoundary",
]


@pytest.mark.parametrize("action", ON_A_ROLE)
@pytest.mark.parametrize("boundary", [[], FOREIGN, "arn:aws:iam::aws:policy/AdministratorAccess"])
def test_no_role_is_made_or_furnished_without_the_boundary(
    deployer: list[dict[str, Any]], action: str, boundary: Any
) -> None:
    asked = THROUGH_CLOUDFORMATION | {"iam:PermissionsBoundary": boundary}
    assert not is_allowed(deployer, f"iam:{action}", role("InstanceRole"), asked)


def test_the_boundary_is_not_the_deployers_to_change(
    deployer: list[dict[str, Any]], iam: dict[str, Any]
) -> None:
    """Of all that IAM knows the deployer can do one thing to it: look."""
    can = {
        name
        for name in iam["iam"]["Actions"]
        for context in (BY_HAND, TAGGED, THROUGH_CLOUDFORMATION)
        if is_allowed(deployer, f"iam:{name}", BOUNDARY, context)
    }
    assert can == {"getpolicy", *_everywhere(deployer, iam)}


def _everywhere(deployer: list[dict[str, Any]], iam: dict[str, Any]) -> set[str]:
    allowed = {n for n in iam["iam"]["Actions"] if is_allowed(deployer, f"iam:{n}", "*", BY_HAND)}
    assert all(name.startswith("list") for name in allowed)
    return allowed


WAYS_UP = {
    "addroletoinstanceprofile",
    "attachrolepolicy",
    "createpolicy",
    "createpolicyversion",
    "createrole",
    "createservicelinkedrole",
    "passrole",
    "putrolepermissionsboundary",
    "updateassumerolepolicy",
}
"""Of IAM's writing actions those by which rights are come by and that the templates need: each is
for roles and policies of our names only, through CloudFormation, and those that furnish a role
within the boundary only."""


def test_the_search_for_ways_up_finds_the_known_ones_and_no_other(
    deployer: list[dict[str, Any]], iam: dict[str, Any]
) -> None:
    things = [*OURS, "*", BOUNDARY, f"arn:aws:iam::{ACCOUNT}:user/clinic-me", *_strangers()]
    things.append(f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x")
    write = {
        name
        for name in iam["iam"]["Actions"]
        if not name.startswith(("get", "list", "generate", "simulate"))
        and any(
            is_allowed(deployer, f"iam:{name}", thing, context)
            for thing in things
            for context in (BY_HAND, TAGGED, THROUGH_CLOUDFORMATION)
        )
    }
    harmless = {name for name in write if name.startswith(("delete", "detach", "remove", "untag"))}
    harmless |= {"tagrole", "updaterole", "updateroledescription", "createinstanceprofile"}
    assert "deleterolepermissionsboundary" not in write
    assert write - harmless == WAYS_UP


def _strangers() -> list[str]:
    """Roles and policies that are not our stacks'."""
    return [
        f"arn:aws:iam::{ACCOUNT}:{thing}"
        for thing in ("role/administrator", "policy/administrator", "role/roles-dev-Deployer-1a2b")
    ]


def test_nothing_of_iam_reaches_a_role_or_policy_that_is_not_ours(
    deployer: list[dict[str, Any]], iam: dict[str, Any]
) -> None:
    everywhere = _everywhere(deployer, iam)
    for thing in _strangers():
        for name in set(iam["iam"]["Actions"]) - everywhere:
            assert not is_allowed(deployer, f"iam:{name}", thing, THROUGH_CLOUDFORMATION), name


@pytest.mark.parametrize("action", ["iam:PassRole", "ec2:RunInstances"])
def test_roles_are_passed_and_instances_launched_by_cloudformation_only(
    deployer: list[dict[str, Any]], action: str
) -> None:
    by_hand = THROUGH_CLOUDFORMATION | {"aws:CalledVia": []}
    for thing in (*OURS, "*"):
        assert not is_allowed(deployer, action, thing, by_hand)
    chained = THROUGH_CLOUDFORMATION | {
        "aws:CalledVia": ["cloudformation.amazonaws.com", "autoscaling.amazonaws.com"]
    }
    assert is_allowed(deployer, action, role("InstanceRole"), chained)


def test_a_role_is_passed_to_no_service_that_the_templates_do_not_use(
    deployer: list[dict[str, Any]],
) -> None:
    for service in ("cloudformation", "ecs-tasks", "glue", "codebuild", "sagemaker", "ssm"):
        asked = THROUGH_CLOUDFORMATION | {"iam:PassedToService": f"{service}.amazonaws.com"}
        assert f"{service}.amazonaws.com" not in module.PASSED_TO
        assert not is_allowed(deployer, "iam:PassRole", role("InstanceRole"), asked)


def test_nothing_is_taken_over_by_import(deployer: list[dict[str, Any]]) -> None:
    ask = ("cloudformation:CreateChangeSet", ROOT)
    assert is_allowed(deployer, *ask, BY_HAND)
    assert not is_allowed(
        deployer, *ask, BY_HAND | {"cloudformation:ImportResourceTypes": ["AWS::IAM::Role"]}
    )


def test_a_secret_or_listener_of_another_stack_is_out_of_reach(
    deployer: list[dict[str, Any]],
) -> None:
    other = THROUGH_CLOUDFORMATION | {"aws:ResourceTag/aws:cloudformation:stack-name": "payroll"}
    assert not is_allowed(deployer, "secretsmanager:GetSecretValue", SECRET, other)
    for thing in OURS:
        if "listener" in thing or "loadbalancer" in thing:
            for action in ("CreateRule", "ModifyListener", "DeleteLoadBalancer", "CreateListener"):
                asked = (f"elasticloadbalancing:{action}", thing)
                assert not is_allowed(deployer, *asked, other)
    assert is_allowed(deployer, "secretsmanager:GetSecretValue", SECRET, THROUGH_CLOUDFORMATION)
