"""``clinic timeline``: what a creation and an update take, and why."""

from __future__ import annotations

from pathlib import Path

import click

from generator.errors import ClinicError, quote
from generator.options import ENV, PARAMS, PATH, TEMPLATES, reporting
from generator.report import Report


@click.command("timeline")
@ENV
@click.option(
    "--change",
    "--update",
    "pairs",
    metavar="NAME=VALUE",
    multiple=True,
    help="Show the update by a new value of a parameter instead; repeat it for several.",
)
@click.option("--svg", "picture", type=PATH, help="Draw it as a Gantt chart there.")
@reporting("step", "total", "note")
@TEMPLATES
@PARAMS
def timeline_command(
    env: str,
    pairs: tuple[str, ...],
    picture: Path | None,
    report: Report,
    templates: Path | None,
    params: Path,
) -> None:
    """Show how long a creation and an update take, and what decides it.

    A nested stack waits for the whole of every stack whose output it reads; inside a stack a
    resource waits for what it refers to. Durations are typical ones by resource type.

    \b
    clinic timeline prod
    clinic timeline prod --svg prod.svg
    clinic timeline prod --change Release=2
    clinic timeline prod --change DatabaseClass=db.t4g.medium --json
    clinic timeline seed --templates output/flat.json
    """
    from generator import files
    from generator.checks.timeline import gantt
    from generator.checks.timeline.operations import creation_of, release_of, remarks, update_of
    from generator.checks.timeline.report import NOTE, objects, show
    from generator.model import view
    from generator.model.guard import expected

    if picture:
        files.check(picture)
    resolved = view.load(env, params, templates)
    changes = _changes(pairs)
    with expected(templates):
        notes = remarks(resolved, changes)
        operations = (
            [update_of(resolved, changes)]
            if pairs
            else [creation_of(resolved), *release_of(resolved)]
        )
    for operation in operations:
        report.tell_all(objects(operation))
        show(operation, report)
    if picture:
        drawn = gantt.draw(operations[0].steps, operations[0].heading, NOTE)
        files.write(picture, drawn.encode())
    for note in notes:
        report.tell("note", sentence=note)
        report.say(f"Note: {note}")
    report.say(NOTE + (f" The picture is in {picture}." if picture else ""))


def _changes(pairs: tuple[str, ...]) -> dict[str, str]:
    changes = dict[str, str]()
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise ClinicError(
                f"--change {quote(pair)} says no value: give NAME=VALUE, such as Release=2."
            )
        changes[name] = value
    return changes
