"""The ``.env`` in a stack's configuration bucket: its versions and its fingerprint.

Beside the file lies ``.env.fingerprint``, which names the version that it is about: a file that
came another way, or a push that was cut between the two, shows by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from generator.application.env import dotenv, fingerprint
from generator.application.env.fingerprint import Fingerprint
from generator.cloud.aws import Aws
from generator.cloud.stacks import Stack, existing, tree, walk
from generator.errors import ClinicError
from generator.layers.identity import ENV_FILE
from generator.layers.storage import CONFIGURATION_BUCKET
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectVersionTypeDef

FINGERPRINT = f"{ENV_FILE}.fingerprint"
BUCKET = "ConfigurationBucket"
"""The bucket's logical id, for as long as the stack has no outputs."""


@dataclass(frozen=True)
class ObjectVersion:
    """One version of the file."""

    id: str
    time: datetime
    size: int


@dataclass(frozen=True)
class DeployedEnvFile:
    """The content of the configuration bucket."""

    bucket: str
    versions: list[ObjectVersion]
    """Of the file, the current one first; empty while there is none, or it was deleted."""
    fingerprint: Fingerprint | None
    """Of the current version; None if nobody made one."""

    @property
    def current(self) -> ObjectVersion | None:
        return self.versions[0] if self.versions else None


def bucket_of(aws: Aws, name: str) -> str:
    """The configuration bucket of a stack, from the moment it exists; ClinicError before that."""
    stack = existing(aws, name)
    if bucket := stack.outputs.get(CONFIGURATION_BUCKET.title) or _made(aws, stack):
        return bucket
    raise ClinicError(
        f"{name} has no bucket for the .env yet ({stack.status}): it is one of the first things "
        "that `clinic deploy` makes; run the same command again in a minute."
    )


def _made(aws: Aws, stack: Stack) -> str:
    for resource in walk(tree(aws, stack.id)):
        name, done = resource.path.rpartition("/")[2], resource.status.endswith("_COMPLETE")
        if name == BUCKET and done and not resource.status.startswith("DELETE"):
            return resource.physical
    return ""


def look(aws: Aws, bucket: str) -> DeployedEnvFile:
    """The content of a configuration bucket; two calls at most."""
    pages = aws.client("s3").get_paginator("list_object_versions")
    entries = [
        version
        for page in pages.paginate(Bucket=bucket, Prefix=ENV_FILE)
        for version in page.get("Versions", [])
    ]
    current = {entry["Key"] for entry in entries if entry["IsLatest"]}
    if ENV_FILE not in current:
        return DeployedEnvFile(bucket, [], None)
    versions = [_version(entry) for entry in entries if entry["Key"] == ENV_FILE]
    fingerprint = _fingerprint(aws, bucket) if FINGERPRINT in current else None
    fits = fingerprint is not None and fingerprint.version == versions[0].id
    return DeployedEnvFile(bucket, versions, fingerprint if fits else None)


def _version(entry: ObjectVersionTypeDef) -> ObjectVersion:
    return ObjectVersion(entry["VersionId"], entry["LastModified"], entry["Size"])


def _fingerprint(aws: Aws, bucket: str) -> Fingerprint | None:
    response = aws.client("s3").get_object(Bucket=bucket, Key=FINGERPRINT)
    return fingerprint.from_json(response["Body"].read())


def reveal(aws: Aws, deployed: DeployedEnvFile) -> bytes:
    """The bytes of the current version: the one call that shows values."""
    response = aws.client("s3").get_object(Bucket=deployed.bucket, Key=ENV_FILE)
    return response["Body"].read()


def revealed(aws: Aws, deployed: DeployedEnvFile, report: Report) -> dict[str, str]:
    """The values in the current version; warns of
    lines without a value, which a file uploaded in another way may have."""
    file = dotenv.parse(reveal(aws, deployed))
    for remark in file.errors:
        where = f"line {remark.line}" if remark.line else "as a whole"
        report.say(f"deployed, {where}: {remark.message}")
        report.tell("remark", **remark._asdict())
    return file.values
