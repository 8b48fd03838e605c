"""What a deletion takes, what it leaves, and how a person removes the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from generator.checks.changes import compare
from generator.checks.changes.stateful import STATEFUL
from generator.cloud.aws import Aws
from generator.cloud.stacks import Resource, deletion_began, events_of, resources_of
from generator.model.walk import STACK

BUCKET, DATABASE, LOG_GROUP = "AWS::S3::Bucket", "AWS::RDS::DBInstance", "AWS::Logs::LogGroup"
REMOVAL = {
    "AWS::Backup::BackupVault": "delete its recovery points, then `aws backup "
    "delete-backup-vault --backup-vault-name {name}`",
    "AWS::ECR::Repository": "`aws ecr delete-repository --force --repository-name {name}`",
    "AWS::EFS::FileSystem": "`aws efs delete-file-system --file-system-id {name}`",
    "AWS::KMS::Key": "`aws kms schedule-key-deletion --key-id {name}`; all that it encrypts is "
    "lost with it",
    LOG_GROUP: "`aws logs delete-log-group --log-group-name {name}`",
    DATABASE: "`aws rds delete-db-snapshot --db-snapshot-identifier {name}`",
    BUCKET: "empty it in the S3 console, old versions too, then `aws s3api delete-bucket "
    "--bucket {name}`",
}
"""How a person removes what was kept."""


class Fate(NamedTuple):
    """What deleting the stack does to one resource."""

    resource: Resource
    policy: str
    """Delete, Retain, RetainExceptOnCreate or Snapshot."""

    @property
    def kept(self) -> bool:
        return self.policy != "Delete"

    @property
    def emptied(self) -> bool:
        """Whether it is a bucket that goes: CloudFormation deletes only an empty one."""
        return self.resource.type == BUCKET and not self.kept


class Left(NamedTuple):
    """Something that is still there when the stack is gone."""

    path: str
    name: str
    removal: str


def fates(aws: Aws, stack: str) -> list[Fate]:
    """What deletion does, or did, to every resource of a stack, by id, and of its nested stacks.

    True before a deletion, during it, after it has failed and, for 90 days, after it. What is gone
    already is left out, but for a database with a last snapshot. Read from the templates that are
    deployed: three calls for each stack.
    """
    return list(_fates(aws, stack, "", deletion_began(aws, stack)))


def plan(name: str, planned: list[Fate]) -> list[str]:
    """The lines that say what a deletion takes and what it leaves."""
    lost = [fate for fate in planned if not fate.kept]
    data = [fate.resource for fate in lost if fate.resource.type in STATEFUL]
    kept = [fate for fate in planned if fate.kept]
    emptied = [fate.resource for fate in planned if fate.emptied]
    return [
        f"Deleting {name} takes away for good:",
        *(f"  {r.path}  {r.physical}  {STATEFUL[r.type]}" for r in data),
        f"  and {len(lost) - len(data)} resources that hold no data",
        *(["Emptied, once CloudFormation has accepted the deletion:"] if emptied else []),
        *(f"  {r.path}  {r.physical}" for r in emptied),
        f"It keeps:{'' if kept else ' nothing.'}",
        *(
            f"  {fate.resource.path}  {fate.resource.physical}"
            f"{'  as a last snapshot' if fate.policy == 'Snapshot' else ''}"
            for fate in kept
        ),
    ]


def left(aws: Aws, planned: Iterable[Fate]) -> list[Left]:
    """What is still there of what was to be kept.

    Buckets, log groups and snapshots are asked for; the deployer may not ask for keys, vaults and
    registries by hand, so these are believed to be what CloudFormation left.
    """
    buckets = {told["Name"] for told in aws.client("s3").list_buckets()["Buckets"]}
    found = list[Left]()
    for resource in (fate.resource for fate in planned if fate.kept):
        names = [resource.physical]
        if resource.type == BUCKET:
            names = [name for name in names if name in buckets]
        elif resource.type == LOG_GROUP:
            names = _log_groups(aws, resource.physical)
        elif resource.type == DATABASE:
            names = _snapshots(aws, resource.physical)
        removal = REMOVAL.get(resource.type, "in the console of its service")
        found += [Left(resource.path, name, removal.format(name=name)) for name in names]
    return found


def _fates(aws: Aws, stack: str, path: str, since: datetime | None) -> Iterator[Fate]:
    answer = aws.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")
    declared: dict[str, Any] = answer["TemplateBody"]["Resources"]
    for resource in _known(aws, stack, path, since):
        if resource.type == STACK:
            yield from _fates(aws, resource.physical, resource.path, since)
            continue
        own = {"Type": resource.type, **declared.get(resource.path.rpartition("/")[2], {})}
        policy = compare.fate(own, "DeletionPolicy")
        if resource.status == "DELETE_SKIPPED":
            yield Fate(resource, "Retain")
        elif resource.status != "DELETE_COMPLETE" or policy == "Snapshot":
            yield Fate(resource, policy)


def _known(aws: Aws, stack: str, path: str, since: datetime | None) -> list[Resource]:
    """The resources of one stack, also those that its list has no more since it began to go."""
    found = {(r.path, r.physical): r for r in resources_of(aws, stack, path) if r.physical}
    for event in reversed(events_of(aws, stack, path, since) if since else []):
        if event.physical and not event.own:
            found[event.path, event.physical] = Resource(
                event.path, event.type, event.physical, event.status, event.reason
            )
    return list(found.values())


def _log_groups(aws: Aws, name: str) -> list[str]:
    told = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [group["logGroupName"] for group in told if group["logGroupName"] == name]


def _snapshots(aws: Aws, database: str) -> list[str]:
    pages = aws.client("rds").get_paginator("describe_db_snapshots")
    return [
        told["DBSnapshotIdentifier"]
        for page in pages.paginate(DBInstanceIdentifier=database, SnapshotType="manual")
        for told in page["DBSnapshots"]
    ]
