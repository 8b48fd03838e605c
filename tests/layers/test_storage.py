from __future__ import annotations

import json

import pytest

from tests.resolved import of_type, properties, resources

BUCKETS = ["ConfigurationBucket", "DocumentsBucket", "LogBucket", "CdnLogBucket", "FrontendBucket"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_is_private_versioned_and_encrypted(bucket):
    made = properties(bucket, "prod")
    assert set(made["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(made["PublicAccessBlockConfiguration"]) == 4
    assert made["VersioningConfiguration"] == {"Status": "Enabled"}
    assert made["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert "AccessControl" not in made


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_refuses_requests_without_tls(bucket):
    [deny] = [
        statement
        for statement in properties(f"{bucket}Policy", "prod")["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
    ]
    arn = {"Fn::GetAtt": [bucket, "Arn"]}
    assert deny["Principal"] == "*"
    assert deny["Action"] == ["s3:*"]
    assert deny["Resource"] == [arn, {"Fn::Join": ["", [arn, "/*"]]}]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("bucket", [b for b in BUCKETS if b != "CdnLogBucket"])
def test_access_lists_are_off_but_where_cloudfront_needs_one(bucket):
    [rule] = properties(bucket, "prod")["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("bucket", [b for b in BUCKETS if b != "FrontendBucket"])
def test_what_cannot_be_built_again_survives_the_stack(bucket):
    made = resources("prod")[bucket]
    assert made["DeletionPolicy"] == "RetainExceptOnCreate"
    assert made["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("bucket", ["ConfigurationBucket", "DocumentsBucket", "FrontendBucket"])
def test_access_to_buckets_is_logged(bucket):
    logging = properties(bucket)["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == {"Ref": "LogBucket"}


def test_the_log_bucket_takes_logs_of_this_account_only():
    writers = {
        statement["Sid"]: statement
        for statement in properties("LogBucketPolicy")["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    }
    assert writers["BucketLogs"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"}
    }
    [target] = writers["BalancerLogs"]["Resource"]
    assert target["Fn::Join"][1][1] == "/alb/AWSLogs/123456789012/*"


def test_logs_expire_and_documents_do_not():
    [logs] = properties("LogBucket", LogRetentionDays="90")["LifecycleConfiguration"]["Rules"]
    [documents] = properties("DocumentsBucket")["LifecycleConfiguration"]["Rules"]
    assert logs["ExpirationInDays"] == "90"
    assert "ExpirationInDays" not in documents
    assert documents["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}


def test_documents_can_be_locked():
    locked = properties("DocumentsBucket", DocumentLockDays="30")
    assert locked["ObjectLockEnabled"] is True
    assert locked["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Days"] == "30"
    assert "ObjectLockEnabled" not in properties("DocumentsBucket", DocumentLockDays="0")


def test_images_are_scanned_immutable_and_do_not_pile_up():
    repository = properties("ImageRepository")
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    rules = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert [rule["action"]["type"] for rule in rules] == ["expire", "expire"]


def test_the_cdns_log_bucket_exists_only_when_asked_for():
    assert "CdnLogBucket" not in of_type("AWS::S3::Bucket", CdnLogs="false")
    assert "CdnLogBucket" in of_type("AWS::S3::Bucket", CdnLogs="true")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_what_happens_to_objects_goes_to_the_event_bus(bucket):
    assert properties(bucket, CdnLogs="true")["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_the_cdns_log_is_under_the_customers_key_and_the_balancers_is_not():
    """Balancers and S3's own access logs are delivered to AES256 only."""
    used = {
        bucket: properties(bucket, "prod")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        for bucket in ("CdnLogBucket", "LogBucket")
    }
    [cdn], [balancer] = used.values()
    assert cdn["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert cdn["BucketKeyEnabled"] is True
    assert balancer["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    [may] = [
        statement
        for statement in properties("CustomerKeyResource", "prod")["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    ]
    assert (may["Effect"], may["Action"]) == ("Allow", ["kms:GenerateDataKey"])


def test_no_bucket_that_s3_logs_to_is_locked():
    """S3 delivers access logs to no bucket with Object Lock (S3 user guide, object-lock-managing).

    Buckets would be refused at the next update, or their logs be lost."""
    buckets = of_type("AWS::S3::Bucket", "prod")
    receivers = {
        made["LoggingConfiguration"]["DestinationBucketName"]["Ref"]
        for made in buckets.values()
        if "LoggingConfiguration" in made
    }
    assert receivers == {"LogBucket"}
    assert {name for name, made in buckets.items() if "ObjectLockEnabled" in made} == {
        "DocumentsBucket"
    }
