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
class Version:
    """One version of the file."""

    id: str
    time: datetime
    size: int


@dataclass(frozen=True)
class Deployed:
    """What lies in the bucket."""

    bucket: str
    versions: list[Version]
    """Of the file, the current one first; empty while there is none, or it was deleted."""
    fingerprint: Fingerprint | None
    """Of the current version; None if nobody made one."""

    @property
    def current(self) -> Version | None:
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


def look(aws: Aws, bucket: str) -> Deployed:
    """What lies in a configuration bucket; two calls at most."""
    pages = aws.client("s3").get_paginator("list_object_versions")
    entries = [
        version
        for page in pages.paginate(Bucket=bucket, Prefix=ENV_FILE)
        for version in page.get("Versions", [])
    ]
    current = {entry["Key"] for entry in entries if entry["IsLatest"]}
    if ENV_FILE not in current:
        return Deployed(bucket, [], None)
    versions = [_version(entry) for entry in entries if entry["Key"] == ENV_FILE]
    found = _fingerprint(aws, bucket) if FINGERPRINT in current else None
    fits = found is not None and found.version == versions[0].id
    return Deployed(bucket, versions, found if fits else None)


def _version(entry: ObjectVersionTypeDef) -> Version:
    return Version(entry["VersionId"], entry["LastModified"], entry["Size"])


def _fingerprint(aws: Aws, bucket: str) -> Fingerprint | None:
    told = aws.client("s3").get_object(Bucket=bucket, Key=FINGERPRINT)
    return fingerprint.from_json(told["Body"].read())


def reveal(aws: Aws, deployed: Deployed) -> bytes:
    """The bytes of the current version: the one call that shows values."""
    told = aws.client("s3").get_object(Bucket=deployed.bucket, Key=ENV_FILE)
    return told["Body"].read()


def revealed(aws: Aws, deployed: Deployed, report: Report) -> dict[str, str]:
    """The values in the current version; a file that came another way may have lines without any,
    and those are told."""
    file = dotenv.parse(reveal(aws, deployed))
    for remark in file.errors:
        where = f"line {remark.line}" if remark.line else "as a whole"
        report.say(f"deployed, {where}: {remark.message}")
        report.tell("remark", **remark._asdict())
    return file.values
