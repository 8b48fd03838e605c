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


class Deletion(NamedTuple):
    """What deleting the stack does to one resource."""

    resource: Resource
    policy: str
    """Delete, Retain, RetainExceptOnCreate or Snapshot."""

    @property
    def is_kept(self) -> bool:
        return self.policy != "Delete"

    @property
    def is_emptied(self) -> bool:
        """Whether it is a bucket that goes: CloudFormation deletes only an empty one."""
        return self.resource.type == BUCKET and not self.is_kept


class Remainder(NamedTuple):
    """Something that is still there when the stack is gone."""

    path: str
    name: str
    removal: str


def deletions(aws: Aws, stack: str) -> list[Deletion]:
    """What deletion does, or did, to every resource of a stack, by id, and of its nested stacks.

    True before a deletion, during it, after it has failed and, for 90 days, after it. What is gone
    already is left out, but for a database with a last snapshot. Read from the templates that are
    deployed: three calls for each stack.
    """
    return list(_deletions(aws, stack, "", deletion_began(aws, stack)))


def plan(name: str, planned: list[Deletion]) -> list[str]:
    """The lines that say what a deletion takes and what it leaves."""
    lost = [deletion for deletion in planned if not deletion.is_kept]
    data = [deletion.resource for deletion in lost if deletion.resource.type in STATEFUL]
    kept = [deletion for deletion in planned if deletion.is_kept]
    emptied = [deletion.resource for deletion in planned if deletion.is_emptied]
    return [
        f"Deleting {name} takes away for good:",
        *(f"  {r.path}  {r.physical}  {STATEFUL[r.type]}" for r in data),
        f"  and {len(lost) - len(data)} resources that hold no data",
        *(["Emptied, once CloudFormation has accepted the deletion:"] if emptied else []),
        *(f"  {r.path}  {r.physical}" for r in emptied),
        f"It keeps:{'' if kept else ' nothing.'}",
        *(
            f"  {deletion.resource.path}  {deletion.resource.physical}"
            f"{'  as a last snapshot' if deletion.policy == 'Snapshot' else ''}"
            for deletion in kept
        ),
    ]


def remainders(aws: Aws, planned: Iterable[Deletion]) -> list[Remainder]:
    """What is still there of what was to be kept.

    Buckets, log groups and snapshots are asked for; the deployer may not ask for keys, vaults and
    registries by hand, so these are believed to be what CloudFormation left.
    """
    buckets = {bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]}
    remaining = list[Remainder]()
    for resource in (deletion.resource for deletion in planned if deletion.is_kept):
        names = [resource.physical]
        if resource.type == BUCKET:
            names = [name for name in names if name in buckets]
        elif resource.type == LOG_GROUP:
            names = _log_groups(aws, resource.physical)
        elif resource.type == DATABASE:
            names = _snapshots(aws, resource.physical)
        removal = REMOVAL.get(resource.type, "in the console of its service")
        remaining += [Remainder(resource.path, name, removal.format(name=name)) for name in names]
    return remaining


def _deletions(aws: Aws, stack: str, path: str, since: datetime | None) -> Iterator[Deletion]:
    answer = aws.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")
    declared: dict[str, Any] = answer["TemplateBody"]["Resources"]
    for resource in _known(aws, stack, path, since):
        if resource.type == STACK:
            yield from _deletions(aws, resource.physical, resource.path, since)
            continue
        own = {"Type": resource.type, **declared.get(resource.path.rpartition("/")[2], {})}
        policy = compare.declared_policy(own, "DeletionPolicy")
        if resource.status == "DELETE_SKIPPED":
            yield Deletion(resource, "Retain")
        elif resource.status != "DELETE_COMPLETE" or policy == "Snapshot":
            yield Deletion(resource, policy)


def _known(aws: Aws, stack: str, path: str, since: datetime | None) -> list[Resource]:
    """The resources of one stack, also those that its list has no more since it began to go."""
    known = {(r.path, r.physical): r for r in resources_of(aws, stack, path) if r.physical}
    for event in reversed(events_of(aws, stack, path, since) if since else []):
        if event.physical and not event.own:
            known[event.path, event.physical] = Resource(
                event.path, event.type, event.physical, event.status, event.reason
            )
    return list(known.values())


def _log_groups(aws: Aws, name: str) -> list[str]:
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [group["logGroupName"] for group in groups if group["logGroupName"] == name]


def _snapshots(aws: Aws, database: str) -> list[str]:
    pages = aws.client("rds").get_paginator("describe_db_snapshots")
    return [
        snapshot["DBSnapshotIdentifier"]
        for page in pages.paginate(DBInstanceIdentifier=database, SnapshotType="manual")
        for snapshot in page["DBSnapshots"]
    ]
