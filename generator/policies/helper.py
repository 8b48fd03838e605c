"""What the deploy helper calls itself, beside what CloudFormation does for it.

``deployer-helper`` goes with the other deployer documents; ``deployer-stack-sets`` is only for
whoever rolls the flat form out over many accounts. A stack set is only one of ours by its name,
which IAM cannot see while it is made; there the address of the template stands for it.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws

from generator.policies.grants import (
    ANY,
    ARTIFACT_BUCKET,
    FRONTEND_BUCKET,
    IN_OWN_ACCOUNT,
    LOG_GROUPS,
    OF_OUR_STACKS,
    PREFIX,
    STACKS,
    allow,
    deny,
    document,
)

STACK_ACTIONS = (
    "CancelUpdateStack",
    "ContinueUpdateRollback",
    "CreateChangeSet",
    "CreateStack",
    "DeleteChangeSet",
    "DeleteStack",
    "DescribeChangeSet",
    "DescribeEvents",
    "DescribeStackEvents",
    "DescribeStackResource",
    "DescribeStackResourceDrifts",
    "DescribeStackResources",
    "DescribeStacks",
    "DetectStackDrift",
    "DetectStackResourceDrift",
    "ExecuteChangeSet",
    "GetStackPolicy",
    "GetTemplate",
    "ListChangeSets",
    "ListStackResources",
    "RollbackStack",
    "SetStackPolicy",
    "TagResource",
    "UntagResource",
    "UpdateStack",
    "UpdateTerminationProtection",
)
STACK_SET_ACTIONS = (
    "CreateStackInstances",
    "DeleteStackInstances",
    "DeleteStackSet",
    "DescribeStackInstance",
    "DescribeStackSet",
    "DescribeStackSetOperation",
    "ListStackInstances",
    "ListStackSetOperationResults",
    "ListStackSetOperations",
    "StopStackSetOperation",
    "TagResource",
    "UntagResource",
    "UpdateStackInstances",
    "UpdateStackSet",
)
BUCKET_ACTIONS = (
    "CreateBucket",
    "GetBucketLocation",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPublicAccessBlock",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListBucketVersions",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutEncryptionConfiguration",
    "PutLifecycleConfiguration",
)
EVERYWHERE = (
    "cloudformation:DescribeStackDriftDetectionStatus",
    "cloudformation:GetTemplateSummary",
    "cloudformation:ListStacks",
    "cloudformation:ValidateTemplate",
    "cloudwatch:GetMetricData",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "sts:GetCallerIdentity",
)
"""Reads that IAM cannot narrow to our stacks."""


def documents() -> dict[str, dict[str, Any]]:
    """Both documents by file stem."""
    return {"deployer-helper": _helper(), "deployer-stack-sets": _stack_sets()}


def _helper() -> dict[str, Any]:
    return document(
        allow("Read", EVERYWHERE),
        allow("Stacks", _cloudformation(STACK_ACTIONS), [STACKS]),
        # What nobody's stack owns, or another one's did, is not to be had by taking it over (user
        # guide, "Example IAM identity-based policies": deny all import operations).
        deny(
            "NoImport",
            ["cloudformation:CreateChangeSet"],
            aws.ForAnyValueStringLike({"cloudformation:ImportResourceTypes": ["*"]}),
        ),
        # Validation errors of a change set are asked for by its own name.
        allow(
            "Validation",
            ["cloudformation:DescribeEvents"],
            ["arn:aws:cloudformation:*:*:changeSet/*"],
        ),
        allow(
            "ArtifactBucket",
            [f"s3:{action}" for action in BUCKET_ACTIONS],
            [ARTIFACT_BUCKET],
            IN_OWN_ACCOUNT,
        ),
        allow(
            "Artifacts",
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                "s3:GetObject",
                "s3:PutObject",
            ],
            [f"{ARTIFACT_BUCKET}/*"],
            IN_OWN_ACCOUNT,
        ),
        # The only bucket that goes with its stack, and a full one would stop the deletion.
        allow(
            "EmptyFrontend",
            ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"],
            [FRONTEND_BUCKET, f"{FRONTEND_BUCKET}/*"],
            IN_OWN_ACCOUNT,
        ),
        allow(
            "ReadLogs",
            ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
            [LOG_GROUPS],
        ),
        allow(
            "ReadConsole",
            ["ec2:GetConsoleOutput"],
            ["arn:aws:ec2:*:*:instance/*"],
            OF_OUR_STACKS,
        ),
    )


def _stack_sets() -> dict[str, Any]:
    artifacts = f"{PREFIX}artifacts-${{aws:PrincipalAccount}}-*"
    from_artifacts = aws.StringLike(
        {"cloudformation:TemplateUrl": [f"https://{artifacts}", f"https://s3.*/{artifacts}"]}
    )
    named = "arn:aws:cloudformation:*:*:"
    return document(
        allow("Make", ["cloudformation:CreateStackSet"], ["*"], from_artifacts),
        allow(
            "Use",
            _cloudformation(STACK_SET_ACTIONS),
            [
                f"{named}stackset/{ANY}",
                f"{named}stackset-target/{ANY}",
                "arn:aws:cloudformation:*::type/resource/*",
            ],
        ),
        # Self-managed sets act through this role of the account, which AWS names.
        allow(
            "Pass",
            ["iam:GetRole", "iam:PassRole"],
            ["arn:aws:iam::*:role/AWSCloudFormationStackSetAdministrationRole"],
        ),
    )


def _cloudformation(names: tuple[str, ...]) -> list[str]:
    return [f"cloudformation:{name}" for name in names]
