"""Statements, conditions and resource names that all policies are written with.

The templates give nothing a physical name, so a name that CloudFormation makes is the stack's own
name, the logical id and a random end: ``clinic-dev-FrontendBucket-1a2b``, or in the nested form
``clinic-dev-EdgeStack-3c4d-FrontendBucket-1a2b`` (lower case in S3, ECR and RDS). Everything
starts with ``clinic-`` because an environment's stack is ``clinic-<environment>``; the exceptions
are said where they are used.

The partition is always ``arn:aws:``. The architecture ends in CloudFront, which GovCloud does not
have and China has as another service, so a wider pattern would promise what nobody tried.
Account and region stay open: an identity's policy reaches its own account only, and the same
policy serves every region of a group of clinics.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import awacs.aws as aws
from awacs import awsencode

PREFIX = "clinic-"
ANY = f"{PREFIX}*"
STACKS = f"arn:aws:cloudformation:*:*:stack/{ANY}/*"
GROUPS = f"arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/{ANY}"
ALARMS = (
    f"arn:aws:cloudwatch:*:*:alarm:{ANY}",
    f"arn:aws:cloudwatch:*:*:alarm:TargetTracking-{ANY}",
)
"""Of metrics; composite ones, which the templates have none of, want a wider scope (CloudWatch API,
DescribeAlarms)."""
LOG_GROUPS = f"arn:aws:logs:*:*:log-group:{ANY}"
ARTIFACT_BUCKET = f"arn:aws:s3:::{PREFIX}artifacts-${{aws:PrincipalAccount}}-*"
"""The deploy helper's ``clinic-artifacts-<account>-<region>``, of the caller's own account."""
FRONTEND_BUCKET = f"arn:aws:s3:::{ANY}-frontendbucket-*"
CONFIGURATION_BUCKET = f"arn:aws:s3:::{ANY}-configurationbucket-*"
ENV_FILE = f"{CONFIGURATION_BUCKET}/.env"
ENV_FINGERPRINT = f"{ENV_FILE}.fingerprint"
IMAGE_REPOSITORY = f"arn:aws:ecr:*:*:repository/{ANY}-imagerepository-*"
BOUNDARY = f"arn:aws:iam::*:policy/boundary-{ANY}"
"""``boundary-<stack>-<region>``, as output/roles.json names it: out of reach of the deployer, whose
own policies begin with ``clinic-``."""
INSTANCES = "arn:aws:ec2:*:*:instance/*"
"""Only with OF_OUR_STACKS: Auto Scaling passes CloudFormation's tag on to them."""

THROUGH_CLOUDFORMATION = aws.ForAnyValueStringEquals(
    {"aws:CalledVia": ["cloudformation.amazonaws.com"]}
)
"""Only CloudFormation may ask, on behalf of the caller: so only for what a stack owns.

CloudFormation makes each call for a resource in a forward access session (user guide, "Forward
access sessions (FAS) requests and permission evaluation"), and the key keeps every service of the
chain (IAM user guide, "AWS global condition context keys"): so it also holds for iam:PassRole, and
for the launch that Auto Scaling tries on CloudFormation's request.
"""
WITHIN_BOUNDARY = aws.StringLike({"iam:PermissionsBoundary": [BOUNDARY]})
"""The boundary that the role gets, or has (service authorization reference, IAM)."""
OF_OUR_STACKS = aws.StringLike({"aws:ResourceTag/aws:cloudformation:stack-name": [ANY]})
"""CloudFormation's own tag, which nobody can forge; only some types carry it."""
IN_OWN_ACCOUNT = aws.StringEquals({"aws:ResourceAccount": ["${aws:PrincipalAccount}"]})
"""Bucket names are global: somebody else's bucket that looks like ours is not ours."""
THROUGH_S3 = aws.StringLike({"kms:ViaService": ["s3.*.amazonaws.com"]})
FOR_ENV_FILE = aws.ArnLike({"kms:EncryptionContext:aws:s3:arn": [CONFIGURATION_BUCKET, ENV_FILE]})
"""A key used for the configuration bucket, with a bucket key or without one."""
FROM_LAUNCH_TEMPLATE = aws.ArnLike({"ec2:LaunchTemplate": ["arn:aws:ec2:*:*:launch-template/*"]})


def allow(
    sid: str,
    actions: Iterable[str],
    resources: Iterable[str] = ("*",),
    *conditions: aws.ConditionElement,
) -> aws.Statement:
    """Allow ``service:Action`` strings; every condition must hold.

    ValueError for two conditions with one operator, of which a document would keep the last only.
    """
    if len({type(condition) for condition in conditions}) < len(conditions):
        raise ValueError(f"{sid} has two conditions with one operator")
    more: dict[str, Any] = {"Condition": aws.Condition(list(conditions))} if conditions else {}
    return aws.Statement(
        Sid=sid,
        Effect=aws.Allow,
        Action=[aws.Action(*action.split(":")) for action in sorted(actions)],
        Resource=list(resources),
        **more,
    )


def deny(sid: str, actions: Iterable[str], condition: aws.ConditionElement) -> aws.Statement:
    """Refuse ``service:Action`` strings wherever the condition holds, whatever else allows them."""
    made = allow(sid, actions, ("*",), condition)
    made.Effect = aws.Deny
    return made


def document(*statements: aws.Statement) -> dict[str, Any]:
    """A policy document as plain data."""
    written = aws.PolicyDocument(Version="2012-10-17", Statement=list(statements))
    plain: dict[str, Any] = json.loads(json.dumps(written, cls=awsencode))
    return plain
