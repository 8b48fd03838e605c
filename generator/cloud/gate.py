"""The data-loss gate: what a change set would lose, and whether a person allowed it."""

from __future__ import annotations

from collections.abc import Iterable

from generator.cloud.forecast import Change
from generator.errors import ClinicError

STATEFUL = {
    "AWS::Backup::BackupVault": "the recovery points",
    "AWS::ECR::Repository": "the images",
    "AWS::KMS::Key": "the key, and so all that it encrypts",
    "AWS::Logs::LogGroup": "the log",
    "AWS::RDS::DBInstance": "the database",
    "AWS::S3::Bucket": "the objects",
    "AWS::SecretsManager::Secret": "the secret",
}
"""Types that hold what no template can make again."""
FATES = {
    "Delete": "{what}: lost",
    "Snapshot": "{what}: leaves the stack, a snapshot is kept",
    "Retain": "{what}: leaves the stack, kept in the account",
}


def loss(change: Change) -> str:
    """What becomes of the data that the change takes away; "" if it takes none."""
    leaves = change.action == "Remove" or (change.action == "Modify" and change.replacement)
    if not leaves or change.type not in STATEFUL:
        return ""
    fate = FATES.get(change.fate.removesuffix("ExceptOnCreate"), FATES["Delete"])
    return fate.format(what=STATEFUL[change.type])


def check(changes: Iterable[Change], allowed: Iterable[str]) -> None:
    """ClinicError unless every resource that loses its data is named in ``allowed``."""
    losing = {change.logical: change for change in changes if loss(change)}
    stopped = [change for logical, change in losing.items() if logical not in set(allowed)]
    if not stopped:
        return
    lines = [
        f"{change.path} would be {_verb(change)} ({loss(change)}): {_why(change)}"
        for change in stopped
    ]
    flags = " ".join(f"--allow-data-loss {change.logical}" for change in stopped)
    raise ClinicError(
        "\n        ".join(
            ["this would cost data, so nothing was changed:", *lines, f"If it is meant: {flags}"]
        ),
        exit_code=3,
    )


def _verb(change: Change) -> str:
    sure = "replaced" if change.replacement == "yes" else "perhaps replaced"
    return "removed" if change.action == "Remove" else sure


def _why(change: Change) -> str:
    causes = [f"{d.name} {d.before} -> {d.after}" for d in change.details if d.recreates]
    return "; ".join(causes) or "the templates have it no more."
