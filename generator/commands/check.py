"""`clinic check`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from generator.options import PARAMS, TEMPLATES, reporting
from generator.report import Report


@click.command("check")
@click.argument("env")
@TEMPLATES
@PARAMS
@reporting("finding", "difference", "limit", "check")
def check_command(env: str, templates: Path | None, params: Path, report: Report) -> None:
    """Lint, prove and measure what ENV would deploy.

    In one go and on one screen. Exits with 1 on any finding: an error or warning of a linter that
    no suppression covers, a way that ENV's expectations do not know or miss, a limit that is not
    kept. What the linters said about the same bytes today is not asked again.

    \b
    clinic check prod
    clinic check dev --templates /tmp/review
    clinic check prod --json
    """
    from generator.checks import preflight
    from generator.checks.preflight import screen
    from generator.checks.reach.report import command_line

    gc.disable()  # As in generate: too short to have anything to collect.
    if sys.stderr.isatty() and not report.json:
        print(f"Checking {env} ...", file=sys.stderr)
    checked = preflight.check(env, params, templates)
    report.tell_all(screen.objects(checked))
    screen.show(checked, command_line(env, templates, params), report)
    if checked.count:
        raise click.exceptions.Exit(1)
