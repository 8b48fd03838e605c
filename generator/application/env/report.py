"""What was found in a .env, for people and for programs."""

from __future__ import annotations

from generator.application.env.check import Checked, line
from generator.application.env.keys import FILE as SCHEMA
from generator.application.env.supplied import DEFAULTS, SUPPLIED
from generator.report import Report


def show(checked: Checked, report: Report) -> None:
    """What was found in a file, and what the stack supplies beside it."""
    keys, errors = len(checked.values), len(checked.errors)
    warnings = len(checked.remarks) - errors
    for remark in checked.remarks:
        report.tell("remark", **remark._asdict())
        report.say(line(checked.path, remark))
    against = checked.schema is not None
    counts = {"keys": keys, "errors": errors, "warnings": warnings}
    report.tell("checked", file=str(checked.path), against_schema=against, **counts)
    report.tell("supplied", keys=SUPPLIED | DEFAULTS)
    if not against:
        report.say(f"There is no {SCHEMA} in the folder of parameter files: keys were not checked.")
    report.say(
        f"{checked.path}: {_count(keys, 'key')}, {_count(errors, 'error')}, "
        f"{_count(warnings, 'warning')}"
    )
    supplied = f"{', '.join(SUPPLIED)}; {', '.join(DEFAULTS)} unless it is here."
    report.say(f"Supplied by the stack: {supplied}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
