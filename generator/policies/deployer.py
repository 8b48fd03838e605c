"""Who creates, updates and deletes the stacks, in both forms, with credentials of their own.

CloudFormation acts with the caller's permissions, so the deployer needs what the resources need.
Those rights hold only while CloudFormation asks (``aws:CalledVia``) and only for names of our
stacks, so the same credentials cannot open a security group or read the database's password by
hand. What the deploy helper calls itself is in ``helper``.

The documents belong together on one role; IAM limits each to 6,144 characters and a role to ten.

A stack may hold a role, on an instance or a function that runs what the deployer says. So a role is
made only within the boundary (``boundary``), gets policies only while it has it, and keeps it; the
boundary itself the deployer cannot change, since its name is not one of our stacks'. There are no
users, groups or inline policies; of AWS's own policies only those listed; roles are passed by
CloudFormation only, and only to the services that the templates use.

What IAM cannot ask: whether a role that is passed, or whose trust is changed, has a boundary. So no
role without it, neither the deployer's own, may be called ``clinic-...``, nor a policy that is
attached to one. A stack that was given a service role keeps it: give none to ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import awacs.aws as aws

from generator.policies import needs
from generator.policies.grants import (
    ANY,
    BOUNDARY,
    FROM_LAUNCH_TEMPLATE,
    IN_OWN_ACCOUNT,
    OF_OUR_STACKS,
    THROUGH_CLOUDFORMATION,
    WITHIN_BOUNDARY,
    allow,
    document,
)
from generator.policies.scopes import SCOPES, UNTAGGED

PARTS: Mapping[str, tuple[str, ...]] = {
    "deployer-data": ("backup", "backup-storage", "ecr", "kms", "rds", "s3", "sns"),
    "deployer-backend": ("autoscaling", "elasticloadbalancing", "lambda", "logs", "ssm"),
    "deployer-edge": (
        *("cloudfront", "cloudwatch", "elasticfilesystem"),
        *("events", "route53", "secretsmanager", "wafv2"),
    ),
}
"""Documents that hold nothing but services' scopes, filled so that each fits for the longest names
of an environment; network and identity have more to say. What is in none goes into the shortest."""

READ_VERBS = ("Describe", "Get", "List")
CONTENT = frozenset({"iam", "kms", "lambda", "s3", "secretsmanager"})
"""Services of which even reading is narrowed: secrets, code, keys, who may do what."""
WHOLE_VERB = frozenset({"autoscaling", "ec2", "elasticfilesystem", "elasticloadbalancing", "rds"})
"""Of these every Describe is needed sooner or later, and none shows more than settings."""

BORN_UNTAGGED = frozenset(
    f"ec2:{name}"
    for name in (
        "AllocateAddress",
        "CreateFlowLogs",
        "CreateInternetGateway",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "CreateNetworkInterface",
        "CreateNatGateway",
        "CreateRouteTable",
        "CreateSecurityGroup",
        "CreateSubnet",
        "CreateTags",
        "CreateVpc",
        "CreateVpcEndpoint",
        "DeleteLaunchTemplate",
        "DeleteNetworkInterface",
        "DeleteTags",
        "ModifyNetworkInterfaceAttribute",
    )
)
"""What makes a thing, before it carries CloudFormation's tag; a launch template and a mount
target's network interface never do."""

PASSED_TO = (
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "lambda.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
LINKED_ROLES_OF = (
    "autoscaling.amazonaws.com",
    "backup.amazonaws.com",
    "elasticfilesystem.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "rds.amazonaws.com",
    "vpcorigin.cloudfront.amazonaws.com",
)
AWS_MANAGED = (
    "service-role/AmazonRDSEnhancedMonitoringRole",
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "AWSBackupServiceRolePolicyForS3Backup",
)
"""AWS's own policies that the templates' roles have; no stack may attach another one."""


def documents() -> dict[str, dict[str, Any]]:
    """The parts by file stem, except the helper's."""
    table = needs.table()
    needed, unscoped = needs.actions(table), frozenset(table["unscoped"])
    of_services = {
        stem: document(*_of_services(services, needed, unscoped))
        for stem, services in PARTS.items()
    }
    placed = {service for services in PARTS.values() for service in services}
    if more := sorted(SCOPES.keys() - placed - {"iam"}):
        shortest = min(PARTS, key=lambda stem: len(str(of_services[stem])))
        statements = _of_services((*PARTS[shortest], *more), needed, unscoped)
        of_services[shortest] = document(*statements)
    return of_services | {
        "deployer-network": document(*_network(needed)),
        "deployer-identity": document(*_identity(needed, unscoped)),
    }


def _of_services(
    services: Iterable[str], needed: frozenset[str], unscoped: frozenset[str]
) -> list[aws.Statement]:
    """Reads anywhere; what IAM cannot narrow, through CloudFormation; the rest in its scope."""
    reads, wide, statements = set[str](), set[str](), []
    for service in services:
        own = _of(service, needed)
        readable = {a for a in own if _is_read(a) and (service not in CONTENT or a in unscoped)}
        reads |= _shortened(service, readable)
        wide |= own & unscoped - readable
        if narrow := own - readable - unscoped:
            where: tuple[aws.ConditionElement, ...]
            where = (IN_OWN_ACCOUNT,) if service == "s3" else ()
            sid, scope = service.title().replace("-", ""), SCOPES[service]
            if born := narrow & UNTAGGED.get(service, frozenset()):
                statements.append(allow(f"Make{sid}", born, scope, THROUGH_CLOUDFORMATION))
                narrow, where = narrow - born, (OF_OUR_STACKS,)
            statements.append(allow(sid, narrow, scope, THROUGH_CLOUDFORMATION, *where))
    if wide:
        statements.insert(0, allow("WithoutScope", wide, ("*",), THROUGH_CLOUDFORMATION))
    return [allow("Read", reads), *statements]


def _shortened(service: str, reads: set[str]) -> set[str]:
    whole = f"{service}:Describe"
    if service not in WHOLE_VERB:
        return reads
    return {f"{whole}*", *(action for action in reads if not action.startswith(whole))}


def _network(needed: frozenset[str]) -> list[aws.Statement]:
    changes = {action for action in _of("ec2", needed) if not _is_read(action)}
    changes.remove("ec2:RunInstances")
    existing = changes - BORN_UNTAGGED
    return [
        allow("Read", ["ec2:Describe*"]),
        allow("Make", changes & BORN_UNTAGGED, ("*",), THROUGH_CLOUDFORMATION),
        allow("Change", existing, ("*",), THROUGH_CLOUDFORMATION, OF_OUR_STACKS),
        # Auto Scaling tries a launch as the caller before it accepts a template.
        allow(
            *("TryLaunch", ["ec2:RunInstances"], ("*",)),
            *(THROUGH_CLOUDFORMATION, FROM_LAUNCH_TEMPLATE),
        ),
        allow(
            "NewestUbuntu",
            ["ssm:GetParameters"],
            ["arn:aws:ssm:*:*:parameter/aws/service/canonical/ubuntu/*"],
        ),
    ]


def _identity(needed: frozenset[str], unscoped: frozenset[str]) -> list[aws.Statement]:
    own = _of("iam", needed)
    make = {"iam:CreateRole", "iam:PutRolePermissionsBoundary"}
    attach, detach = {"iam:AttachRolePolicy"}, {"iam:DetachRolePolicy"}
    guarded = make | attach | detach | {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    managed = [f"arn:aws:iam::aws:policy/{name}" for name in AWS_MANAGED]
    attachable = aws.ArnLike({"iam:PolicyARN": [f"arn:aws:iam::*:policy/{ANY}", *managed]})
    roles = [f"arn:aws:iam::*:role/{ANY}"]
    return [
        allow("Read", own & unscoped),
        allow("Iam", own - unscoped - guarded, SCOPES["iam"], THROUGH_CLOUDFORMATION),
        allow("Make", make, roles, THROUGH_CLOUDFORMATION, WITHIN_BOUNDARY),
        allow("Attach", attach, roles, THROUGH_CLOUDFORMATION, attachable, WITHIN_BOUNDARY),
        allow("Detach", detach, roles, THROUGH_CLOUDFORMATION, attachable),
        # Whether there is one to give to the stack's roles.
        allow("SeeBoundary", ["iam:GetPolicy"], [BOUNDARY]),
        allow(
            "Pass",
            ["iam:PassRole"],
            roles,
            THROUGH_CLOUDFORMATION,
            aws.StringEquals({"iam:PassedToService": list(PASSED_TO)}),
        ),
        allow(
            "LinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            ["arn:aws:iam::*:role/aws-service-role/*"],
            aws.StringEquals({"iam:AWSServiceName": list(LINKED_ROLES_OF)}),
        ),
    ]


def _of(service: str, needed: frozenset[str]) -> set[str]:
    return {action for action in needed if action.partition(":")[0] == service}


def _is_read(action: str) -> bool:
    return action.partition(":")[2].startswith(READ_VERBS)
