"""``clinic policies``: the policies of output/policies for one environment in one region."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from generator import output as outputs
from generator import policies, tables
from generator.cloud import environment
from generator.errors import ClinicError, quote
from generator.options import JSON, PARAMS, PATH
from generator.parameters import files as parameters
from generator.policies.narrow import Place, narrowed

SIZE = 6_144
"""Characters of a managed policy, white space not counted (IAM quotas)."""


@click.command()
@click.argument("env")
@click.option("--region", envvar="AWS_REGION", help="AWS region; otherwise AWS_REGION.")
@click.option("--account", help="Twelve digits. Otherwise that of whoever has the policy.")
@click.option("--output", type=PATH, help="Folder to write to. [default: policies-ENV-REGION]")
@JSON
@PARAMS
def policies_command(
    env: str,
    region: str | None,
    account: str | None,
    output: Path | None,
    params: Path,
    as_json: bool,
) -> None:
    """Write the IAM policies for ENV alone, in one region.

    Who has them can do nothing to another environment's stack. No account is asked.
    output/roles.json makes the same policies, and roles that have them. Kind of --json: policy.

    \b
    clinic policies dev --region us-east-1
    clinic policies prod --region us-east-1 --account 123456789012 --output /tmp/prod
    """
    place = _place(env, region, account, params)
    files = outputs.render(for_place(place))
    folder = output or Path(f"policies-{place.stack.removeprefix('clinic-')}-{place.region}")
    outputs.write(folder, files)
    if as_json:
        for name, data in files.items():
            told = {"kind": "policy", "file": str(folder / name), "bytes": len(data)}
            print(json.dumps(told))
        return
    rows: list[list[str | int]] = [[str(folder / name), len(files[name])] for name in files]
    tables.show(["file", "bytes"], rows)


def for_place(place: Place) -> dict[str, Mapping[str, Any]]:
    """The documents by file name; ClinicError if a long name makes one too long for IAM."""
    made: dict[str, Mapping[str, Any]]
    made = {f"{stem}.json": narrowed(text, place) for stem, text in policies.documents().items()}
    for name, document in made.items():
        if (size := sum(not c.isspace() for c in outputs.pretty(document))) > SIZE:
            raise ClinicError(
                f"{name} would have {size} characters with these names, of which IAM takes {SIZE}: "
                "call the environment by a shorter name."
            )
    return made


def _place(env: str, region: str | None, account: str | None, params: Path) -> Place:
    name = environment.name_of(env, params)
    path = parameters.find(env, params)
    values = parameters.load_checked(path, outputs.documents()["flat.json"])
    if not region:
        raise ClinicError("no region is given: name it by --region or AWS_REGION.")
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
        raise ClinicError(f"{quote(region)} is no region: give one such as us-east-1.")
    if account is not None and not (len(account) == 12 and account.isdecimal()):
        raise ClinicError(f"{quote(account)} is no account: give its twelve digits.")
    given = values.get("EnvironmentName", "clinic")
    return Place(environment.stack_name(name), given, region, account or "*")
