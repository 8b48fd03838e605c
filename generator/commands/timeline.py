"""``clinic timeline``: what a creation and an update take, and why."""

from __future__ import annotations

from pathlib import Path

import click

from generator import files
from generator.checks.changes import compare, refusals
from generator.checks.timeline import gantt, report
from generator.checks.timeline.graph import creation
from generator.checks.timeline.report import Operation
from generator.checks.timeline.schedule import schedule
from generator.checks.timeline.update import update
from generator.errors import ClinicError, quote
from generator.model import view
from generator.model.guard import expected
from generator.model.resolve import pseudo_parameters
from generator.model.variant import with_values
from generator.model.walk import STACK
from generator.options import JSON, PARAMS, PATH, TEMPLATES

RELEASE = "Release"
"""The parameter whose change is the everyday update: new instances, nothing else."""


@click.command()
@click.argument("env")
@click.option(
    "--change",
    "--update",
    "pairs",
    metavar="NAME=VALUE",
    multiple=True,
    help="Show the update by a new value of a parameter instead; repeat it for several.",
)
@click.option("--svg", "picture", type=PATH, help="Draw it as a Gantt chart there.")
@JSON
@TEMPLATES
@PARAMS
def timeline_command(
    env: str,
    pairs: tuple[str, ...],
    picture: Path | None,
    as_json: bool,
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
    if picture:
        files.check(picture)
    seen = view.load(env, params, templates)
    wanted = _wanted(pairs)
    with expected(templates):
        notes = _judge(seen, wanted)
        operations = [_update(seen, wanted)] if pairs else [_creation(seen), *_release(seen)]
    for operation in operations:
        if as_json:
            print("\n".join(report.lines(operation)))
        else:
            report.show(operation)
    if picture:
        drawn = gantt.draw(operations[0].steps, operations[0].heading, report.NOTE)
        files.write(picture, drawn.encode())
    if not as_json:
        print("".join(f"Note: {note}\n" for note in notes), end="")
        print(report.NOTE + (f" The picture is in {picture}." if picture else ""))


def _creation(seen: view.View) -> Operation:
    return Operation("create", f"Creation of {seen.env}", schedule(creation(seen)))


def _update(seen: view.View, wanted: dict[str, str]) -> Operation:
    said = ", ".join(f"{name}={value}" for name, value in wanted.items())
    steps = schedule(update(seen, with_values(seen, **wanted)))
    return Operation("update", f"Update of {seen.env} by {said}", steps)


def _release(seen: view.View) -> list[Operation]:
    """The everyday update, of templates that know it."""
    declared = seen.whole.get("Parameters", {}).get(RELEASE)
    if declared is None:
        return []
    now = seen.values.get(RELEASE, declared.get("Default"))
    return [_update(seen, {RELEASE: "3" if now == "2" else "2"})]


def _judge(seen: view.View, wanted: dict[str, str]) -> list[str]:
    """What should be known of an update; ClinicError if AWS would refuse it."""
    if not wanted:
        return []
    pseudo = pseudo_parameters(seen.region, f"clinic-{seen.env}")
    held = {k: r for k, r in seen.whole["Resources"].items() if r["Type"] != STACK}
    whole = {**seen.whole, "Resources": held}
    old, new = (
        compare.Side(whole, {**pseudo, **values}, {})
        for values in (seen.values, {**seen.values, **wanted})
    )
    resources = (compare.resources(old), compare.resources(new))
    found = refusals.findings(compare.forecast(old, new), *resources)
    if trouble := refusals.refused(found):
        raise trouble
    return [finding.sentence for finding in found]


def _wanted(pairs: tuple[str, ...]) -> dict[str, str]:
    wanted = dict[str, str]()
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise ClinicError(
                f"--change {quote(pair)} says no value: give NAME=VALUE, such as Release=2."
            )
        wanted[name] = value
    return wanted
