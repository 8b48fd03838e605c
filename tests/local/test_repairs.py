"""Refusals that the emulator does not make by itself, and properties that it would lose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.local.conftest import Stacks
from tests.local.templates import NAMED, NETWORK, Template, att, ref, resource, template


def test_a_secret_rotates_and_is_known_by_its_arn(stacks: Stacks, aws: Callable[..., Any]) -> None:
    def body(description: str) -> Template:
        rotation = resource(
            "AWS::SecretsManager::RotationSchedule",
            SecretId=ref("Login"),
            RotationLambdaARN="arn:aws:lambda:us-east-1:111122223333:function:rotate",
            RotationRules={"AutomaticallyAfterDays": 30},
        )
        login = resource("AWS::SecretsManager::Secret", SecretString="x", Description=description)
        return template({"Login": login, "Rotation": rotation}, Login=ref("Login"))

    arn = stacks.made("rotation", body("before"))["Login"]
    assert arn.startswith("arn:aws:secretsmanager:")
    assert stacks.update("rotation", body("after"))["StackStatus"] == "UPDATE_COMPLETE"
    found = aws("secretsmanager").describe_secret(SecretId=arn)
    assert (found["RotationEnabled"], found["Description"]) == (True, "after")
    stacks.gone("rotation")
    assert not aws("secretsmanager").list_secrets()["SecretList"]


def test_a_bucket_gets_every_property_that_was_asked_for(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    bucket = resource(
        "AWS::S3::Bucket",
        Tags=NAMED,
        LoggingConfiguration={"DestinationBucketName": ref("Logs"), "LogFilePrefix": "s3/"},
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
        BucketEncryption={
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
            ]
        },
        LifecycleConfiguration={
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "Prefix": "logs/",
                    "ExpirationInDays": ref("Days"),
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                }
            ]
        },
    )
    logs = resource("AWS::S3::Bucket")
    body = template({"Bucket": bucket, "Logs": logs}, Bucket=ref("Bucket"), Logs=ref("Logs"))
    body["Parameters"] = {"Days": {"Type": "Number", "Default": 90}}
    got = stacks.made("bucket", body)
    name, s3 = got["Bucket"], aws("s3")
    logging = s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (got["Logs"], "s3/")
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == "aws:kms"
    rule = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert rule["Expiration"] == {"Days": 90}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert (rule["ID"], rule["Filter"]) == ("old", {"Prefix": "logs/"})
    controls = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    assert NAMED[0] in s3.get_bucket_tagging(Bucket=name)["TagSet"]
    stacks.update("bucket", body, Days="30")
    rule = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert rule["Expiration"] == {"Days": 30}


def test_a_group_has_its_instances_in_service_and_registered(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    def body(size: int) -> Template:
        launch = resource("AWS::EC2::LaunchTemplate", LaunchTemplateData={"ImageId": "ami-1"})
        targets = resource(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            Port=3000,
            Protocol="HTTP",
            VpcId=ref("Vpc"),
        )
        group = resource(
            "AWS::AutoScaling::AutoScalingGroup",
            MinSize=str(size),
            MaxSize="4",
            VPCZoneIdentifier=[ref("SubnetA"), ref("SubnetB")],
            TargetGroupARNs=[ref("Targets")],
            LaunchTemplate={
                "LaunchTemplateId": ref("Launch"),
                "Version": att("Launch", "LatestVersionNumber"),
            },
        )
        parts = NETWORK | {"Launch": launch, "Targets": targets, "Group": group}
        return template(parts, Targets=ref("Targets"), Group=ref("Group"))

    got = stacks.made("group", body(2))

    def counts() -> tuple[int, int]:
        scaling, balancing = aws("autoscaling"), aws("elbv2")
        group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[got["Group"]])
        health = balancing.describe_target_health(TargetGroupArn=got["Targets"])
        running = group["AutoScalingGroups"][0]["Instances"]
        return len(running), len(health["TargetHealthDescriptions"])

    assert counts() == (2, 2)
    assert stacks.update("group", body(3))["StackStatus"] == "UPDATE_COMPLETE"
    assert counts() == (3, 3)


def database(**properties: Any) -> Template:
    kind = "AWS::RDS::DBInstance"
    known = {"Engine": "postgres", "EngineVersion": "16", "DBInstanceClass": "db.t4g.micro"}
    return {
        "Resources": {
            "Database": {**resource(kind, **known | properties), "DeletionPolicy": "Delete"}
        }
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"EngineVersion": "15"}, "Cannot upgrade postgres from 16 to 15"),
        ({"EngineVersion": "17"}, "The AllowMajorVersionUpgrade flag must be present"),
        ({"DBSnapshotIdentifier": "not-there"}, "DBSnapshot not found: not-there"),
    ],
)
def test_rds_refuses_what_it_refuses_on_aws(
    stacks: Stacks, change: dict[str, str], sentence: str
) -> None:
    stacks.made("refusing", database())
    assert stacks.update("refusing", database(**change))["StackStatus"] == (
        "UPDATE_ROLLBACK_COMPLETE"
    )
    assert stacks.reason("refusing", "Database", "UPDATE_FAILED").startswith(sentence)


def test_rds_takes_an_upgrade_that_is_allowed_and_an_existing_snapshot(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    stacks.made("taking", database())
    allowed = database(EngineVersion="17", AllowMajorVersionUpgrade=True)
    assert stacks.update("taking", allowed)["StackStatus"] == "UPDATE_COMPLETE"
    name = stacks.physical("taking", "Database")
    aws("rds").create_db_snapshot(DBSnapshotIdentifier="kept", DBInstanceIdentifier=name)
    stacks.made("restored", database(EngineVersion="17", DBSnapshotIdentifier="kept"))


def test_a_protected_database_refuses_to_be_deleted(stacks: Stacks) -> None:
    stacks.made("protected", database(DeletionProtection=True))
    stack = stacks.delete(stacks.rest("protected")["StackId"])
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stacks.reason("protected", "Database", "DELETE_FAILED").startswith(
        "Cannot delete protected DB Instance, please disable deletion protection and try again."
    )
