"""What the database costs: its class, storage, credits, monitoring and backups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import LineItem, Month, number
from generator.checks.cost.compute import plain
from generator.checks.cost.network import Found
from generator.model import data, instance_types
from generator.model.walk import is_true

CHANGED_A_DAY = Decimal("0.02")
"""The part of the data that a day changes, and that its backup adds (assumed)."""
SAMPLE_GB = Decimal("0.00001")
"""A sample of enhanced monitoring: about 10 KB of JSON (assumed)."""
FREE_INSIGHTS_DAYS = 7


def instances(month: Month, resources: Found) -> Iterator[LineItem]:
    """Every database that is an instance of its own."""
    for database in resources.values():
        yield from _instance(month, database)
        yield from _storage(month, database)
        yield from _monitoring(month, database)


def _instance(month: Month, database: Mapping[str, Any]) -> Iterator[LineItem]:
    kind = str(database.get("DBInstanceClass", "a class of the snapshot's"))
    if (engine := _engine(month, database)) != "postgres":
        yield month.line("Database", f"{kind} with {engine}", "", 1)
        return
    yield _hours(month, kind, is_true(database.get("MultiAZ")))
    bare = kind.removeprefix("db.")
    known = instance_types.table().get(bare)
    if known is None and isinstance(database.get("DBInstanceClass"), str):
        yield month.line("Database", instance_types.unknown(kind), "", 1)
    elif known and known.baseline is not None:
        vcpus, baseline = known.vcpus, known.baseline
        above = max(Decimal(0), month.usage.database_load - baseline) / 100
        item = f"surplus credits: {plain(month.usage.database_load)} % CPU, {baseline} % included"
        key = f"rds/credit/{bare.partition('.')[0]}"
        yield month.hourly("Database", item, key, vcpus * above)


def _engine(month: Month, database: Mapping[str, Any]) -> str:
    """A read replica has the engine of its source, a restored one that of its snapshot."""
    source = month.view.references.target(database.get("SourceDBInstanceIdentifier"))
    origin = month.view.of_type("AWS::RDS::DBInstance").get(source, {})
    return str(database.get("Engine") or origin.get("Engine") or "an engine not said here")


def _hours(month: Month, kind: str, both: bool) -> LineItem:
    """One instance or, in two zones, their common price: twice as much or a little more."""
    if both and f"rds/{kind}/multi-az" in month.prices:
        return month.hourly("Database", f"{kind}, Multi-AZ", f"rds/{kind}/multi-az", 1)
    if both:
        note = "counted as two instances"
        return month.hourly("Database", f"{kind}, Multi-AZ", f"rds/{kind}", 2, note)
    return month.hourly("Database", kind, f"rds/{kind}", 1)


def _storage(month: Month, database: Mapping[str, Any]) -> Iterator[LineItem]:
    size = number(database.get("AllocatedStorage"))
    if size is None:
        yield month.line("Database", "storage of unknown size, and its backups", "", 1)
        return
    kind = str(database.get("StorageType", "gp2"))
    key = f"rds/{kind}/multi-az" if is_true(database.get("MultiAZ")) else f"rds/{kind}"
    yield month.monthly("Database", f"{plain(size)} GiB {kind}", key, size)
    days = number(database.get("BackupRetentionPeriod", 1)) or Decimal(0)
    kept = backed_up(month.usage.database_gb, days)
    item = f"backups of {plain(days)} days: {plain(kept)} GB, {plain(size)} GB included"
    yield month.monthly("Database", item, "rds/backup", max(Decimal(0), kept - size))


def backed_up(data: Decimal, days: Decimal) -> Decimal:
    """GB of incremental backups of so many days."""
    return data * (1 + CHANGED_A_DAY * days) if days else Decimal(0)


def _monitoring(month: Month, database: Mapping[str, Any]) -> Iterator[LineItem]:
    if seconds := number(database.get("MonitoringInterval")):
        samples = month.usage.hours * 3600 / seconds
        item = f"enhanced monitoring every {plain(seconds)} s"
        yield month.line("Database", item, "logs/gb", samples * SAMPLE_GB)
    if is_true(database.get("EnablePerformanceInsights")):
        days = number(database.get("PerformanceInsightsRetentionPeriod", FREE_INSIGHTS_DAYS))
        if days is None or days > FREE_INSIGHTS_DAYS:
            item = f"Performance Insights for over {FREE_INSIGHTS_DAYS} days"
            yield month.line("Database", item, "rds/insights", 1)


def backup_plans(month: Month, resources: Found) -> Iterator[LineItem]:
    """Copies in a vault: incremental, and without RDS's free allowance."""
    for name, plan in resources.items():
        kinds = _chosen(month, name)
        for rule in plan.get("BackupPlan", {}).get("BackupPlanRule", []):
            days = number(rule.get("Lifecycle", {}).get("DeleteAfterDays"))
            for kind in kinds:
                what, key = BACKED_UP[kind]
                if days is None:
                    item = f"copies of the {what} that are never deleted"
                    yield month.line("Backup plan", item, "", 1)
                    continue
                size = month.usage.documents_gb if what == "documents" else month.usage.database_gb
                item = f"daily copies of the {what} for {plain(days)} days"
                yield month.monthly("Backup plan", item, key, backed_up(size, days))


BACKED_UP = {
    "AWS::RDS::DBInstance": ("database", "backup/rds"),
    "AWS::EFS::FileSystem": ("documents", "backup/efs"),
    "AWS::S3::Bucket": ("documents", "backup/s3"),
}


def _chosen(month: Month, plan: str) -> list[str]:
    """The types that a plan covers; without a file system the documents are in a bucket."""
    types = {
        month.view.resources.get(name, {}).get("Type")
        for name in data.backed_up(month.view.references, plan)
    }
    known = [kind for kind in BACKED_UP if kind in types] or ["AWS::RDS::DBInstance"]
    return known[:1] if "AWS::EFS::FileSystem" in known else known
