"""`clinic generate`: parse, call, print."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from generator.options import PARAMS, PATH

FLAT = frozenset({"flat.json"})
"""What `generate` leaves to `lint`, `check` and CI: more than half of cfn-lint's time, for the same
resources as the nested form's. AWS's own validator judges both forms at once."""


@click.command("generate")
@click.option(
    "--output",
    type=PATH,
    default="output",
    show_default=True,
    help="Where to write.",
)
@click.option("--lint/--no-lint", default=True, show_default=True, help="Lint what was written.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a folder is out of step.")
@PARAMS
def generate_command(output: Path, lint: bool, check: bool, params: Path) -> None:
    """Write every template and policy, whole or not at all.

    So are the pages that are made from them, docs/parameters.md, docs/layers.md and their Spanish
    twins, and the table of controls in docs/security.md, where there is docs/ beside the output
    folder.

    The linters follow; cfn-lint's word on flat.json, the same resources in one file, is left to
    `clinic lint`, `clinic check` and CI.

    \b
    clinic generate
    clinic generate --no-lint --output /tmp/review
    clinic generate --check      # in CI: is output/ what the code builds?
    """
    # What takes less than a second has nothing to collect, and takes a tenth longer to look for it.
    gc.disable()
    from generator import output as outputs
    from generator import pages, tables
    from generator.checks.lint import cache, report, run
    from generator.checks.lint import values as values_of

    documents = outputs.documents()
    files = outputs.render(documents)
    texts = pages.render(documents["nested/root.json"])
    if docs := pages.folder(output):
        texts |= pages.render_controls(docs)
    if check:
        outputs.compare(output, files)
        if docs:
            pages.compare(docs, texts)
        return
    values = values_of.read(documents, params) if lint and values_of.wanted(params) else None
    outputs.write(output, files)
    if docs:
        pages.write(docs, texts)
    tables.show(*outputs.summary(documents, files))
    if values is not None:
        kept = cache.Cache(cache.folder())
        findings = run.lint_all(documents, files, values, kept, later=FLAT)
        if not report.report(findings, "text", strict=False):
            raise click.exceptions.Exit(1)
