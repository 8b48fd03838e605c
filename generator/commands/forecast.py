"""`clinic forecast`."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import click

from generator.options import PARAMS, TEMPLATES, reporting
from generator.report import Report


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
@reporting("base", "change", "note", "refused", "environment")
def forecast_command(
    base: str | None,
    templates: Path | None,
    params: Path,
    envs: tuple[str, ...],
    allowed: tuple[str, ...],
    report: Report,
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
    from generator.checks.changes.forecast import forecast, screen
    from generator.checks.changes.forecast.report import markdown
    from generator.checks.changes.forecast.screen import SUMMARY

    gc.disable()  # As in generate: too short to have anything to collect.
    name, result = forecast(base, templates, params, list(envs))
    screen.show(name, result, report)
    if path := os.environ.get(SUMMARY):
        screen.append(Path(path), markdown(name, result))
    screen.require_acceptable(result, allowed)
