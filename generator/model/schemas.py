"""Facts about properties from AWS's resource schemas, which are part of cfn-lint."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

Recreates = Literal["", "maybe", "yes"]

IN_PLACE = {
    "AWS::RDS::DBInstance": {
        "AutoMinorVersionUpgrade": "always",
        "BackupRetentionPeriod": "always",
        "DBParameterGroupName": "always",
        "MultiAZ": "always",
        "PerformanceInsightsKMSKeyId": "added",
        "PreferredMaintenanceWindow": "always",
    },
}
"""Changes that replace nothing, of properties that the schema calls create-only under conditions:
always, or if there was no value before.

The conditions are in AWS's own provider: ImmutabilityHelper.java in
aws-cloudformation/aws-cloudformation-resource-providers-rds on GitHub; RDS takes the rest:
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
What is not here, as a snapshot that is taken away, only a person can decide."""


def recreates(kind: str, name: str, added: bool = False) -> Recreates:
    """Whether a change of a property, such as ``Ebs[0].Size``, replaces its resource; ``added`` if
    it had no value before."""
    if in_place(kind, name, added):
        return ""
    if _matches(kind, "createOnlyProperties", name):
        return "yes"
    return "maybe" if _matches(kind, "conditionalCreateOnlyProperties", name) else ""


def in_place(kind: str, name: str, added: bool) -> bool:
    """Whether a change of a property is known never to replace."""
    when = IN_PLACE.get(kind, {}).get(name.split("[")[0].split(".")[0])
    return when == "always" or (when == "added" and added)


def is_secret(kind: str, name: str) -> bool:
    """Whether a property is only ever written, so that no service returns it."""
    return _matches(kind, "writeOnlyProperties", name)


def _matches(kind: str, section: str, name: str) -> bool:
    path = name.split("[")[0].replace(".", "/")
    listed = (text.removeprefix("/properties/").split("/*")[0] for text in _schema(kind, section))
    return any(f"{path}/".startswith(f"{p}/") or f"{p}/".startswith(f"{path}/") for p in listed)


@cache
def _schema(kind: str, section: str) -> list[str]:
    # Importing cfn-lint takes three seconds; its files are plain.
    package = find_spec("cfnlint")
    assert package is not None
    folder = Path(*package.submodule_search_locations or ()) / "data" / "schemas"
    digest = _providers(folder / "providers" / "us-east-1.json").get(kind)
    if digest is None:
        return []
    schema = json.loads((folder / "resources" / f"{digest}.json").read_bytes())
    paths: list[str] = schema.get(section, [])
    return paths


@cache
def _providers(path: Path) -> dict[str, Any]:
    providers: dict[str, Any] = json.loads(path.read_bytes())
    return providers
