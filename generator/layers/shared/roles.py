"""Roles: who takes one on, and the boundary that none of them gets more than."""

from __future__ import annotations

from typing import Any

import awacs.aws as aws
from troposphere import If, Join, NoValue, Sub, Template, iam

from generator.layer import Values
from generator.layers.shared import is_given, optional, policy

# By name, not by ARN: the same parameter file then serves every account of a stack set.
PERMISSIONS_BOUNDARY = optional(
    "PermissionsBoundary",
    "Name of a managed policy that no role of the stack gets more than. Empty: `clinic deploy` "
    "takes the one of output/roles.json where the account has it.",
    r"[\w+=,.@-]{1,128}",
    "The name of a managed policy",
)


def role(
    template: Template, values: Values, title: str, service: str, **properties: Any
) -> iam.Role:
    """A role that one AWS service takes on, within PermissionsBoundary.

    The boundary can be given to a live stack: AWS's schema of the type updates it in place.
    """
    arn = Join(
        "",
        [Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/"), values[PERMISSIONS_BOUNDARY]],
    )
    return template.add_resource(
        iam.Role(
            title,
            AssumeRolePolicyDocument=assumed_by(f"{service}.amazonaws.com"),
            PermissionsBoundary=If(is_given(template, values, PERMISSIONS_BOUNDARY), arn, NoValue),
            **properties,
        )
    )


def service_role(
    template: Template, values: Values, title: str, condition: str, service: str, *policies: str
) -> iam.Role:
    """A role of one AWS service with the policies, by path and name, that AWS keeps for it."""
    arns = [Sub("arn:${AWS::Partition}:iam::aws:policy/" + path) for path in policies]
    return role(template, values, title, service, Condition=condition, ManagedPolicyArns=arns)


def assumed_by(service: str) -> dict[str, Any]:
    """The trust policy of a role that one AWS service takes on."""
    return policy(
        aws.Statement(
            Effect=aws.Allow,
            Action=[aws.Action("sts", "AssumeRole")],
            Principal=aws.Principal("Service", service),
        )
    )
