"""What differs between a file and what is deployed; values only for whoever asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generator.application.env.check import Checked, is_no_text, line
from generator.application.env.deployed import bucket_of, look, revealed
from generator.cloud.aws import Aws
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.report import Report

HOW = {"added": "only in the file", "changed": "another value", "removed": "only deployed"}
"""What is said of a key that a file adds to what is deployed, changes or removes."""
SINCE = {"added": "new", "changed": "another value", "removed": "gone"}
"""And of one that a push added to the version before it, changed or removed."""


def default_file(env: str, folder: Path) -> Path | None:
    """Where an environment's file lies if nobody says: ``params/ENV.env``, or ``.env`` here."""
    return next((p for p in (folder / f"{env}.env", Path(".env")) if p.is_file()), None)


def diff(aws: Aws, stack: str, checked: Checked, report: Report, shown: bool) -> bool:
    """Compare a file with what is deployed; whether they are the same for the backend.

    ``shown``: with the values of both sides. ClinicError if nothing is deployed, or if it came
    without a fingerprint and its values may not be read.
    """
    if is_no_text(checked.remarks):
        raise ClinicError(line(checked.path, checked.errors[0]))
    deployed = look(aws, bucket_of(aws, stack))
    if deployed.current is None:
        raise ClinicError(f"{stack} has no .env yet: `clinic env push` sends one.")
    report.say(f"{checked.path} against version {deployed.current.id} in {stack}")
    there = revealed(aws, deployed, report) if shown else None
    if there is not None:
        changes = _between(there, checked.values)
    elif deployed.fingerprint:
        changes = deployed.fingerprint.differences(checked.values)
    else:
        raise ClinicError(_unknown(stack))
    values = (there, checked.values) if there is not None else None
    _show(changes, HOW, report, values)
    return not any(changes.values())


def last_push(aws: Aws, stack: str, report: Report) -> bool:
    """What the push of the deployed version changed; whether that was nothing."""
    deployed = look(aws, bucket_of(aws, stack))
    if deployed.current is None:
        raise ClinicError(f"{stack} has no .env yet: `clinic env push` sends one.")
    if deployed.fingerprint is None:
        raise ClinicError(_unknown(stack))
    if len(deployed.versions) == 1:
        report.say(f"{stack}: version {deployed.current.id} is the first; there is none before it.")
        return True
    report.say(f"{stack}: version {deployed.current.id} against the one before it")
    _show(deployed.fingerprint.changes, SINCE, report)
    return not any(deployed.fingerprint.changes.values())


def _unknown(stack: str) -> str:
    return (
        f"the .env of {stack} has no fingerprint, since it did not come by `clinic env push` or "
        "that was cut: push the file again, or compare values with --reveal."
    )


def _between(there: Mapping[str, str], here: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        "added": [key for key in here if key not in there],
        "changed": [key for key in here if key in there and here[key] != there[key]],
        "removed": [key for key in there if key not in here],
    }


def _show(
    changes: Mapping[str, list[str]],
    words: Mapping[str, str],
    report: Report,
    values: tuple[Mapping[str, str], Mapping[str, str]] | None = None,
) -> None:
    """``values``: of what is deployed and of the file, where they may be seen."""
    sides = dict(zip(("deployed", "file"), values or (), strict=False))
    rows = list[list[str]]()
    for how, key in ((how, key) for how, keys in changes.items() for key in keys):
        seen = {side: known.get(key, "") for side, known in sides.items()}
        report.tell("difference", key=key, how=how, **seen)
        rows.append([plain(key), words[how], *map(plain, seen.values())])
    report.tell("diff", same=not rows)
    if rows:
        report.table(["key", "how", *sides], rows)
    else:
        report.say("The same keys and values.")
