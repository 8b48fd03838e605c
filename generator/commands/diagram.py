"""``clinic diagram``: the architecture as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from generator.checks.diagram.labels import LANGUAGES
from generator.options import PARAMS, PATH, TEMPLATES, environments, reporting
from generator.report import Report


@click.command("diagram")
@click.argument("env", default="seed", shell_complete=environments)
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "svg"]),
    help="Mermaid text or an SVG picture; otherwise as --output ends, else mermaid.",
)
@click.option("--output", type=PATH, help="Where to write; otherwise stdout.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="The language of the words in it.",
)
@click.option("--region", default="us-east-1", show_default=True, help="AWS region to show.")
@reporting("subnet", "that of each part", "that of each arrow")
@TEMPLATES
@PARAMS
def diagram_command(
    env: str,
    form: str | None,
    output: Path | None,
    language: str,
    region: str,
    report: Report,
    templates: Path | None,
    params: Path,
) -> None:
    """Draw the architecture of ENV from the templates.

    ENV is seed if none is given. Zones, subnets, who talks to whom and on which port: all of it is
    derived, so the picture changes with the templates and the parameters.

    \b
    clinic diagram --format mermaid
    clinic diagram prod --output prod.svg
    clinic diagram prod --format svg --language es >prod.svg
    clinic diagram prod --json
    """
    from generator import files
    from generator.checks.diagram.derive import derive
    from generator.checks.diagram.model import objects
    from generator.checks.diagram.parts import KINDS
    from generator.checks.diagram.picture import lines, picture
    from generator.checks.reach import unknown_types
    from generator.model import view
    from generator.model.guard import expected
    from generator.parameters import regions

    regions.require(region)
    resolved = view.load(env, params, templates, region)
    with expected(templates):
        diagram = derive(resolved)
        if omitted := [kind for kind in unknown_types.unknown(resolved) if kind not in KINDS]:
            click.echo(f"Not drawn: {', '.join(omitted)}.", err=True)
        entries = list(objects(diagram))
        drawn = lines(entries) if report.json else picture(diagram, form, output, language)
    if output is None:
        report.tell_all(entries)
        report.say(drawn.removesuffix("\n"))
        return
    files.write(output, drawn.encode())
    report.say(f"{output}: {env}, {len(diagram.parts)} parts and {len(diagram.arrows)} arrows")
