"""Requests by hand and through CloudFormation, and names as CloudFormation makes them."""

from __future__ import annotations

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PLACE = f"{REGION}:{ACCOUNT}"
STACK = "clinic-dev"
CHILD = "clinic-dev-EdgeStack-1A2B3C4D5E6F7"
TOPIC = f"arn:aws:sns:{PLACE}:{STACK}-AlarmTopic-3c4d"
LAUNCH_TEMPLATE = f"arn:aws:ec2:{PLACE}:launch-template/lt-0123456789abcdef0"

BY_HAND = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
TAGGED = BY_HAND | {"aws:ResourceTag/aws:cloudformation:stack-name": CHILD}
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary-{STACK}-{REGION}"
THROUGH_CLOUDFORMATION = TAGGED | {
    "aws:CalledVia": ["cloudformation.amazonaws.com"],
    "ec2:LaunchTemplate": LAUNCH_TEMPLATE,
    "iam:PassedToService": "ec2.amazonaws.com",
    "iam:AWSServiceName": "rds.amazonaws.com",
    "iam:PermissionsBoundary": BOUNDARY,
    "iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/{STACK}-InstancePolicy-5e6f",
}


def bucket(logical_id: str) -> str:
    """The ARN of a bucket of the nested form."""
    return f"arn:aws:s3:::{CHILD.lower()}-{logical_id.lower()}-1a2b3c4d5e6f"


def secret(logical_id: str) -> str:
    return f"arn:aws:secretsmanager:{PLACE}:secret:{logical_id}-AbCdEfGhIjKl-wOyrOP"


def role(logical_id: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{CHILD}-{logical_id}-AbCdEfGhIjKl"


ARTIFACTS = f"arn:aws:s3:::clinic-artifacts-{ACCOUNT}-{REGION}"
SECRET = secret("DatabaseSecret")
GROUP = f"arn:aws:autoscaling:{PLACE}:autoScalingGroup:0a1b:autoScalingGroupName/{STACK}-Group-7a"
ROOT = f"arn:aws:cloudformation:{PLACE}:stack/{STACK}/0a1b"
DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1ABCDEFGHIJKL"
KEY = f"arn:aws:kms:{PLACE}:key/0a1b2c3d"
DATABASE = f"arn:aws:rds:{PLACE}:db:clinic-dev-databasestack-1a2b-database-3c4d"
REPOSITORY = f"arn:aws:ecr:{PLACE}:repository/clinic-dev-imagerepository-1a2b3c4d5e6f"

ALARM = f"arn:aws:cloudwatch:{PLACE}:alarm:{STACK}-NoHealthyHostAlarm-1a2b"
FUNCTION = f"arn:aws:lambda:{PLACE}:function:clinic-dev-IdentityStack-1A2B-ReleaseFunction-3c4d"
OUR_FUNCTION = TAGGED | {"aws:ResourceTag/aws:cloudformation:logical-id": "ReleaseFunction"}

OURS = (
    ARTIFACTS,
    SECRET,
    GROUP,
    ROOT,
    DISTRIBUTION,
    KEY,
    DATABASE,
    REPOSITORY,
    TOPIC,
    bucket("FrontendBucket"),
    role("InstanceRole"),
    f"arn:aws:iam::{ACCOUNT}:policy/{STACK}-InstancePolicy-5e6f",
    f"arn:aws:iam::{ACCOUNT}:instance-profile/{STACK}-InstanceProfile-7a8b",
    f"arn:aws:backup:{PLACE}:backup-vault:dev-vault-0123456789ab",
    f"arn:aws:backup:{PLACE}:backup-plan:0a1b2c3d",
    f"arn:aws:cloudfront::{ACCOUNT}:function/dev-spa-0123456789ab",
    f"arn:aws:cloudfront::{ACCOUNT}:function/dev-api-0123456789ab",
    f"arn:aws:elasticfilesystem:{PLACE}:file-system/fs-0123456789abcdef0",
    f"arn:aws:cloudfront::{ACCOUNT}:origin-access-control/E1ABCDEFGHIJKL",
    f"arn:aws:cloudfront::{ACCOUNT}:response-headers-policy/0a1b2c3d",
    f"arn:aws:cloudfront::{ACCOUNT}:vpcorigin/vo_0a1b2c3d",
    f"arn:aws:ssm:{PLACE}:parameter/clinic/{STACK}-BackendStack-1A2B-BootLibrary-3c4d",
    f"arn:aws:cloudwatch:{PLACE}:alarm:{STACK}-CpuAlarm-1a2b",
    f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/Dashboard-1a2b",
    f"arn:aws:elasticloadbalancing:{PLACE}:loadbalancer/app/clinic-LoadB-1a2b3c4d5e6f/0a1b",
    f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup/clinic-Targe-1a2b3c4d5e6f/0a1b",
    f"arn:aws:elasticloadbalancing:{PLACE}:listener/app/clinic-LoadB-1a2b3c4d5e6f/0a1b/2c3d",
    f"arn:aws:elasticloadbalancing:{PLACE}:listener-rule/app/clinic-LoadB-1a2b/0a1b/2c3d/4e5f",
    f"arn:aws:events:{PLACE}:rule/{STACK}-BackupFailed-1a2b",
    f"arn:aws:lambda:{PLACE}:function:{STACK}-RotationFunction-1a2b",
    f"arn:aws:logs:{PLACE}:log-group:{STACK}-BackendLogGroup-1a2b",
    f"arn:aws:rds:{PLACE}:es:clinic-dev-databaseevents-1a2b",
    f"arn:aws:rds:{PLACE}:pg:clinic-dev-databaseparameters-1a2b",
    f"arn:aws:rds:{PLACE}:subgrp:clinic-dev-databasesubnets-1a2b",
    f"arn:aws:rds:{PLACE}:og:default:postgres-17",
    f"arn:aws:rds:{PLACE}:snapshot:clinic-dev-snapshot-database-1a2b",
    "arn:aws:route53:::hostedzone/Z0123456789ABC",
    f"arn:aws:wafv2:{PLACE}:regional/webacl/clinic/0a1b",
    f"arn:aws:ec2:{PLACE}:vpc/vpc-0123456789abcdef0",
)
"""One thing of each kind that the deployer's rights must reach."""
