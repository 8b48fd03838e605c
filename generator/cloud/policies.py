"""The policies of output/policies for one environment in one region."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import output as outputs
from generator import policies
from generator.cloud import environment
from generator.errors import ClinicError, quote
from generator.parameters import files as parameters
from generator.policies.narrow import Place, narrowed

SIZE = 6_144
"""Characters of a managed policy, white space not counted (IAM quotas)."""


def place_of(env: str, region: str | None, account: str | None, params: Path) -> Place:
    """Where an environment stands; ClinicError without a region, or for what is none."""
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
