"""``clinic diagram``: the architecture as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from generator.checks import svg, view
from generator.checks.diagram import draw, mermaid
from generator.checks.diagram.derive import derive
from generator.checks.diagram.words import LANGUAGES, Words
from generator.options import PARAMS, TEMPLATES


@click.command()
@click.argument("env", default="seed")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "svg"]),
    help="Mermaid text or an SVG picture; otherwise as --output ends, else mermaid.",
)
@click.option("--output", type=click.Path(path_type=Path), help="Where to write; otherwise stdout.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="The language of the words in it.",
)
@click.option("--region", default="us-east-1", show_default=True, help="AWS region to show.")
@TEMPLATES
@PARAMS
def diagram_command(
    env: str,
    form: str | None,
    output: Path | None,
    language: str,
    region: str,
    templates: Path | None,
    params: Path,
) -> None:
    """Draw the architecture of ENV (seed if none is given) from the templates.

    Zones, subnets, who talks to whom and on which port: all of it is derived, so the picture
    changes with the templates and the parameters.

    \b
    clinic diagram --format mermaid
    clinic diagram prod --output prod.svg
    clinic diagram prod --format svg --language es >prod.svg
    """
    found = derive(view.load(env, params, templates, region))
    as_svg = form == "svg" or (form is None and output is not None and output.suffix == ".svg")
    drawn = (draw if as_svg else mermaid).draw(found, Words(language))
    if output is None:
        click.echo(drawn, nl=False)
        return
    svg.save(output, drawn)
    print(f"{output}: {env}, {len(found.parts)} parts and {len(found.arrows)} arrows")
