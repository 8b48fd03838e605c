"""A new database password now, and the wait until it is the current one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from generator.application.smoke.ask import UntestedError
from generator.cloud.aws import Aws, code_of
from generator.cloud.stacks import existing, tree, walk
from generator.errors import ClinicError
from generator.report import Report

SCHEDULE, SECRET = "RotationSchedule", "DatabaseSecret"
LIMIT = 900.0
"""Seconds; the function itself ends after 600."""
CURRENT = "AWSCURRENT"


def rotate(aws: Aws, name: str, report: Report, pace: float, limit: float = LIMIT) -> None:
    """Rotate the secret of a stack's database; UntestedError where the stack has no rotation.

    ClinicError (1) if no new version is the current one within ``limit`` seconds.
    """
    made = {r.path.rpartition("/")[2]: r for r in walk(tree(aws, existing(aws, name).id))}
    if SCHEDULE not in made:
        raise UntestedError("PasswordRotationDays is 0: the stack has no rotation")
    secret, secrets = made[SECRET].physical, aws.client("secretsmanager")
    before, start = _current(secrets.describe_secret(SecretId=secret)), time.monotonic()
    _ask(secrets, secret)
    while True:
        now = _current(secrets.describe_secret(SecretId=secret))
        if now and now != before:
            break
        if time.monotonic() - start > limit:
            raise ClinicError(
                f"no new password is current after {limit:.0f} s: read the log of the function "
                "Rotation in CloudWatch.",
                exit_code=1,
            )
        time.sleep(pace)
    seconds = round(time.monotonic() - start)
    report.say(f"The database has a new password after {seconds} s.")
    report.tell("rotated", seconds=seconds)


def _ask(secrets: Any, secret: str) -> None:
    """Begin a rotation, or leave it at the one that a run before this began."""
    try:
        secrets.rotate_secret(SecretId=secret)
    except ClientError as error:
        # While AWSPENDING is on another version than AWSCURRENT, RotateSecret returns this error
        # (docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html).
        if code_of(error) != "InvalidRequestException" or "previous rotation" not in str(error):
            raise


def _current(described: Mapping[str, Any]) -> str:
    stages = described.get("VersionIdsToStages", {})
    return next((version for version, held in stages.items() if CURRENT in held), "")
