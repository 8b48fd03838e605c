"""`clinic params`: parse, call, print."""

from __future__ import annotations

import json
from pathlib import Path

import click

from generator.options import JSON, PARAMS


@click.command("params")
@click.argument("envs", metavar="[ENV|FILE]...", nargs=-1)
@PARAMS
@JSON
def params_command(envs: tuple[str, ...], params: Path, as_json: bool) -> None:
    """Check parameter files as CloudFormation would, without asking it.

    ENV is the name of a file in the folder of parameter files; all of them if none is given.
    Kinds of --json: parameters, problem.

    \b
    clinic params
    clinic params prod
    clinic params /tmp/mine.json --json
    """
    from generator import output as outputs
    from generator.parameters import files as parameters

    template = outputs.documents()["flat.json"]
    for path in parameters.find_all(envs, params):
        for told in parameters.objects(path, template) if as_json else ():
            print(json.dumps(told))
        values = parameters.load_checked(path, template)
        if not as_json:
            print(f"{path}: {len(values)} parameters, all valid")
