"""What buckets, the registry, secrets, keys and functions cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generator.checks.cost.bill import LineItem, Month, number
from generator.checks.cost.database import backed_up
from generator.checks.cost.launched import launched_groups
from generator.checks.cost.network import Found

REFRESHES_AN_HOUR = Decimal(60)
"""How often an instance asks whether its secret has changed (clinic-refresh.timer)."""
AUTOMATIC_BACKUP_DAYS = 35
"""For how long EFS's own daily backups are kept (EFS user guide, "Automatic backups")."""
CALLS_A_ROTATION = Decimal(4)
GB_SECONDS_A_CALL = Decimal("7.5")
"""128 MB for a minute (assumed)."""


def buckets(month: Month, resources: Found) -> Iterator[LineItem]:
    """One line for all: the templates do not tell what is in which."""
    item = f"{len(resources)} x bucket"
    yield month.monthly("Storage", item, "s3/standard", month.usage.storage_gb)


def file_systems(month: Month, resources: Found) -> Iterator[LineItem]:
    """Each by its content, as if all of it were read within its first 30 days; and its backup."""
    size = month.usage.documents_gb
    yield month.monthly(
        "Documents", f"{len(resources)} x file system", "efs/standard", size * len(resources)
    )
    item = "read once and written once in elastic throughput"
    yield month.line("Documents", item, "efs/elastic", size * len(resources))
    backed = [f for f in resources.values() if f.get("BackupPolicy", {}).get("Status") == "ENABLED"]
    kept = backed_up(size, Decimal(AUTOMATIC_BACKUP_DAYS)) * len(backed)
    yield month.monthly("Documents", "automatic backups", "backup/efs", kept)


def registries(month: Month, resources: Found) -> Iterator[LineItem]:
    """Images by the GB."""
    yield month.monthly("Registry", "images", "ecr/gb", month.usage.images_gb)


def secrets(month: Month, resources: Found) -> Iterator[LineItem]:
    """Each secret, and the instances' looking for a new version of it."""
    yield month.monthly("Secrets", f"{len(resources)} x secret", "secret/month", len(resources))
    item = "calls of the instances, one a minute"
    yield month.line("Secrets", item, "secret/10k", _calls(month) / 10_000)


def keys(month: Month, resources: Found) -> Iterator[LineItem]:
    """Each key; and once more its uses, since reading a secret decrypts it."""
    note = "each of a key's first two yearly rotations adds as much again"
    yield month.monthly("KMS", f"{len(resources)} x key", "kms/key", len(resources), note)
    yield month.line("KMS", "decryptions of the secret", "kms/10k", _calls(month) / 10_000)


def _calls(month: Month) -> Decimal:
    instances = sum(
        (
            launched.count(month.usage.load)
            for launched in launched_groups(month.view).values()
            if launched
        ),
        Decimal(0),
    )
    return instances * month.usage.hours * REFRESHES_AN_HOUR


def rotations(month: Month, resources: Found) -> Iterator[LineItem]:
    """The function that changes the password, as often as it is called."""
    calls = Decimal(0)
    for schedule in resources.values():
        days = number(schedule.get("RotationRules", {}).get("AutomaticallyAfterDays"))
        calls += CALLS_A_ROTATION * month.usage.hours / 24 / days if days else 0
    yield month.line("Functions", "password rotation, calls", "lambda/million", calls / 10**6)
    seconds = calls * GB_SECONDS_A_CALL
    yield month.line("Functions", "password rotation, memory", "lambda/gb-second", seconds)
