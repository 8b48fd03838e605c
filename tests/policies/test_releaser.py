"""The releaser changes the image, the .env and the instances, through a change set."""

from __future__ import annotations

from typing import Any

import pytest

from generator.policies import needs

from .decide import is_allowed
from .ours import (
    ARTIFACTS,
    BY_HAND,
    DATABASE,
    GROUP,
    KEY,
    LAUNCH_TEMPLATE,
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
ENV_FILE = f"{bucket('ConfigurationBucket')}/.env"
OUR_TEMPLATE = BY_HAND | {"aws:ResourceTag/Name": "dev-launch-template"}
INSTANCE = f"arn:aws:ec2:{PLACE}:instance/i-0123456789abcdef0"
OUR_INSTANCE = BY_HAND | {"ssm:resourceTag/aws:autoscaling:groupName": "clinic-dev-Group-7a"}
SHELL = f"arn:aws:ssm:{PLACE.partition(':')[0]}::document/AWS-RunShellScript"
THROUGH_S3 = BY_HAND | {
    "kms:ViaService": "s3.eu-west-1.amazonaws.com",
    "kms:EncryptionContext:aws:s3:arn": bucket("ConfigurationBucket"),
}
MAY_CHANGE_THROUGH_CLOUDFORMATION = {
    "autoscaling:CancelInstanceRefresh",
    "autoscaling:ResumeProcesses",
    "autoscaling:SetDesiredCapacity",
    "autoscaling:StartInstanceRefresh",
    "autoscaling:SuspendProcesses",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
    "cloudformation:UpdateStack",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:RunInstances",
    "iam:PassRole",
}


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ecr:GetAuthorizationToken", "*", BY_HAND),
        ("ecr:PutImage", REPOSITORY, BY_HAND),
        ("s3:PutObject", ENV_FILE, BY_HAND),
        ("kms:GenerateDataKey", KEY, THROUGH_S3),
        ("cloudformation:CreateChangeSet", ROOT, BY_HAND),
        ("cloudformation:ExecuteChangeSet", ROOT, BY_HAND),
        ("s3:GetObject", f"{ARTIFACTS}/abc/backend.json", BY_HAND),
        ("autoscaling:StartInstanceRefresh", GROUP, TAGGED),
        ("autoscaling:DescribeInstanceRefreshes", "*", BY_HAND),
        ("elasticloadbalancing:DescribeTargetHealth", "*", BY_HAND),
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE, THROUGH_CLOUDFORMATION),
        ("autoscaling:UpdateAutoScalingGroup", GROUP, THROUGH_CLOUDFORMATION),
        ("iam:PassRole", role("InstanceRole"), THROUGH_CLOUDFORMATION),
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE, OUR_TEMPLATE),
        ("ec2:DeleteLaunchTemplateVersions", LAUNCH_TEMPLATE, OUR_TEMPLATE),
        ("cloudwatch:DescribeAlarms", "*", BY_HAND),
        ("ssm:SendCommand", INSTANCE, OUR_INSTANCE),
        ("ssm:SendCommand", SHELL, BY_HAND),
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


def test_a_change_set_of_the_releaser_changes_the_instances_and_nothing_else(
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
    assert changed == MAY_CHANGE_THROUGH_CLOUDFORMATION


def test_what_the_releaser_is_named_for_exists_under_those_names(flat: dict[str, Any]) -> None:
    types = {name: flat[name]["Type"] for name in ("ImageRepository", "ConfigurationBucket")}
    assert types == {
        "ImageRepository": "AWS::ECR::Repository",
        "ConfigurationBucket": "AWS::S3::Bucket",
    }
    assert flat["InstanceRole"]["Type"] == "AWS::IAM::Role"
    assert flat["FrontendBucket"]["Type"] == "AWS::S3::Bucket"
