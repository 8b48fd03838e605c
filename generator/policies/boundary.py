"""The most that any role of the stacks can get, whatever policies are attached to it.

The deployer makes roles and policies, so his own rights say nothing of what his stacks may do: this
boundary does. The templates put it on every role (parameter PermissionsBoundary), and the
deployer's policy lets him make and furnish no role without it. It says what the templates' roles
need (a test holds each of their rights against it), so whoever deploys can reach through a function
or an instance of a stack what stands here, and no more: no IAM, no other role, no stack, no
network, nothing that is not named like ours.

Of AWS's own policies for backups it leaves out what no plan here does: other services' data, copies
to other vaults, snapshots shared with other accounts.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws

from generator.policies.grants import (
    ANY,
    ENV_FILE,
    GROUPS,
    IMAGE_REPOSITORY,
    IN_OWN_ACCOUNT,
    LOG_GROUPS,
    OF_OUR_STACKS,
    STACKS,
    allow,
    document,
)
from generator.policies.scopes import SECRETS

DOCUMENTS_BUCKET = f"arn:aws:s3:::{ANY}-documentsbucket-*"
DATABASES = f"arn:aws:rds:*:*:db:{ANY}"
BACKUPS = "arn:aws:rds:*:*:snapshot:awsbackup:*"
KEYS = "arn:aws:kms:*:*:key/*"
MONITORING_LOG = "arn:aws:logs:*:*:log-group:RDS*"
"""RDS's enhanced monitoring writes the records of all databases there."""
METRICS = aws.StringEquals({"cloudwatch:namespace": ["Clinic/Backend"]})
FOR_DATA = aws.StringLike(
    {"kms:ViaService": ["s3.*.amazonaws.com", "secretsmanager.*.amazonaws.com"]}
)
FOR_AWS = aws.Bool({"kms:GrantIsForAWSResource": "true"})

EVERYWHERE = (
    "autoscaling:DescribeAutoScalingInstances",
    "cloudwatch:GetMetricData",
    "ec2:DescribeSecurityGroups",
    "ecr:GetAuthorizationToken",
    "events:ListRules",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots",
    "s3:ListAllMyBuckets",
    "secretsmanager:GetRandomPassword",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "tag:GetResources",
)
"""What IAM cannot narrow, and what only looks."""
PULL = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
WRITE_LOG = ("CreateLogStream", "DescribeLogStreams", "PutLogEvents")
ROTATE = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
SNAPSHOT = ("AddTagsToResource", "CopyDBSnapshot", "CreateDBSnapshot", "ListTagsForResource")
WATCH_BUCKET = (
    *("DeleteRule", "DescribeRule", "DisableRule", "EnableRule"),
    *("ListTargetsByRule", "PutRule", "PutTargets", "RemoveTargets"),
)
READ_BUCKET = (
    *("GetBucketAcl", "GetBucketLocation", "GetBucketNotification", "GetBucketTagging"),
    *("GetBucketVersioning", "GetInventoryConfiguration", "ListBucket", "ListBucketVersions"),
    *("ListTagsForResource", "PutBucketNotification", "PutInventoryConfiguration"),
)
READ_OBJECT = (
    *("GetObject", "GetObjectAcl", "GetObjectTagging"),
    *("GetObjectVersion", "GetObjectVersionAcl", "GetObjectVersionTagging"),
)


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    return {"boundary": document(*_instance(), *_functions(), *_backup())}


def _instance() -> list[aws.Statement]:
    return [
        allow("Everywhere", EVERYWHERE),
        allow("ReadEnvFile", ["s3:GetObject"], [ENV_FILE], IN_OWN_ACCOUNT),
        allow("PullImage", _of("ecr", PULL), [IMAGE_REPOSITORY]),
        allow("Session", ["ssm:UpdateInstanceInformation"], ["arn:aws:ec2:*:*:instance/*"]),
        allow("Signal", ["cloudformation:SignalResource"], [STACKS]),
        allow("Metrics", ["cloudwatch:PutMetricData"], ("*",), METRICS),
        allow("SayReady", ["autoscaling:CompleteLifecycleAction"], [GROUPS], OF_OUR_STACKS),
        allow("WriteLog", _of("logs", WRITE_LOG), [LOG_GROUPS]),
    ]


def _functions() -> list[aws.Statement]:
    groups = "arn:aws:ec2:*:*:security-group/*"
    secrets = [f"arn:aws:secretsmanager:*:*:secret:{SECRETS[0]}-*"]
    return [
        allow("Secret", _of("secretsmanager", ROTATE), secrets, OF_OUR_STACKS),
        allow("Rotate", ["rds:ModifyDBInstance"], [DATABASES]),
        allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [KEYS], FOR_DATA),
        # A VPC's default group, which nobody made, carries no tag to know it by.
        allow(
            "CloseGroup",
            ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
            [groups],
        ),
    ]


def _backup() -> list[aws.Statement]:
    own_log = (*WRITE_LOG, "CreateLogGroup", "GetLogEvents", "PutRetentionPolicy")
    return [
        allow("Monitoring", _of("logs", own_log), [MONITORING_LOG]),
        allow("Snapshot", _of("rds", SNAPSHOT), [DATABASES, BACKUPS]),
        allow("OldSnapshots", ["rds:DeleteDBSnapshot"], [BACKUPS]),
        allow(
            "OldBackups",
            ["rds:DeleteDBInstanceAutomatedBackup"],
            ["arn:aws:rds:*:*:auto-backup:*"],
        ),
        allow(
            "Files",
            ["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"],
            ["arn:aws:elasticfilesystem:*:*:file-system/*"],
        ),
        allow("Bucket", _of("s3", READ_BUCKET), [DOCUMENTS_BUCKET], IN_OWN_ACCOUNT),
        allow("Objects", _of("s3", READ_OBJECT), [f"{DOCUMENTS_BUCKET}/*"], IN_OWN_ACCOUNT),
        allow(
            "WatchBucket",
            _of("events", WATCH_BUCKET),
            ["arn:aws:events:*:*:rule/AwsBackupManagedRule*"],
        ),
        allow("Vault", ["backup:DescribeBackupVault"], ["arn:aws:backup:*:*:backup-vault:*"]),
        allow("RecoveryPoint", ["backup:TagResource"], ["arn:aws:backup:*:*:recovery-point:*"]),
        allow("SeeKey", ["kms:DescribeKey"], [KEYS]),
        allow("GrantKey", ["kms:CreateGrant"], [KEYS], FOR_AWS),
    ]


def _of(service: str, names: tuple[str, ...]) -> list[str]:
    return [f"{service}:{name}" for name in names]
