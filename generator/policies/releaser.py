"""Who releases the backend: an image, a ``.env``, and the stack's function that rolls them out.

IAM knows no user data and no template's content, so whoever may make a launch template version, a
change set or a shell command on an instance is root there. The releaser may do none of these: the
stack's function does, and takes an image or a revision and a migration's command
(layers/identity/release.py). What is left is searched for by tests/policies/test_ways.py:

- a release is code in the backend's container, and so is a migration, and so is a ``.env``, since
  it holds Node's options. That code reads what the container is given: the ``.env`` of before, and
  the password of the backend's own database user. It is not root on the instance, and does not have
  its role: neither the master's password nor a later ``.env``;
- directly the ``.env`` can be replaced, not read (``revealer`` may); its fingerprint can be read;
- who may cancel a refresh or delete a change set can hold a deployment up, and no more.

Where it says ``*``, AWS knows no narrower resource for the action: a login to the registry, and
reads of settings of groups, refreshes, activities and targets, none of which shows a secret.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws

from generator.policies.grants import (
    ALARMS,
    ANY,
    CONFIGURATION_BUCKET,
    ENV_FILE,
    ENV_FINGERPRINT,
    FOR_ENV_FILE,
    GROUPS,
    IMAGE_REPOSITORY,
    IN_OWN_ACCOUNT,
    OF_OUR_STACKS,
    STACKS,
    THROUGH_S3,
    allow,
    document,
)

PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
STACK_READS = (
    "DescribeChangeSet",
    "DescribeEvents",
    "DescribeStackEvents",
    "DescribeStackResource",
    "DescribeStackResources",
    "DescribeStacks",
    "ListChangeSets",
    "ListStackResources",
)
RELEASES = aws.StringEquals({"aws:ResourceTag/aws:cloudformation:logical-id": ["ReleaseFunction"]})
"""CloudFormation's own tag: a long stack's name may shorten the function's."""


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    return {"releaser": document(*_image(), *_env_file(), *_release(), *_follow())}


def _image() -> list[aws.Statement]:
    return [
        allow("LogInToRegistry", ["ecr:GetAuthorizationToken"]),
        allow("PushImage", PUSH, [IMAGE_REPOSITORY]),
    ]


def _env_file() -> list[aws.Statement]:
    return [
        allow("ReplaceEnvFile", ["s3:PutObject"], [ENV_FILE, ENV_FINGERPRINT], IN_OWN_ACCOUNT),
        allow("ReadFingerprint", ["s3:GetObject"], [ENV_FINGERPRINT], IN_OWN_ACCOUNT),
        allow("SeeVersions", ["s3:ListBucketVersions"], [CONFIGURATION_BUCKET], IN_OWN_ACCOUNT),
        allow(
            "EncryptEnvFile",
            ["kms:GenerateDataKey"],
            ["arn:aws:kms:*:*:key/*"],
            THROUGH_S3,
            FOR_ENV_FILE,
        ),
    ]


def _release() -> list[aws.Statement]:
    return [
        allow(
            "Release",
            ["lambda:InvokeFunction"],
            [f"arn:aws:lambda:*:*:function:{ANY}"],
            OF_OUR_STACKS,
            RELEASES,
        ),
        allow("Stop", ["autoscaling:CancelInstanceRefresh"], [GROUPS], OF_OUR_STACKS),
        allow("Discard", ["cloudformation:DeleteChangeSet"], [STACKS]),
    ]


def _follow() -> list[aws.Statement]:
    return [
        allow("Stacks", [f"cloudformation:{name}" for name in STACK_READS], [STACKS]),
        allow("Alarms", ["cloudwatch:DescribeAlarms"], ALARMS),
        allow(
            "Read",
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeInstanceRefreshes",
                "autoscaling:DescribeScalingActivities",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
        ),
    ]
