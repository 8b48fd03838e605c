"""The bucket of the templates, and the upload of a set of them.

Keys are ``<stack>/<sha256 of the set>/<file>``: a set that is there in part is completed before
anybody is told its address. What is there is known by the checksum that S3 has made of it, so that
whoever may write to the bucket cannot slip in another template under the same name and size.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.cloud.environment import Environment
from generator.errors import ClinicError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import (
        CreateBucketRequestTypeDef,
        LifecycleRuleTypeDef,
        ObjectIdentifierTypeDef,
        PublicAccessBlockConfigurationTypeDef,
        ServerSideEncryptionRuleTypeDef,
    )

Answer = TypeVar("Answer")
KEPT_DAYS = 90
"""How long S3 keeps what a later deployment has replaced."""


@dataclass(frozen=True)
class Upload:
    """Where a set of templates is, and what it took."""

    base: str
    """https address of the folder of files, without a slash at the end."""
    sent: int
    kept: int
    """Files that were there already."""


def bucket_name(aws: Aws) -> str:
    """One bucket for each account and region."""
    return f"clinic-artifacts-{aws.account}-{aws.region}"


def upload(aws: Aws, env: Environment) -> Upload:
    """Bring the whole set to the bucket, which is made if it is missing.

    The address is path-style: S3 and every stand-in for it understand that one. Raises ClinicError
    when the bucket belongs to somebody else.
    """
    bucket, prefix = _bucket(aws), f"{env.stack}/{env.digest}/"
    s3, sums = aws.client("s3"), {name: _sum(data) for name, data in env.files.items()}
    there = _names(aws, bucket, prefix).intersection(sums)
    look = partial(s3.head_object, Bucket=bucket, ChecksumMode="ENABLED")
    looks = {name: partial(look, Key=prefix + name) for name in sorted(there)}
    known = dict(zip(looks, _all_at_once(looks.values()), strict=True))
    missing = [n for n in sums if n not in known or known[n].get("ChecksumSHA256") != sums[n]]
    put = partial(s3.put_object, Bucket=bucket, ContentType="application/json")
    _all_at_once(
        partial(put, Key=prefix + name, Body=env.files[name], ChecksumSHA256=sums[name])
        for name in missing
    )
    address = f"https://s3.{aws.region}.amazonaws.com/{bucket}/{prefix[:-1]}"
    return Upload(address, len(missing), len(env.files) - len(missing))


def remove_older(aws: Aws, env: Environment) -> None:
    """Delete the sets that ``env``, now deployed, has replaced; S3 keeps them for KEPT_DAYS."""
    bucket = bucket_name(aws)
    old: list[ObjectIdentifierTypeDef] = [
        {"Key": f"{env.stack}/{name}"}
        for name in sorted(_names(aws, bucket, f"{env.stack}/"))
        if not name.startswith(env.digest)
    ]
    for start in range(0, len(old), 1000):
        aws.client("s3").delete_objects(
            Bucket=bucket, Delete={"Objects": old[start : start + 1000], "Quiet": True}
        )


def _bucket(aws: Aws) -> str:
    """The bucket's name once it is ours and set up. Versioning is set last and tells so."""
    s3, bucket = aws.client("s3"), bucket_name(aws)
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) == "403":
            raise _not_ours(bucket) from error
        if code_of(error) != "404":
            raise
        _create(aws, bucket)
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        _all_at_once(_settings(s3, bucket))
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def _create(aws: Aws, bucket: str) -> None:
    request: CreateBucketRequestTypeDef = {"Bucket": bucket}
    # us-east-1 is the one region that may not be named.
    if aws.region != "us-east-1":
        region = cast("BucketLocationConstraintType", aws.region)
        request["CreateBucketConfiguration"] = {"LocationConstraint": region}
    try:
        aws.client("s3").create_bucket(**request)
    except ClientError as error:
        if code_of(error) == "BucketAlreadyExists":
            raise _not_ours(bucket) from error
        if code_of(error) != "BucketAlreadyOwnedByYou":
            raise


def _not_ours(bucket: str) -> ClinicError:
    return ClinicError(
        f"the bucket {bucket} belongs to another account, or these credentials may not "
        "see it (s3:ListBucket): "
        "nothing was sent there. Bucket names are global, so ask AWS support about the owner, or "
        "deploy to another region with --region.",
        exit_code=3,
    )


def _settings(s3: S3Client, bucket: str) -> list[Callable[[], object]]:
    closed: PublicAccessBlockConfigurationTypeDef = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    arn = f"arn:aws:s3:::{bucket}"
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    encrypted: ServerSideEncryptionRuleTypeDef = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}
    }
    old_sets: LifecycleRuleTypeDef = {
        "ID": "OldSets",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_DAYS},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [tls_only]})
    return [
        partial(s3.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration=closed),
        partial(s3.put_bucket_policy, Bucket=bucket, Policy=policy),
        partial(
            s3.put_bucket_encryption,
            Bucket=bucket,
            ServerSideEncryptionConfiguration={"Rules": [encrypted]},
        ),
        partial(
            s3.put_bucket_lifecycle_configuration,
            Bucket=bucket,
            LifecycleConfiguration={"Rules": [old_sets]},
        ),
    ]


def _sum(data: bytes) -> str:
    """A content's SHA-256 as S3 writes it."""
    return b64encode(hashlib.sha256(data).digest()).decode()


def _names(aws: Aws, bucket: str, prefix: str) -> set[str]:
    """The objects below ``prefix``, by the rest of their keys."""
    pages = aws.client("s3").get_paginator("list_objects_v2")
    return {
        entry["Key"].removeprefix(prefix)
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for entry in page.get("Contents", [])
    }


def _all_at_once(calls: Iterable[Callable[[], Answer]]) -> list[Answer]:
    """Make the calls in parallel, for their responses in order; the first error is raised when all
    have ended."""
    with ThreadPoolExecutor(12) as pool:
        made = [pool.submit(call) for call in calls]
    return [one.result() for one in made]
