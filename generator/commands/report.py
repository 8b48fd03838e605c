"""``clinic report``: parse, call, write."""

from __future__ import annotations

import gc
from datetime import datetime
from pathlib import Path

import click

from generator.errors import ClinicError
from generator.options import ENV, PARAMS, PATH, TEMPLATES, reporting
from generator.report import Report


@click.command("report")
@ENV
@click.option(
    "--output", type=PATH, default=Path("report.html"), show_default=True, help="Where to write."
)
@click.option("--comment", type=PATH, help="Write there in Markdown what changed, in short.")
@click.option("--against", metavar="REF", help="Git revision to compare with; else as forecast.")
@click.option("--region", default="us-east-1", show_default=True, help="AWS region to judge.")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The report's date; otherwise that of the commit that is checked out.",
)
@reporting("report", "comment")
@TEMPLATES
@PARAMS
def report_command(
    env: str,
    output: Path,
    comment: Path | None,
    against: str | None,
    region: str,
    day: datetime | None,
    report: Report,
    templates: Path | None,
    params: Path,
) -> None:
    """Put everything that is known of ENV offline on one page.

    Picture, who reaches whom, controls, cost, timeline, forecast, limits and what was run on which
    files: one HTML file without scripts that loads nothing, for a screen or for paper. The same
    input gives the same bytes. What the checks find is on the page, and does not change the exit
    code: clinic check and clinic forecast are the gates.

    \b
    clinic report prod --output prod.html
    clinic report prod --against origin/main --comment comment.md
    clinic report seed --templates output/flat.json --json
    """
    from generator import files
    from generator.checks.report import base, page
    from generator.checks.report import comment as comments
    from generator.checks.report.results import gather
    from generator.model.guard import expected

    gc.disable()  # As in generate: too short to have anything to collect.
    files.check(output)
    if comment:
        files.check(comment)
        if comment.resolve() == output.resolve():
            raise ClinicError("--output and --comment name the same file: give two.")
    results = gather(env, params, templates, region, against, day.date() if day else None)
    with expected(templates):
        made = {"report": (output, page.render(results))}
        if comment:
            _, before = base.read(env, params, region, against)
            made["comment"] = (comment, comments.render(results, before))
    for kind, (place, text) in made.items():
        data = text.encode()
        files.write(place, data)
        report.tell(kind, env=results.view.env, path=str(place), bytes=len(data))
        report.say(f"{place}: {results.view.env}, {len(data):,} bytes")
    report.say(f"{results.checked.count or 'no'} findings; {results.estimate.total}")
