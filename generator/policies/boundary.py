"""The most that any role of the stacks can get, whatever policies are attached to it.

The deployer makes roles and policies, so his own rights say nothing of what his stacks may do: this
boundary does. The templates put it on every role (parameter PermissionsBoundary), and the
deployer's policy lets him make and furnish no role without it. It says what the templates' roles
need (a test holds each of their rights against it), so whoever deploys can reach through a function
or an instance of a stack what stands here, and no more: no IAM, no other role than the instances'
to be passed to an instance, no other stack. What the function that releases needs is among it
(launches, a script on an instance, change sets of its own stack): whatever it changes,
CloudFormation makes with these same rights. Where AWS has neither a name nor a tag to ask for, it
reaches things of the whole account; tests/policies/test_strangers.py lists those that are beyond
the deployer's own rights.

Of AWS's own policies for backups it leaves out what no plan here does: other services' data, copies
to other vaults, snapshots shared with other accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import awacs.aws as aws

from generator.policies.grants import (
    ANY,
    ARTIFACT_BUCKET,
    ENV_FILE,
    GROUPS,
    IN_OWN_ACCOUNT,
    INSTANCES,
    OF_OUR_STACKS,
    STACKS,
    allow,
    document,
)
from generator.policies.scopes import ROLES_MAY, SECRETS

DOCUMENTS_BUCKET = f"arn:aws:s3:::{ANY}-documentsbucket-*"
BACKUPS = "arn:aws:rds:*:*:snapshot:awsbackup:*"
DATABASE_LOGS = f"arn:aws:logs:*:*:log-group:/aws/rds/instance/{ANY}"
INSTANCE_ROLE = f"arn:aws:iam::*:role/{ANY}-InstanceRole-*"
KEYS = "arn:aws:kms:*:*:key/*"
MONITORING_LOG = "arn:aws:logs:*:*:log-group:RDS*"
"""RDS's enhanced monitoring writes the records of all databases there."""
METRICS = aws.StringEquals({"cloudwatch:namespace": ["Clinic/Backend"]})
FOR_DATA = aws.StringLike(
    {
        "kms:ViaService": [
            f"{service}.*.amazonaws.com" for service in ("s3", "secretsmanager", "sns")
        ]
    }
)
FOR_AWS = aws.Bool({"kms:GrantIsForAWSResource": "true"})

EVERYWHERE = (
    "autoscaling:Describe*",
    "cloudwatch:GetMetricData",
    "ec2:Describe*",
    "ecr:GetAuthorizationToken",
    "events:ListRules",
    "logs:DescribeLogGroups",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots",
    "s3:ListAllMyBuckets",
    "kms:DescribeKey",
    "secretsmanager:GetRandomPassword",
    "ssm:GetCommandInvocation",
    "ssm:ListCommands",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "tag:GetResources",
)
"""What IAM cannot narrow, and what only looks."""
CHANGE = (
    *("*ChangeSet", "Describe*", "GetTemplate", "ListStackResources", "SignalResource"),
    "UpdateStack",
)
GROUP = (
    *("*Processes", "CompleteLifecycleAction", "SetDesiredCapacity", "StartInstanceRefresh"),
    *("TerminateInstanceInAutoScalingGroup", "UpdateAutoScalingGroup"),
)
KEEP_LOG = ("*KmsKey", "CreateLogGroup", "PutRetentionPolicy")
ROTATE = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
WATCH_BUCKET = ("*Rule", "*Targets")
READ_BUCKET = (
    *("GetBucket*", "GetInventoryConfiguration", "ListBucket*", "ListTagsForResource"),
    *("PutBucketNotification", "PutInventoryConfiguration"),
)
"""Patterns, where what they take in besides only looks or is about one thing of ours: a managed
policy has 6,144 characters."""


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem. Its statements have no Sid: a managed policy has 6,144
    characters, so rights that hold without a condition, or under the same, stand together. An
    action is about things of its own service only."""
    made = document(*_always(), *_tagged(), *_in_own_account(), *_keys(), *_release())
    return {"boundary": made | {"Statement": [_without_sid(s) for s in made["Statement"]]}}


def _without_sid(statement: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != "Sid"}


def _always() -> list[aws.Statement]:
    things: Mapping[str, Sequence[str]] = {
        **ROLES_MAY,
        STACKS: _of("cloudformation", CHANGE),
        DATABASE_LOGS: _of("logs", KEEP_LOG),
        MONITORING_LOG: _of("logs", ("GetLogEvents",)),
        BACKUPS: ["rds:DeleteDBSnapshot"],
        "arn:aws:rds:*:*:auto-backup:*": ["rds:DeleteDBInstanceAutomatedBackup"],
        "arn:aws:events:*:*:rule/AwsBackupManagedRule*": _of("events", WATCH_BUCKET),
        "arn:aws:backup:*:*:recovery-point:*": ["backup:TagResource"],
        # A VPC's default group, which nobody made, carries no tag to know it by.
        "arn:aws:ec2:*:*:security-group/*": ["ec2:RevokeSecurityGroup*"],
        "arn:aws:ssm:*::parameter/aws/service/canonical/*": ["ssm:GetParameters"],
        "arn:aws:ssm:*::document/AWS-RunShellScript": ["ssm:SendCommand"],
    }
    actions = sorted({action for each in things.values() for action in each})
    return [
        allow("Everywhere", EVERYWHERE),
        allow("Always", actions, things),
        # By itself: a script reaches tagged instances only.
        allow("Session", ["ssm:UpdateInstanceInformation"], [INSTANCES]),
    ]


def _tagged() -> list[aws.Statement]:
    secret = f"arn:aws:secretsmanager:*:*:secret:{SECRETS[0]}-*"
    rights = [*_of("autoscaling", GROUP), *_of("secretsmanager", ROTATE)]
    return [allow("Tagged", rights, [GROUPS, secret], OF_OUR_STACKS)]


def _in_own_account() -> list[aws.Statement]:
    """Bucket names are global: somebody else's bucket that looks like ours is not ours."""
    things = [ENV_FILE, DOCUMENTS_BUCKET, f"{DOCUMENTS_BUCKET}/*"]
    return [
        allow("Buckets", ["s3:GetObject*", *_of("s3", READ_BUCKET)], things, IN_OWN_ACCOUNT),
        allow("Metrics", ["cloudwatch:PutMetricData"], ("*",), METRICS),
    ]


def _keys() -> list[aws.Statement]:
    return [
        allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [KEYS], FOR_DATA),
        allow("GrantKey", ["kms:CreateGrant"], [KEYS], FOR_AWS),
    ]


def _release() -> list[aws.Statement]:
    launch = ["arn:aws:ec2:*:*:launch-template/*"]
    launched = [f"arn:aws:ec2:*:*:{kind}/*" for kind in ("instance", "network-interface", "volume")]
    return [
        allow(
            "Versions",
            ["ec2:CreateLaunchTemplateVersion", "ec2:DeleteLaunchTemplateVersions"],
            launch,
            aws.StringLike({"aws:ResourceTag/Name": ["*-launch-template"]}),
        ),
        allow("Launch", ["ec2:RunInstances"], ("*",), aws.ArnLike({"ec2:LaunchTemplate": launch})),
        allow(
            "TagLaunch",
            ["ec2:CreateTags"],
            launched,
            aws.StringEquals({"ec2:CreateAction": "RunInstances"}),
        ),
        allow(
            "PassInstanceRole",
            ["iam:PassRole"],
            [INSTANCE_ROLE],
            aws.StringEquals({"iam:PassedToService": "ec2.amazonaws.com"}),
        ),
        allow("Templates", ["s3:GetObject"], [f"{ARTIFACT_BUCKET}/*"]),
        allow(
            "OnInstances",
            ["ssm:SendCommand"],
            [INSTANCES],
            aws.StringLike({"ssm:resourceTag/aws:cloudformation:stack-name": [ANY]}),
        ),
    ]


def _of(service: str, names: tuple[str, ...]) -> list[str]:
    return [f"{service}:{name}" for name in names]
