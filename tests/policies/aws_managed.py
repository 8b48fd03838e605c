"""What AWS's own policies give the templates' roles, of the services that these use.

Versions 29 (12 February 2026), 5 (24 August 2026) and 1, as the public archive zoph-io/MAMIP keeps
them. AWS adds to them: an action that a backup here begins to need has to go into the boundary.
"""

from __future__ import annotations

DATABASE = "arn:aws:rds:eu-west-1:123456789012:db:clinic-dev-databasestack-1a2b-database-3c4d"
SNAPSHOT = "arn:aws:rds:eu-west-1:123456789012:snapshot:awsbackup:job-1a2b"
RETAINED = "arn:aws:rds:eu-west-1:123456789012:auto-backup:ab-1a2b"
VAULT = "arn:aws:backup:eu-west-1:123456789012:backup-vault:clinic-vault-0a1b-AROAX"
FILE_SYSTEM = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b"
BUCKET = "arn:aws:s3:::clinic-dev-storagestack-1a2b-documentsbucket-3c4d"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/AwsBackupManagedRule-1a2b"
POINT = "arn:aws:backup:eu-west-1:123456789012:recovery-point:0a1b"
LOG = "arn:aws:logs:eu-west-1:123456789012:log-group:RDSOSMetrics"

GIVEN: dict[str, dict[str, tuple[str, ...]]] = {
    "service-role/AWSBackupServiceRolePolicyForBackup": {
        DATABASE: (
            "rds:AddTagsToResource",
            "rds:ListTagsForResource",
            "rds:CreateDBSnapshot",
            "rds:DescribeDBInstances",
            "rds:ModifyDBInstance",
        ),
        SNAPSHOT: (
            "rds:AddTagsToResource",
            "rds:ListTagsForResource",
            "rds:CreateDBSnapshot",
            "rds:CopyDBSnapshot",
            "rds:DescribeDBSnapshots",
            "rds:DeleteDBSnapshot",
        ),
        RETAINED: ("rds:DeleteDBInstanceAutomatedBackup",),
        VAULT: ("backup:DescribeBackupVault",),
        FILE_SYSTEM: ("elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"),
        KEY: ("kms:DescribeKey", "kms:CreateGrant"),
        "*": ("tag:GetResources",),
    },
    "AWSBackupServiceRolePolicyForS3Backup": {
        "*": ("cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets"),
        RULE: (
            "events:DeleteRule",
            "events:PutTargets",
            "events:DescribeRule",
            "events:EnableRule",
            "events:PutRule",
            "events:RemoveTargets",
            "events:ListTargetsByRule",
            "events:DisableRule",
        ),
        KEY: ("kms:Decrypt", "kms:DescribeKey"),
        BUCKET: (
            "s3:GetBucketTagging",
            "s3:GetInventoryConfiguration",
            "s3:ListBucketVersions",
            "s3:ListBucket",
            "s3:GetBucketVersioning",
            "s3:GetBucketLocation",
            "s3:GetBucketAcl",
            "s3:PutInventoryConfiguration",
            "s3:GetBucketNotification",
            "s3:PutBucketNotification",
            "s3:ListTagsForResource",
        ),
        f"{BUCKET}/patient.pdf": (
            "s3:GetObjectAcl",
            "s3:GetObject",
            "s3:GetObjectVersionTagging",
            "s3:GetObjectVersionAcl",
            "s3:GetObjectTagging",
            "s3:GetObjectVersion",
        ),
        POINT: ("backup:TagResource",),
    },
    "service-role/AmazonRDSEnhancedMonitoringRole": {
        LOG: ("logs:CreateLogGroup", "logs:PutRetentionPolicy"),
        f"{LOG}:log-stream:db-1": (
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
        ),
    },
}
"""By policy and resource."""

LEFT_OUT = (
    "backup:CopyFromBackupVault",
    "backup:CopyIntoBackupVault",
    "rds:ModifyDBSnapshotAttribute",
)
"""For copies to other vaults and accounts, which no plan here makes."""
