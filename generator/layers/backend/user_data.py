"""What an instance runs at its first boot, and how long that takes."""

from __future__ import annotations

from typing import Any

from troposphere import Base64, If, Join, Ref, Template, logs, ssm

from generator import bootstrap
from generator.layer import Name, Values
from generator.layers.backend.scaling import METRIC_DIMENSION, METRIC_NAMESPACE, METRIC_PERIOD
from generator.layers.backend.warm_pool import has_warm_pool
from generator.layers.balancer import HEALTH_CHECK_PATH
from generator.layers.database import DATABASE_NAME
from generator.layers.documents import FILE_SYSTEM_ID
from generator.layers.identity import ENV_FILE
from generator.layers.secrets import DATABASE_SECRET_ARN
from generator.layers.shared import DOCUMENTS_FILE_SYSTEM, is_true
from generator.layers.storage import CONFIGURATION_BUCKET, IMAGE_REPOSITORY_URI

BACKEND_IMAGE = Name(
    "BackendImage",
    Type="String",
    Default="",
    Description="Container image to pull, from ECR or Docker Hub (recommended: 40 seconds to "
    "health instead of 4 minutes); :1 is tag 1 in the stack's own registry. Empty: each instance "
    "builds BackendRepository.",
    AllowedPattern=r"^[a-z0-9][A-Za-z0-9./_:@-]{0,254}$|^:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$|^$",
    ConstraintDescription="An image such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:1 "
    "or docker.io/clinic/backend:1, a tag behind a colon such as :1, or nothing.",
)
BACKEND_REPOSITORY = Name(
    "BackendRepository",
    Type="String",
    Default="https://github.com/Deus-Ex-Umbra/COM610-0d3nt-backend.git",
    Description="Public git repository that instances build when BackendImage is empty.",
    AllowedPattern=r"^https://[A-Za-z0-9.-]+/[A-Za-z0-9._/~-]{1,120}$",
    ConstraintDescription="An https address such as https://github.com/clinic/backend.git.",
)
BACKEND_REVISION = Name(
    "BackendRevision",
    Type="String",
    Default="main",
    Description="Branch or tag of BackendRepository.",
    AllowedPattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,100}$",
    ConstraintDescription="A branch or tag such as main or v1.2.0.",
)
RELEASE = Name(
    "Release",
    Type="String",
    Default="1",
    Description="Any word; a new one replaces the instances one by one, so that they take up a "
    "moved branch.",
    AllowedPattern=r"^[A-Za-z0-9._-]{1,64}$",
    ConstraintDescription="1 to 64 letters, digits, dots, underscores and hyphens.",
)

# Measured from boot to health: 38 s with an image, 226 s with a build on one GiB. The first boot
# also waits for the database: 8 minutes as a rule, up to 25 with a standby.
WARM_UP_SECONDS = {"pull": 90, "build": 360}
DATABASE_SECONDS = 1500
BOOT_SECONDS = {how: seconds + DATABASE_SECONDS for how, seconds in WARM_UP_SECONDS.items()}


def user_data(
    template: Template, values: Values, group: str, log_group: logs.LogGroup, library: ssm.Parameter
) -> Base64:
    """The settings, which a release changes as text, and the packed program; ``group`` is the
    logical id that it signals to, ``library`` what it reads more of itself from."""
    settings = {
        "REGION": Ref("AWS::Region"),
        "STACK": Ref("AWS::StackId"),
        "GROUP_RESOURCE": group,
        "LOG_GROUP": log_group.ref(),
        "CONFIG_BUCKET": values[CONFIGURATION_BUCKET],
        "CONFIG_KEY": ENV_FILE,
        "DATABASE_SECRET": values[DATABASE_SECRET_ARN],
        "DATABASE_NAME": values[DATABASE_NAME],
        "BACKEND_IMAGE": values[BACKEND_IMAGE],
        "IMAGE_REPOSITORY": values[IMAGE_REPOSITORY_URI],
        "BACKEND_REPOSITORY": values[BACKEND_REPOSITORY],
        "BACKEND_REVISION": values[BACKEND_REVISION],
        "HEALTH_PATH": values[HEALTH_CHECK_PATH],
        "METRIC_PERIOD": values[METRIC_PERIOD],
        "METRIC_NAMESPACE": METRIC_NAMESPACE,
        "GROUP_DIMENSION": METRIC_DIMENSION,
        "WARM_POOL": If(has_warm_pool(template, values), "true", ""),
        "DOCUMENTS_FILE_SYSTEM": If(
            is_true(template, values, DOCUMENTS_FILE_SYSTEM), values[FILE_SYSTEM_ID], ""
        ),
        "LIBRARY_PARAMETER": library.ref(),
    }
    lines: list[Any] = ["#!/bin/bash\n# Release ", values[RELEASE], "\n"]
    for name in bootstrap.SETTINGS:
        lines += _assigned(name, settings)
    return Base64(Join("", [*lines, bootstrap.user_data()]))


def _assigned(name: str, settings: dict[str, Any]) -> list[Any]:
    return [f"{name}='", settings[name], "'\n"]
