"""What three or more layers use: common choices of the operator, conditions, tags, buckets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import awacs.aws as aws
from troposphere import (
    Equals,
    If,
    Join,
    Not,
    NoValue,
    Ref,
    Select,
    Split,
    Tags,
    Template,
    s3,
)

from generator.layer import Name, Values

EVERY_OBJECT = "/*"


def flag(title: str, description: str, default: str = "false") -> Name:
    """A choice of the operator between true and false."""
    return Name(
        title,
        Type="String",
        AllowedValues=["true", "false"],
        Default=default,
        Description=description,
    )


def choice(title: str, description: str, *allowed: str) -> Name:
    """A choice of the operator from a few words; the first is the default."""
    return Name(
        title,
        Type="String",
        AllowedValues=list(allowed),
        Default=allowed[0],
        Description=description,
    )


def optional(title: str, description: str, pattern: str, constraint: str) -> Name:
    """A text that may be left empty; ``pattern`` says what it must look like when it is not."""
    return Name(
        title,
        Type="String",
        Default="",
        AllowedPattern=f"^({pattern})?$",
        Description=description,
        ConstraintDescription=f"{constraint}, or nothing.",
    )


ENVIRONMENT_NAME = Name(
    "EnvironmentName",
    Type="String",
    Default="clinic",
    Description="Starts the Name tag of everything, so that several environments fit in one "
    "account: seed, dev, prod.",
    AllowedPattern="^[a-z][a-z0-9-]{1,18}[a-z0-9]$",
    ConstraintDescription="3 to 20 lower-case letters, digits and hyphens, starting with a letter.",
)
DELETION_PROTECTION = flag(
    "DeletionProtection",
    "true: the database and the balancer refuse to be deleted until this is false again.",
)
DOCUMENTS_FILE_SYSTEM = flag(
    "DocumentsFileSystem",
    "true: patients' documents lie in an encrypted file system (EFS) that all instances share. "
    "false: the .env must send them to S3 (CLOUD=true), or they are lost with the instance.",
    "true",
)
LOG_RETENTION_DAYS = Name(
    "LogRetentionDays",
    Type="Number",
    Default=30,
    AllowedValues=[7, 30, 90, 180, 365, 400, 731, 1827, 2192, 3653],
    Description="How many days logs are kept, in CloudWatch and in the log buckets. Health "
    "records want 400 or more; 2192 is six years.",
)


def is_true(template: Template, values: Values, name: Name) -> str:
    """The condition that a flag is on; every layer that uses it states it alike."""
    return template.add_condition(f"{name.title}IsTrue", Equals(values[name], "true"))


def is_given(template: Template, values: Values, name: Name) -> str:
    """The condition that an optional text is not empty."""
    return template.add_condition(f"{name.title}IsGiven", Not(Equals(values[name], "")))


def named(values: Values, suffix: str) -> Join:
    """``<environment>-<suffix>``: how people find a thing that has no physical name."""
    return Join("-", [values[ENVIRONMENT_NAME], suffix])


def unique(values: Values, suffix: str) -> Join:
    """``<environment>-<suffix>-<12 characters of the stack's id>``.

    For things that must be named and whose names are global to an account or a region.
    """
    return Join("-", [values[ENVIRONMENT_NAME], suffix, stack_suffix()])


def stack_suffix() -> Select:
    """12 characters of the stack's id, which no other stack has."""
    stack_uuid = Select(2, Split("/", Ref("AWS::StackId")))
    return Select(4, Split("-", stack_uuid))


def tags(values: Values, suffix: str) -> Tags:
    """The Name tag."""
    return Tags(Name=named(values, suffix))


def allow(actions: Sequence[aws.Action], resources: list[Any], **more: Any) -> aws.Statement:
    """An Allow statement; ``more`` may hold Sid, Principal and Condition."""
    return aws.Statement(Effect=aws.Allow, Action=list(actions), Resource=resources, **more)


def policy(*statements: Any) -> dict[str, Any]:
    """A policy document of statements; a dict, since awacs refuses an ``Fn::If`` among them."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def private_bucket(title: str, values: Values, suffix: str, **properties: Any) -> s3.Bucket:
    """A bucket that nobody reaches from outside: versioned, encrypted, without access lists.

    ``properties`` add to these or replace them.
    """
    settings: dict[str, Any] = {
        "BucketEncryption": encryption(),
        "OwnershipControls": s3.OwnershipControls(
            Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        "PublicAccessBlockConfiguration": s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True,
            BlockPublicPolicy=True,
            IgnorePublicAcls=True,
            RestrictPublicBuckets=True,
        ),
        "VersioningConfiguration": s3.VersioningConfiguration(Status="Enabled"),
        # What happens to its objects goes to the account's event bus, which costs nothing.
        "NotificationConfiguration": s3.NotificationConfiguration(
            EventBridgeConfiguration=s3.EventBridgeConfiguration(EventBridgeEnabled=True)
        ),
        "Tags": tags(values, suffix),
    }
    return s3.Bucket(title, **(settings | properties))


def encryption(customer_key: tuple[str, Any] | None = None) -> s3.BucketEncryption:
    """AES256, or with (condition, key ARN) the customer's key when the condition holds."""
    default: dict[str, Any] = {"SSEAlgorithm": "AES256"}
    bucket_key: Any = NoValue
    if customer_key:
        condition, arn = customer_key
        default = {
            "SSEAlgorithm": If(condition, "aws:kms", "AES256"),
            "KMSMasterKeyID": If(condition, arn, NoValue),
        }
        bucket_key = If(condition, True, NoValue)
    rule = s3.ServerSideEncryptionRule(
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(**default),
        BucketKeyEnabled=bucket_key,
    )
    return s3.BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def keep(days: Any, noncurrent_days: int = 90) -> s3.LifecycleConfiguration:
    """Objects for ``days`` (NoValue: for ever), replaced versions for ``noncurrent_days``."""
    rule: dict[str, Any] = {} if days is NoValue else {"ExpirationInDays": days}
    return s3.LifecycleConfiguration(
        Rules=[
            s3.LifecycleRule(
                Id="expire",
                Status="Enabled",
                NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
                    NoncurrentDays=noncurrent_days
                ),
                AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
                    DaysAfterInitiation=7
                ),
                **rule,
            )
        ]
    )


def bucket_policy(bucket: s3.Bucket, *statements: aws.Statement) -> s3.BucketPolicy:
    """What a bucket's policy allows, and no request at all without TLS."""
    arn = bucket.get_att("Arn")
    tls_only = aws.Statement(
        Sid="TlsOnly",
        Effect=aws.Deny,
        Principal=aws.Principal("*"),
        Action=[aws.Action("s3", "*")],
        Resource=[arn, Join("", [arn, EVERY_OBJECT])],
        Condition=aws.Condition(aws.Bool({"aws:SecureTransport": "false"})),
    )
    properties: dict[str, Any] = (
        {"Condition": bucket.Condition} if hasattr(bucket, "Condition") else {}
    )
    return s3.BucketPolicy(
        f"{bucket.title}Policy",
        Bucket=bucket.ref(),
        PolicyDocument=policy(tls_only, *statements),
        **properties,
    )
