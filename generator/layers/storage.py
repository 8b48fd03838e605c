"""Buckets and the image registry: configuration (.env), documents, logs. Not the frontend's."""

from __future__ import annotations

import json
from typing import Any

import awacs.aws as aws
import awacs.s3
from troposphere import Equals, If, Join, Not, NoValue, Ref, Sub, Template, ecr, s3

from generator.layer import Layer, Name, Provided, Values
from generator.layers.secrets import CUSTOMER_KEY, CUSTOMER_KEY_ARN, customer_key
from generator.layers.shared import (
    ENVIRONMENT_NAME,
    LOG_RETENTION_DAYS,
    allow,
    bucket_policy,
    encryption,
    flag,
    is_true,
    keep,
    private_bucket,
    tags,
)

DOCUMENT_LOCK_DAYS = Name(
    "DocumentLockDays",
    Type="Number",
    Default=0,
    MinValue=0,
    MaxValue=3650,
    Description="For how many days a document cannot be overwritten or deleted for good (S3 Object "
    "Lock, governance mode); 0: not locked. Choose before the first deployment.",
)
CDN_LOGS = flag("CdnLogs", "true: CloudFront writes its access log to a bucket of its own.")

CONFIGURATION_BUCKET = Name(
    "ConfigurationBucketName", Type="String", Description="Bucket that holds the backend's .env."
)
DOCUMENTS_BUCKET = Name(
    "DocumentsBucketName", Type="String", Description="Bucket for the clinic's documents."
)
LOG_BUCKET = Name(
    "LogBucketName", Type="String", Description="Bucket of the balancer's and the buckets' logs."
)
CDN_LOG_BUCKET_DOMAIN = Name(
    "CdnLogBucketDomain", Type="String", Description="Bucket of CloudFront's log, or nothing."
)
IMAGE_REPOSITORY_URI = Name(
    "ImageRepositoryUri", Type="String", Description="Registry to push the backend's image to."
)
IMAGE_REPOSITORY_ARN = Name("ImageRepositoryArn", Type="String", Description="The registry's ARN.")

# Kept as under Retain, but not when the operation that made it is rolled back; UpdateReplacePolicy
# knows no such word (CloudFormation user guide, aws-attribute-deletionpolicy).
KEPT: dict[str, Any] = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
UNTAGGED_IMAGE_DAYS, KEPT_IMAGES = 7, 20


def build(template: Template, values: Values) -> Values:
    key = customer_key(template, values)
    logs = template.add_resource(
        private_bucket(
            "LogBucket",
            values,
            "logs",
            LifecycleConfiguration=keep(values[LOG_RETENTION_DAYS]),
            **KEPT,
        )
    )
    template.add_resource(bucket_policy(logs, *_log_writers(logs)))
    configuration = _bucket(template, values, "ConfigurationBucket", "configuration", logs, key)
    documents = _bucket(
        template, values, "DocumentsBucket", "documents", logs, key, **_lock(template, values)
    )
    return {
        CONFIGURATION_BUCKET: configuration.ref(),
        DOCUMENTS_BUCKET: documents.ref(),
        LOG_BUCKET: logs.ref(),
        CDN_LOG_BUCKET_DOMAIN: _cdn_log_bucket(template, values, logs, key),
        **_registry(template, values, key),
    }


def _bucket(
    template: Template,
    values: Values,
    title: str,
    suffix: str,
    logs: s3.Bucket,
    key: tuple[str, Any],
    **properties: Any,
) -> s3.Bucket:
    bucket = private_bucket(
        title,
        values,
        suffix,
        BucketEncryption=encryption(key),
        LifecycleConfiguration=keep(NoValue),
        LoggingConfiguration=access_log(logs.ref(), suffix),
        **KEPT,
        **properties,
    )
    template.add_resource(bucket)
    template.add_resource(bucket_policy(bucket))
    return bucket


def access_log(log_bucket: Any, prefix: str) -> s3.LoggingConfiguration:
    """Server access log of a bucket, under ``s3/<prefix>/`` of the log bucket."""
    return s3.LoggingConfiguration(DestinationBucketName=log_bucket, LogFilePrefix=f"s3/{prefix}/")


def _log_writers(logs: s3.Bucket) -> list[aws.Statement]:
    account = aws.StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")})
    arn = logs.get_att("Arn")
    return [
        allow(
            [awacs.s3.PutObject],
            [Join("", [arn, "/s3/*"])],
            Sid="BucketLogs",
            Principal=aws.Principal("Service", "logging.s3.amazonaws.com"),
            Condition=aws.Condition(account),
        ),
        allow(
            [awacs.s3.PutObject],
            [Join("", [arn, Sub("/alb/AWSLogs/${AWS::AccountId}/*")])],
            Sid="BalancerLogs",
            Principal=aws.Principal("Service", "logdelivery.elasticloadbalancing.amazonaws.com"),
        ),
    ]


def _lock(template: Template, values: Values) -> dict[str, Any]:
    locked = template.add_condition(
        "DocumentsAreLocked", Not(Equals(values[DOCUMENT_LOCK_DAYS], "0"))
    )
    rule = s3.ObjectLockRule(
        DefaultRetention=s3.DefaultRetention(Mode="GOVERNANCE", Days=values[DOCUMENT_LOCK_DAYS])
    )
    configuration = s3.ObjectLockConfiguration(ObjectLockEnabled="Enabled", Rule=rule)
    return {
        "ObjectLockEnabled": If(locked, True, NoValue),
        "ObjectLockConfiguration": If(locked, configuration, NoValue),
    }


def _cdn_log_bucket(
    template: Template, values: Values, logs: s3.Bucket, key: tuple[str, Any]
) -> Provided:
    """CloudFront's standard log needs a bucket that accepts access lists.

    It may have the customer's key; the log bucket may not, since balancers and S3's access logs are
    delivered to AES256 only.
    """
    condition = is_true(template, values, CDN_LOGS)
    bucket = template.add_resource(
        private_bucket(
            "CdnLogBucket",
            values,
            "cdn-logs",
            Condition=condition,
            BucketEncryption=encryption(key),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerPreferred")]
            ),
            LifecycleConfiguration=keep(values[LOG_RETENTION_DAYS]),
            LoggingConfiguration=access_log(logs.ref(), "cdn-logs"),
            **KEPT,
        )
    )
    template.add_resource(bucket_policy(bucket))
    return Provided(condition, bucket.get_att("DomainName"))


def _registry(template: Template, values: Values, key: tuple[str, Any]) -> Values:
    condition, arn = key
    repository = template.add_resource(
        ecr.Repository(
            "ImageRepository",
            ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
            ImageTagMutability="IMMUTABLE",
            # What a creation pushed while it was under way must not stop its rollback.
            EmptyOnDelete=True,
            EncryptionConfiguration=If(
                condition,
                ecr.EncryptionConfiguration(EncryptionType="KMS", KmsKey=arn),
                ecr.EncryptionConfiguration(EncryptionType="AES256"),
            ),
            LifecyclePolicy=ecr.LifecyclePolicy(LifecyclePolicyText=_image_lifecycle()),
            Tags=tags(values, "backend"),
            **KEPT,
        )
    )
    return {
        IMAGE_REPOSITORY_URI: repository.get_att("RepositoryUri"),
        IMAGE_REPOSITORY_ARN: repository.get_att("Arn"),
    }


def _image_lifecycle() -> str:
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_IMAGE_DAYS,
    }
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES}
    rules = [
        {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}
        for priority, selection in enumerate((untagged, newest), start=1)
    ]
    return json.dumps({"rules": rules})


STORAGE = Layer(
    "Storage",
    build,
    owns=(
        "buckets for `.env`, documents and logs, the image registry",
        "buckets para `.env`, documentos y logs, registro de imágenes",
    ),
    needs=(
        ENVIRONMENT_NAME,
        CUSTOMER_KEY,
        CUSTOMER_KEY_ARN,
        LOG_RETENTION_DAYS,
        DOCUMENT_LOCK_DAYS,
        CDN_LOGS,
    ),
    offers=(
        CONFIGURATION_BUCKET,
        DOCUMENTS_BUCKET,
        LOG_BUCKET,
        CDN_LOG_BUCKET_DOMAIN,
        IMAGE_REPOSITORY_URI,
        IMAGE_REPOSITORY_ARN,
    ),
    # A balancer is refused until the bucket lets it write its log.
    settles=("LogBucketPolicy",),
)
