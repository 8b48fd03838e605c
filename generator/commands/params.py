"""`clinic params`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.options import PARAMS, reporting
from generator.report import Report


@click.command("params")
@click.argument("envs", metavar="[ENV|FILE]...", nargs=-1)
@PARAMS
@reporting("parameters", "problem")
def params_command(envs: tuple[str, ...], params: Path, report: Report) -> None:
    """Check parameter files as CloudFormation would, without asking it.

    ENV is the name of a file in the folder of parameter files; all of them if none is given.

    \b
    clinic params
    clinic params prod
    clinic params /tmp/mine.json --json
    """
    from generator import output as outputs
    from generator.parameters import files as parameters

    template = outputs.documents()["flat.json"]
    for path in parameters.find_all(envs, params):
        report.tell_all(parameters.objects(path, template))
        values = parameters.load_checked(path, template)
        report.say(f"{path}: {len(values)} parameters, all valid")
