"""`clinic forecast`."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from generator import tables
from generator.checks.changes.forecast import Forecast, forecast, report
from generator.checks.changes.stateful import losing, sentence
from generator.errors import ClinicError, quote, reason
from generator.options import JSON, PARAMS, TEMPLATES

SUMMARY = "GITHUB_STEP_SUMMARY"
"""Where GitHub Actions says which file is shown as the summary of a job."""


@click.command("forecast")
@click.argument("base", metavar="[BASE_REF]", required=False)
@TEMPLATES
@PARAMS
@click.option("--env", "envs", multiple=True, help="Only this environment; may be repeated.")
@click.option(
    "--allow-data-loss",
    "allowed",
    multiple=True,
    metavar="LOGICAL_ID",
    help="Do not fail because this resource is deleted or replaced although it holds data.",
)
@JSON
def forecast_command(
    base: str | None,
    templates: Path | None,
    params: Path,
    envs: tuple[str, ...],
    allowed: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what output/ would do to stacks of another git revision.

    BASE_REF is a branch, tag or commit; without it, the branch that a pull request goes to
    (origin/main, else main, else HEAD), where this branch left it.

    Each resource is created, updated in place, replaced or deleted; the table says by which
    property, in which order, and what becomes of the data. Exits with 0 if no data leaves a stack,
    1 if some does, be it lost, left in a snapshot or kept beside the stack, and 2 for bad input
    and for what AWS would refuse.
    With GITHUB_STEP_SUMMARY set, the job's summary gets the same as Markdown.

    \b
    clinic forecast
    clinic forecast v1.2 --env prod
    clinic forecast origin/main --allow-data-loss LogBucket --json
    """
    gc.disable()  # As in generate: too short to have anything to collect.
    name, found = forecast(base, templates, params, list(envs))
    if as_json:
        _tell(name, found)
    else:
        _show(name, found)
    if path := os.environ.get(SUMMARY):
        _append(Path(path), report.markdown(name, found))
    _judge(found, allowed)


def _tell(name: str, found: Sequence[Forecast]) -> None:
    print(json.dumps({"kind": "base", "revision": name}))
    for one in found:
        for told in report.objects(one):
            print(json.dumps(told))


def _show(name: str, found: Sequence[Forecast]) -> None:
    print(f"Compared with {name}.")
    for one in found:
        print(f"\n== {report.summary(one)}")
        for note in one.notes:
            print(f"   {note}")
        for title, rows in report.phases(one):
            print(f"\n{title}:\n")
            tables.show(report.HEADINGS, rows)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as summary:
            summary.write(text)
    except OSError as error:
        raise ClinicError(
            f"{quote(str(path))} cannot be written ({reason(error)}): correct {SUMMARY} or leave "
            "it unset."
        ) from error


def _judge(found: Sequence[Forecast], allowed: Sequence[str]) -> None:
    """ClinicError with a line for everything that AWS would refuse (2), or else that takes data
    out of a stack (1)."""
    refused = [f"{one.env}: {finding.sentence}" for one in found for finding in one.refused]
    if refused:
        raise ClinicError("\n        ".join(["AWS would refuse this:", *refused]))
    stopped = [(one.env, change) for one in found for change in losing(one.changes, allowed)]
    if not stopped:
        return
    flags = dict.fromkeys(f"--allow-data-loss {change.logical}" for _, change in stopped)
    lines = [f"{env}: {sentence(change)}" for env, change in stopped]
    told = ["this would cost data:", *lines, f"If it is meant: {' '.join(flags)}"]
    raise ClinicError("\n        ".join(told), exit_code=1)
