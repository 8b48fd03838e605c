"""Which IAM actions CloudFormation needs for the templates' resource types, and which it does not.

``permissions.json`` is what the resource schemas say (``refresh`` wrote it). A schema lists what
every feature of a type may need; this module takes out what no template here uses and adds what
no schema says. Both lists give their reasons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import translate
from typing import Any

from generator.shipped import text

FILE = "permissions.json"

UNUSED: Mapping[str, tuple[str, ...]] = {
    "Other services that these types can also work with": (
        "amplify:*",
        "apigateway:*",
        "apprunner:*",
        "appsync:*",
        "bedrock-agentcore:*",
        "cognito-idp:*",
        "docdb-elastic:*",
        "firehose:*",
        "redshift:*",
        "redshift-serverless:*",
        "s3files:*",
        "s3tables:*",
        "vpc-lattice:*",
        "vpce:*",
        "ec2:*VerifiedAccess*",
        "ec2:*VpnGateway",
        "ec2:*VpcEncryptionControl",
        "ec2:*PrivateNatGatewayAddress",
        "s3:*Metadata*Configuration",
        "cloudfront:*ConnectionGroup",
        "lambda:*CapacityProvider",
        "lambda:*CodeSigningConfig",
        "lambda:GetLayerVersion",
        "wafv2:PutPermissionPolicy",
    ),
    "Objects are the helper's and the publisher's business; functions carry their code inline": (
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:DeleteObject",
        "s3:PutObjectAcl",
    ),
    "A copy of the patients' data somewhere else: no template makes one": (
        "s3:PutReplicationConfiguration",
        "elasticfilesystem:CreateReplicationConfiguration",
        "elasticfilesystem:DeleteReplicationConfiguration",
        "rds:CreateDBInstanceReadReplica",
        "rds:PromoteReadReplica",
        "rds:RestoreDBInstanceToPointInTime",
        "rds:*AutomatedBackupsReplication",
        "secretsmanager:ReplicateSecretToRegions",
        "secretsmanager:RemoveRegionsFromReplication",
    ),
    "No template has users, groups or inline policies, so a stack may not touch any": (
        "iam:*User*",
        "iam:*Group*",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
    ),
    "A role whose boundary can be taken away has none": ("iam:DeleteRolePermissionsBoundary",),
    "Asked for as a whole verb; what is meant is granted by name": (
        "ec2:Get*",
        "ssm:Get*",
    ),
    "The handlers' own session, not the caller's": ("sts:AssumeRole",),
}

FORGOTTEN: Mapping[str, tuple[str, ...]] = {
    "CloudFormation itself rolls a group's update, so no handler lists it": (
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    ),
    # EFS API reference: CreateMountTarget, DeleteMountTarget, ModifyMountTargetSecurityGroups.
    "A mount target's network interface is made with the caller's rights": (
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
    ),
}


def table() -> dict[str, Any]:
    """The data file: ``source``, ``types`` (type -> actions) and ``unscoped`` (see ``refresh``)."""
    loaded: dict[str, Any] = json.loads(text(__package__, FILE))
    return loaded


_UNUSED = re.compile("|".join(translate(p) for group in UNUSED.values() for p in group))


def is_unused(action: str) -> bool:
    """Whether an action is listed by a schema but never needed here."""
    return _UNUSED.match(action) is not None


def actions(loaded: Mapping[str, Any]) -> frozenset[str]:
    """Every action that the deployer needs through CloudFormation."""
    listed = {action for of_type in loaded["types"].values() for action in of_type}
    forgotten = {action for group in FORGOTTEN.values() for action in group}
    return frozenset(action for action in listed if not is_unused(action)) | forgotten
