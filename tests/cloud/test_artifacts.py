"""The bucket is private and ours, and what is there is not sent again."""

from __future__ import annotations

import json

import pytest

from generator.cloud import artifacts
from generator.cloud.aws import Aws, connect
from generator.cloud.environment import Environment
from generator.errors import ClinicError
from generator.local import Endpoint

from . import small

ENV = small.one({"Topic": {"Type": "AWS::SNS::Topic"}})
OTHER = small.one({"Queue": {"Type": "AWS::SQS::Queue"}})


def keys(aws: Aws) -> set[str]:
    told = aws.client("s3").list_objects_v2(Bucket=artifacts.bucket_name(aws))
    return {entry["Key"] for entry in told.get("Contents", [])}


def test_the_bucket_is_closed_encrypted_versioned_and_tls_only(aws: Aws) -> None:
    artifacts.upload(aws, ENV)
    s3, bucket = aws.client("s3"), f"clinic-artifacts-{aws.account}-us-east-1"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert len(block) == 4
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    default = encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    [statement] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == artifacts.KEPT_DAYS


def test_the_second_upload_sends_nothing(aws: Aws) -> None:
    env = small.nested()
    first, second = artifacts.upload(aws, env), artifacts.upload(aws, env)
    assert (first.sent, first.kept) == (5, 0)
    assert (second.sent, second.kept) == (0, 5)
    assert first.base == second.base


def test_the_address_carries_the_content_and_one_changed_byte_makes_another(aws: Aws) -> None:
    first, second = artifacts.upload(aws, ENV).base, artifacts.upload(aws, OTHER).base
    assert first.rpartition("/")[0] == second.rpartition("/")[0]
    assert first.rpartition("/")[2] == ENV.digest != OTHER.digest


def test_a_set_that_is_there_in_part_is_completed(aws: Aws) -> None:
    env = small.nested()
    artifacts.upload(aws, env)
    bucket, s3 = artifacts.bucket_name(aws), aws.client("s3")
    prefix = f"{env.stack}/{env.digest}"
    s3.delete_object(Bucket=bucket, Key=f"{prefix}/network.json")
    s3.put_object(Bucket=bucket, Key=f"{prefix}/root.json", Body=b"{")
    assert artifacts.upload(aws, env).sent == 2
    body = s3.get_object(Bucket=bucket, Key=f"{prefix}/root.json")["Body"].read()
    assert body == env.files["root.json"]


def test_a_bucket_whose_making_was_cut_off_is_set_up(aws: Aws) -> None:
    bucket = artifacts.bucket_name(aws)
    aws.client("s3").create_bucket(Bucket=bucket)
    artifacts.upload(aws, ENV)
    assert aws.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]
    assert aws.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_a_bucket_that_is_set_up_is_left_alone(aws: Aws) -> None:
    artifacts.upload(aws, ENV)
    calls: list[str] = []
    events = aws.client("s3").meta.events
    events.register("before-call.s3", lambda model, **rest: calls.append(model.name))
    artifacts.upload(aws, ENV)
    assert calls == ["HeadBucket", "GetBucketVersioning", "ListObjectsV2", "HeadObject"]


def test_a_bucket_of_somebody_else_is_refused(aws: Aws, endpoint: Endpoint) -> None:
    stranger = connect(variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": "999999999999"})
    stranger.client("s3").create_bucket(Bucket=artifacts.bucket_name(aws))
    with pytest.raises(ClinicError, match="belongs to another account") as told:
        artifacts.upload(aws, ENV)
    assert told.value.exit_code == 3


def test_what_has_the_same_name_and_size_but_other_bytes_is_sent_again(aws: Aws) -> None:
    """CloudFormation makes what a template says with the deployer's rights."""
    artifacts.upload(aws, ENV)
    bucket, s3 = artifacts.bucket_name(aws), aws.client("s3")
    [name], [data] = ENV.files, ENV.files.values()
    key = f"{ENV.stack}/{ENV.digest}/{name}"
    other = data.replace(b"AWS::SNS::Topic", b"AWS::SQS::Queue")
    assert len(other) == len(data)
    for claimed in ({}, {"Metadata": {"sha256": ENV.digest}}):
        s3.put_object(Bucket=bucket, Key=key, Body=other, **claimed)
        assert artifacts.upload(aws, ENV).sent == 1
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == data
    assert artifacts.upload(aws, ENV).sent == 0


def test_only_the_deployed_set_is_kept(aws: Aws) -> None:
    artifacts.upload(aws, ENV)
    artifacts.upload(aws, OTHER)
    artifacts.remove_older(aws, OTHER)
    assert keys(aws) == {f"clinic-small/{OTHER.digest}/flat.json"}


def test_other_regions_are_named_when_the_bucket_is_made(endpoint: Endpoint) -> None:
    given = {**endpoint.environment, "AWS_ACCESS_KEY_ID": "888888888888"}
    aws = connect(region="eu-west-1", variables=given)
    base = artifacts.upload(aws, ENV).base
    assert base.startswith("https://s3.eu-west-1.amazonaws.com/clinic-artifacts-888888888888-")
    told = aws.client("s3").get_bucket_location(Bucket=artifacts.bucket_name(aws))
    assert told["LocationConstraint"] == "eu-west-1"


def test_the_root_template_takes_the_address(aws: Aws) -> None:
    from re import fullmatch

    env: Environment = small.nested()
    pattern = env.documents["root.json"]["Parameters"]["TemplateBaseUrl"]["AllowedPattern"]
    assert fullmatch(pattern, artifacts.upload(aws, env).base)
