"""The project's own templates, with every parameter file, at the endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.local.conftest import Stacks

PARAMETERS = Path(__file__).parents[2] / "params"


def given(environment: str) -> dict[str, str]:
    entries = json.loads((PARAMETERS / f"{environment}.json").read_text())
    return {entry["ParameterKey"]: entry["ParameterValue"] for entry in entries}


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@pytest.mark.parametrize("form", ["nested", "flat"])
@pytest.mark.parametrize("environment", ["dev", "seed", "prod"])
def test_the_architecture_is_created_changed_rolled_back_and_deleted(
    stacks: Stacks, documents: dict[str, Any], environment: str, form: str
) -> None:
    parameters = given(environment)
    url = stacks.put(documents["flat.json"])
    if form == "nested":
        url, parameters["TemplateBaseUrl"] = upload(stacks, documents)
    name = f"clinic-{environment}-{form}"
    made = stacks.run(name, "CREATE", url, **parameters)
    assert made["StackStatus"] == "CREATE_COMPLETE", stacks.events(name)
    changed = stacks.run(name, "UPDATE", url, **parameters | {"CpuTarget": "55"})
    assert changed["StackStatus"] == "UPDATE_COMPLETE", stacks.events(name)
    older = parameters | {"DatabaseVersion": "15", "DeletionProtection": "false"}
    reverted = stacks.run(name, "UPDATE", url, **older)
    assert reverted["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stacks.events(name)
    assert outputs(made) == outputs(changed) == outputs(reverted)
    unprotected = parameters | {"DeletionProtection": "false"}
    if environment == "prod":
        stacks.run(name, "UPDATE", url, **unprotected)
    assert stacks.delete(made["StackId"])["StackStatus"] == "DELETE_COMPLETE", stacks.events(name)


def upload(stacks: Stacks, documents: dict[str, Any]) -> tuple[str, str]:
    """The nested set in the bucket under one prefix; the root's URL and that of the folder."""
    folder = f"https://s3.us-east-1.amazonaws.com/{stacks.bucket}/set"
    for path, template in documents.items():
        if path.startswith("nested/"):
            key = f"set/{path.removeprefix('nested/')}"
            stacks.store.put_object(Bucket=stacks.bucket, Key=key, Body=json.dumps(template))
    return f"{folder}/root.json", folder
