"""What is deployed: keys, version, date, and who supplies what."""

from __future__ import annotations

from datetime import UTC

from generator.application.env.deployed import Deployed, bucket_of, look, revealed
from generator.application.env.supplied import DEFAULTS, SUPPLIED, is_taken_out
from generator.cloud.aws import Aws
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.report import Report

THE_FILE = "the .env"


def show(aws: Aws, stack: str, report: Report, shown: bool) -> None:
    """List what the container gets; ``shown``: with the values of the file.

    The stack's own values (the database's password among them) are never read.
    """
    deployed = look(aws, bucket_of(aws, stack))
    current = deployed.current
    if current is None:
        raise ClinicError(f"{stack} has no .env yet: `clinic env push` sends one.")
    report.say(f"{stack}: .env in {deployed.bucket}")
    date = current.time.astimezone(UTC)
    report.say(f"version {current.id}, {date:%Y-%m-%d %H:%M} UTC, {current.size:,} bytes")
    report.tell(
        "env",
        stack=stack,
        bucket=deployed.bucket,
        version=current.id,
        time=date.isoformat(),
        size=current.size,
        fingerprint=deployed.fingerprint is not None,
    )
    values = revealed(aws, deployed, report) if shown else {}
    rows = _rows(deployed, values)
    for key, supplier, *value in rows:
        report.tell("key", key=key, supplied_by=supplier, **({"value": value[0]} if value else {}))
    report.table(
        ["key", "supplied by", *(["value"] if shown else [])],
        [[plain(cell) for cell in row] + [""] * (2 + shown - len(row)) for row in rows],
    )
    if deployed.fingerprint is None and not shown:
        report.say(
            "The file did not come by `clinic env push`, so its keys are not known: push it again, "
            "or read it with --reveal."
        )


def _rows(deployed: Deployed, values: dict[str, str]) -> list[list[str]]:
    """Key, supplier and, of the file's own keys, the value if values were read."""
    known = deployed.fingerprint.keys if deployed.fingerprint else {}
    own = [key for key in (values or known) if not is_taken_out(key)]
    rows = [[key, THE_FILE, *([values[key]] if values else [])] for key in own]
    rows += [[key, supplier] for key, supplier in DEFAULTS.items() if key not in own]
    return rows + [[key, supplier] for key, supplier in SUPPLIED.items()]
