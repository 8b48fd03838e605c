"""A forecast on a terminal, for programs and for GitHub Actions; and whether it stops a build."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.checks.changes.forecast import Forecast
from generator.checks.changes.forecast.report import HEADINGS, objects, phases, summary
from generator.checks.changes.stateful import losing, sentence
from generator.errors import ClinicError, quote, reason
from generator.report import Report

SUMMARY = "GITHUB_STEP_SUMMARY"
"""Where GitHub Actions says which file is shown as the summary of a job."""


def show(name: str, forecasts: Sequence[Forecast], report: Report) -> None:
    """What becomes of each environment, compared with the revision ``name``."""
    report.tell("base", revision=name)
    report.say(f"Compared with {name}.")
    for one in forecasts:
        report.tell_all(objects(one))
        report.say(f"\n== {summary(one)}")
        for note in one.notes:
            report.say(f"   {note}")
        for title, rows in phases(one):
            report.say(f"\n{title}:\n")
            report.table(HEADINGS, rows)


def append(path: Path, text: str) -> None:
    """Add to the summary of a job; ClinicError if the file cannot be written."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ClinicError(
            f"{quote(str(path))} cannot be written ({reason(error)}): correct {SUMMARY} or leave "
            "it unset."
        ) from error


def require_acceptable(forecasts: Sequence[Forecast], allowed: Sequence[str]) -> None:
    """ClinicError with a line for everything that AWS would refuse (2), or else that takes data
    out of a stack (1)."""
    refused = [f"{one.env}: {finding.sentence}" for one in forecasts for finding in one.refused]
    if refused:
        raise ClinicError("\n        ".join(["AWS would refuse this:", *refused]))
    stopped = [(one.env, change) for one in forecasts for change in losing(one.changes, allowed)]
    if not stopped:
        return
    flags = dict.fromkeys(f"--allow-data-loss {change.logical}" for _, change in stopped)
    lines = [f"{env}: {sentence(change)}" for env, change in stopped]
    texts = ["this would cost data:", *lines, f"If it is meant: {' '.join(flags)}"]
    raise ClinicError("\n        ".join(texts), exit_code=1)
