"""``clinic diagram``: the architecture as a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from generator import files
from generator.checks.diagram import draw, mermaid
from generator.checks.diagram.derive import derive
from generator.checks.diagram.model import Architecture
from generator.checks.diagram.parts import KINDS
from generator.checks.diagram.words import LANGUAGES, Words
from generator.checks.reach import kinds
from generator.errors import ClinicError
from generator.model import view
from generator.model.guard import expected
from generator.options import JSON, PARAMS, PATH, TEMPLATES
from generator.parameters import regions

SUFFIXES = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".md": "mermaid"}
SUFFIXES |= {".txt": "mermaid", "": "mermaid"}


@click.command()
@click.argument("env", default="seed")
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
@JSON
@TEMPLATES
@PARAMS
def diagram_command(
    env: str,
    form: str | None,
    output: Path | None,
    language: str,
    region: str,
    as_json: bool,
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
    regions.require(region)
    seen = view.load(env, params, templates, region)
    with expected(templates):
        found = derive(seen)
        objects = "\n".join([*_objects(found), ""])
        if omitted := [kind for kind in kinds.unknown(seen) if kind not in KINDS]:
            click.echo(f"Not drawn: {', '.join(omitted)}.", err=True)
        drawn = objects if as_json else _drawn(found, form, output, language)
    if output is None:
        click.echo(drawn, nl=False)
        return
    files.write(output, drawn.encode())
    print(f"{output}: {env}, {len(found.parts)} parts and {len(found.arrows)} arrows")


def _drawn(found: Architecture, form: str | None, output: Path | None, language: str) -> str:
    if form is None and output is not None:
        form = _form(output)
    words = Words(language)
    return draw.draw(found, words) if form == "svg" else mermaid.draw(found, words)


def _form(output: Path) -> str:
    if output.suffix not in SUFFIXES:
        raise ClinicError(
            f"{output} ends like no format that this can draw: call it .svg or .mmd, or give "
            "--format."
        )
    return SUFFIXES[output.suffix]


def _objects(found: Architecture) -> Iterator[str]:
    """What a picture would show, one JSON object for every subnet, part and arrow."""
    for kind, things in (
        ("subnet", found.subnets),
        ("part", found.parts.values()),
        ("arrow", found.arrows),
    ):
        yield from (json.dumps({"shows": kind, **asdict(thing)}) for thing in things)
