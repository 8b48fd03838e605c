"""`clinic lint`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.options import PARAMS


@click.command("lint")
@click.option("--strict", is_flag=True, help="Fail on informational findings too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
)
@PARAMS
def lint_command(strict: bool, form: str, params: Path) -> None:
    """Check both forms and every parameter file with all linters.

    Exits with 1 on any finding that generator/suppressions does not cover, with 2 on a
    parameter file that CloudFormation would not take.

    \b
    clinic lint
    clinic lint --strict --format github      # annotations in a pull request
    clinic lint --format sarif >lint.sarif
    """
    from generator import output as outputs
    from generator.checks.lint import cache, report, run
    from generator.checks.lint import values as values_of
    from generator.parameters import files as parameters

    parameters.find_all((), params)
    documents = outputs.documents()
    values = values_of.read(documents, params, form)
    files, kept = outputs.render(documents), cache.Cache(cache.folder())
    if not report.report(run.lint_all(documents, files, values, kept), form, strict):
        raise click.exceptions.Exit(1)
