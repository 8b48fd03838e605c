"""The releaser changes the image, the .env and, by the stack's function, what instances run."""

from __future__ import annotations

from typing import Any

import pytest

from generator.policies import needs

from .decide import is_allowed
from .ours import (
    ALARM,
    ARTIFACTS,
    BY_HAND,
    DATABASE,
    FUNCTION,
    GROUP,
    KEY,
    LAUNCH_TEMPLATE,
    OUR_FUNCTION,
    OURS,
    PLACE,
    REPOSITORY,
    ROOT,
    SECRET,
    TAGGED,
    THROUGH_CLOUDFORMATION,
    bucket,
    role,
)

Documents = dict[str, dict[str, Any]]
LOGICAL_ID = "aws:ResourceTag/aws:cloudformation:logical-id"
STACK_NAME = "aws:ResourceTag/aws:cloudformation:stack-name"
ENV_FILE = f"{bucket('ConfigurationBucket')}/.env"
OUR_TEMPLATE = TAGGED | {"aws:ResourceTag/Name": "dev-launch-template"}
INSTANCE = f"arn:aws:ec2:{PLACE}:instance/i-0123456789abcdef0"
OUR_INSTANCE = TAGGED | {"ssm:resourceTag/aws:autoscaling:groupName": "clinic-dev-Group-7a"}
SHELL = f"arn:aws:ssm:{PLACE.partition(':')[0]}::document/AWS-RunShellScript"
THROUGH_S3 = BY_HAND | {
    "kms:ViaService": "s3.eu-west-1.amazonaws.com",
    "kms:EncryptionContext:aws:s3:arn": bucket("ConfigurationBucket"),
}


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ecr:GetAuthorizationToken", "*", BY_HAND),
        ("ecr:PutImage", REPOSITORY, BY_HAND),
        ("s3:PutObject", ENV_FILE, BY_HAND),
        ("kms:GenerateDataKey", KEY, THROUGH_S3),
        ("lambda:InvokeFunction", FUNCTION, OUR_FUNCTION),
        ("cloudformation:DeleteChangeSet", ROOT, BY_HAND),
        ("autoscaling:CancelInstanceRefresh", GROUP, TAGGED),
        ("autoscaling:DescribeInstanceRefreshes", "*", BY_HAND),
        ("elasticloadbalancing:DescribeTargetHealth", "*", BY_HAND),
        ("cloudwatch:DescribeAlarms", ALARM, BY_HAND),
    ],
)
def test_the_releaser_may(
    documents: Documents, action: str, resource: str, context: dict[str, Any]
) -> None:
    assert is_allowed([documents["releaser"]], action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("secretsmanager:GetSecretValue", SECRET, THROUGH_CLOUDFORMATION),
        ("kms:Decrypt", KEY, THROUGH_S3),
        (
            "kms:GenerateDataKey",
            KEY,
            THROUGH_S3 | {"kms:EncryptionContext:aws:s3:arn": bucket("DocumentsBucket")},
        ),
        ("s3:GetObject", ENV_FILE, BY_HAND),
        ("s3:DeleteObject", ENV_FILE, BY_HAND),
        ("s3:PutObject", f"{bucket('ConfigurationBucket')}/other", BY_HAND),
        ("s3:PutObject", f"{ARTIFACTS}/abc/backend.json", BY_HAND),
        ("s3:GetObject", f"{bucket('DocumentsBucket')}/patient.pdf", BY_HAND),
        ("s3:PutObject", f"{bucket('FrontendBucket')}/index.html", BY_HAND),
        ("ecr:DeleteRepository", REPOSITORY, THROUGH_CLOUDFORMATION),
        ("ecr:BatchDeleteImage", REPOSITORY, BY_HAND),
        ("ecr:PutImage", f"arn:aws:ecr:{PLACE}:repository/other", BY_HAND),
        ("cloudformation:UpdateStack", ROOT, BY_HAND),
        ("cloudformation:CreateChangeSet", ROOT, BY_HAND),
        ("cloudformation:ExecuteChangeSet", ROOT, BY_HAND),
        ("lambda:InvokeFunction", FUNCTION, OUR_FUNCTION | {LOGICAL_ID: "RotationFunction"}),
        ("lambda:InvokeFunction", FUNCTION, OUR_FUNCTION | {STACK_NAME: "other"}),
        ("lambda:UpdateFunctionCode", FUNCTION, OUR_FUNCTION),
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE, OUR_TEMPLATE),
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE, THROUGH_CLOUDFORMATION),
        ("ec2:DescribeLaunchTemplateVersions", "*", OUR_TEMPLATE),
        ("ec2:RunInstances", "*", THROUGH_CLOUDFORMATION),
        ("iam:PassRole", role("InstanceRole"), THROUGH_CLOUDFORMATION),
        ("autoscaling:StartInstanceRefresh", GROUP, TAGGED),
        ("ssm:SendCommand", INSTANCE, OUR_INSTANCE),
        ("ssm:SendCommand", SHELL, OUR_INSTANCE),
        ("ssm:ListCommands", "*", TAGGED),
        ("cloudformation:DeleteStack", ROOT, THROUGH_CLOUDFORMATION),
        ("cloudformation:CreateStack", ROOT, THROUGH_CLOUDFORMATION),
        ("rds:ModifyDBInstance", DATABASE, THROUGH_CLOUDFORMATION),
        ("autoscaling:UpdateAutoScalingGroup", GROUP, TAGGED),
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE, TAGGED),
        ("ec2:DeleteLaunchTemplate", LAUNCH_TEMPLATE, OUR_TEMPLATE),
        ("ssm:SendCommand", INSTANCE, BY_HAND),
        ("ssm:SendCommand", SHELL.replace("RunShellScript", "RunPatchBaseline"), BY_HAND),
        ("ssm:StartSession", INSTANCE, OUR_INSTANCE),
        ("iam:PassRole", role("RotationRole"), THROUGH_CLOUDFORMATION),
        (
            "iam:PassRole",
            role("InstanceRole"),
            THROUGH_CLOUDFORMATION | {"iam:PassedToService": "lambda.amazonaws.com"},
        ),
    ],
)
def test_the_releaser_may_not(
    documents: Documents, action: str, resource: str, context: dict[str, Any]
) -> None:
    assert not is_allowed([documents["releaser"]], action, resource, context)


def test_nothing_that_a_stack_owns_changes_with_the_releasers_rights_but_a_refresh_that_stops(
    documents: Documents,
) -> None:
    things = (*OURS, LAUNCH_TEMPLATE, "*")
    changed = {
        action
        for action in needs.actions(needs.table())
        if not action.partition(":")[2].startswith(("Describe", "Get", "List"))
        and any(
            is_allowed([documents["releaser"]], action, thing, THROUGH_CLOUDFORMATION)
            for thing in things
        )
    }
    assert changed == {"autoscaling:CancelInstanceRefresh"}


def test_what_the_releaser_is_named_for_exists_under_those_names(flat: dict[str, Any]) -> None:
    types = {name: flat[name]["Type"] for name in ("ImageRepository", "ConfigurationBucket")}
    assert types == {
        "ImageRepository": "AWS::ECR::Repository",
        "ConfigurationBucket": "AWS::S3::Bucket",
    }
    assert flat["InstanceRole"]["Type"] == "AWS::IAM::Role"
    assert flat["FrontendBucket"]["Type"] == "AWS::S3::Bucket"
