"""User data as the generated launch template gives it to an instance, conditions decided."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from generator.model import view

from .cloud import LIBRARY, REGION

PARAMS = Path(__file__).parents[2] / "params"
PARAMETERS = {
    "BACKEND_IMAGE": "BackendImage",
    "BACKEND_REPOSITORY": "BackendRepository",
    "BACKEND_REVISION": "BackendRevision",
    "DOCUMENTS_FILE_SYSTEM": "DocumentsFileSystem",
    "METRIC_PERIOD": "MetricPeriod",
    "WARM_POOL_SIZE": "WarmPoolSize",
}
"""The operator's parameter behind a setting."""
FILE_SYSTEM = "fs-0123456789abcdef0"
MADE = {
    "BootLibrary": LIBRARY,
    "ConfigurationBucket": "configuration",
    "DatabaseSecret": "arn:aws:secretsmanager:eu-west-1:1:secret:database",
    "BackendLogGroupResource": "/clinic/backend",
    "DocumentsFileSystemResource": FILE_SYSTEM,
    "ImageRepository": "123456789012.dkr.ecr.us-west-2.amazonaws.com/clinic-imagerepository-1a2b",
}
"""What only AWS knows: physical ids, and the address of the registry."""


def user_data(environment: str, **settings: str) -> str:
    """Return the program of an instance of an environment, with some settings changed."""
    return _user_data(environment, tuple(sorted(settings.items())))


@cache
def _user_data(environment: str, settings: tuple[tuple[str, str], ...]) -> str:
    entries = json.loads((PARAMS / f"{environment}.json").read_text())
    values = {entry["ParameterKey"]: entry["ParameterValue"] for entry in entries}
    values["DocumentsFileSystem"] = "false"
    values |= {PARAMETERS[name]: value for name, value in settings}
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{environment}.json"
        path.write_text(
            json.dumps([{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()])
        )
        resources = view.load(str(path), PARAMS, region=REGION).resources
    data = resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
    parts = data["Fn::Base64"]["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else MADE[_logical(part)] for part in parts)


def _logical(reference: dict[str, Any]) -> str:
    """The logical id that a Ref or an Fn::GetAtt names."""
    return str(reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0])
