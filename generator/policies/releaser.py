"""Who releases the backend: an image, a ``.env``, and the stack told to use them.

A release is a new version of the launch template, an instance refresh, and a change set with a new
``BackendImage``. CloudFormation acts with the releaser's own rights, so a change set may say
anything, but only the launch template and the Auto Scaling group can really change: every other
resource in it is refused by its service and the update rolls back.

The honest limits:

- a release is code that runs as the instance role, so whoever releases can have the backend read
  what the backend may read, the database's password included; these rights here do not read it;
- whoever may make launch template versions can change all that is in them, user data included;
- a migration is a command on an instance: who may send one is as good as root there;
- the ``.env`` can be replaced, not read back (``revealer`` may); its fingerprint can be read;
- an update that makes CloudFormation read the secrets again (a property with a reference to one has
  changed) is the deployer's, not the releaser's;
- a change set for a name that no stack has yet is possible, and dies at its first resource.

The alternative is a service role for CloudFormation with the deployer's rights, which the releaser
may pass but not use: then every change set succeeds, whatever it says. Here least privilege wins.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws

from generator.policies.grants import (
    ARTIFACT_BUCKET,
    CONFIGURATION_BUCKET,
    ENV_FILE,
    ENV_FINGERPRINT,
    FOR_ENV_FILE,
    FROM_LAUNCH_TEMPLATE,
    GROUPS,
    IMAGE_REPOSITORY,
    IN_OWN_ACCOUNT,
    INSTANCE_ROLE,
    NAMED_BY_US,
    OF_OUR_GROUPS,
    OF_OUR_STACKS,
    STACKS,
    THROUGH_CLOUDFORMATION,
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
CHANGE_SETS = (
    "CreateChangeSet",
    "DeleteChangeSet",
    "DescribeChangeSet",
    "DescribeEvents",
    "DescribeStackEvents",
    "DescribeStackResource",
    "DescribeStackResources",
    "DescribeStacks",
    "ExecuteChangeSet",
    "GetTemplate",
    "ListChangeSets",
    "ListStackResources",
)
ROLLING_UPDATE = (
    "CancelInstanceRefresh",
    "ResumeProcesses",
    "SetDesiredCapacity",
    "StartInstanceRefresh",
    "SuspendProcesses",
    "TerminateInstanceInAutoScalingGroup",
    "UpdateAutoScalingGroup",
)


SHELL_DOCUMENT = "arn:aws:ssm:*::document/AWS-RunShellScript"


def documents() -> dict[str, dict[str, Any]]:
    """The one document by file stem."""
    return {"releaser": document(*_image(), *_env_file(), *_update(), *_instances(), *_migrate())}


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


def _update() -> list[aws.Statement]:
    return [
        allow("ChangeSets", [f"cloudformation:{name}" for name in CHANGE_SETS], [STACKS]),
        # CloudFormation updates nested stacks and reads their templates as the caller.
        allow("Children", ["cloudformation:UpdateStack"], [STACKS], THROUGH_CLOUDFORMATION),
        allow("ChildTemplates", ["s3:GetObject"], [f"{ARTIFACT_BUCKET}/*"], IN_OWN_ACCOUNT),
    ]


def _instances() -> list[aws.Statement]:
    return [
        allow(
            "Read",
            [
                "autoscaling:Describe*",
                "cloudwatch:DescribeAlarms",
                "ec2:Describe*",
                "elasticloadbalancing:Describe*",
            ],
        ),
        allow(
            "NewVersion",
            ["ec2:CreateLaunchTemplateVersion"],
            ["arn:aws:ec2:*:*:launch-template/*"],
            THROUGH_CLOUDFORMATION,
        ),
        allow(
            "OwnVersion",
            ["ec2:CreateLaunchTemplateVersion", "ec2:DeleteLaunchTemplateVersions"],
            ["arn:aws:ec2:*:*:launch-template/*"],
            NAMED_BY_US,
        ),
        allow(
            "RollingUpdate",
            [f"autoscaling:{name}" for name in ROLLING_UPDATE],
            [GROUPS],
            THROUGH_CLOUDFORMATION,
        ),
        allow(
            "Restart",
            ["autoscaling:CancelInstanceRefresh", "autoscaling:StartInstanceRefresh"],
            [GROUPS],
            OF_OUR_STACKS,
        ),
        allow("TryLaunch", ["ec2:RunInstances"], ("*",), FROM_LAUNCH_TEMPLATE),
        allow(
            "TagLaunch",
            ["ec2:CreateTags"],
            [f"arn:aws:ec2:*:*:{kind}/*" for kind in ("instance", "network-interface", "volume")],
            aws.StringEquals({"ec2:CreateAction": ["RunInstances"]}),
        ),
        allow(
            "NewestUbuntu",
            ["ssm:GetParameters"],
            ["arn:aws:ssm:*:*:parameter/aws/service/canonical/ubuntu/*"],
        ),
        allow(
            "PassInstanceRole",
            ["iam:PassRole"],
            [INSTANCE_ROLE],
            aws.StringEquals({"iam:PassedToService": ["ec2.amazonaws.com"]}),
        ),
    ]


def _migrate() -> list[aws.Statement]:
    return [
        allow(
            "SendCommandToBackend",
            ["ssm:SendCommand"],
            ["arn:aws:ec2:*:*:instance/*"],
            OF_OUR_GROUPS,
        ),
        allow("SendShellCommand", ["ssm:SendCommand"], [SHELL_DOCUMENT]),
        allow("ReadItsEnd", ["ssm:GetCommandInvocation", "ssm:ListCommands"]),
    ]
