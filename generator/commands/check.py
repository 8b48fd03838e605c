"""`clinic check`."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import click

from generator import tables
from generator.checks import preflight
from generator.checks.preflight import screen
from generator.checks.reach.report import command_line, mend
from generator.options import JSON, PARAMS, TEMPLATES


@click.command("check")
@click.argument("env")
@TEMPLATES
@PARAMS
@JSON
def check_command(env: str, templates: Path | None, params: Path, as_json: bool) -> None:
    """Lint, prove and measure what ENV would deploy, in one go and on one screen.

    Exits with 1 on any finding: an error or warning of a linter that no suppression covers,
    a way that ENV's expectations do not know or miss, a limit that is not kept. What the linters
    said about the same bytes today is not asked again.

    \b
    clinic check prod
    clinic check dev --templates /tmp/review
    clinic check prod --json
    """
    gc.disable()  # As in generate: too short to have anything to collect.
    if sys.stderr.isatty() and not as_json:
        print(f"Checking {env} ...", file=sys.stderr)
    checked = preflight.check(env, params, templates)
    if as_json:
        for told in screen.objects(checked):
            print(json.dumps(told))
    else:
        print(f"check {checked.env}: {checked.name}\n")
        print("\n".join(screen.summary(checked)), end="\n\n")
        tables.show(screen.HEADINGS, screen.rows(checked))
        for text in screen.findings(checked):
            print(f"\n{text}")
        for line in mend(checked.proof, command_line(env, templates, params)):
            print(f"\n{line}")
    if checked.count:
        raise click.exceptions.Exit(1)
