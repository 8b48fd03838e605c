"""The table of contents: which layers there are, and what the root shows of them."""

from __future__ import annotations

from pkgutil import iter_modules

from troposphere import Template

from generator import assemble, console, layers
from generator.errors import ClinicError
from generator.layer import Layer, Name
from generator.layers.alarms import ALARMS, DASHBOARD_URL
from generator.layers.backend import BACKEND, BACKEND_GROUP_NAME, BACKEND_LOG_GROUP
from generator.layers.balancer import ALB_DNS_NAME, BALANCER, TARGET_GROUP_ARN
from generator.layers.database import DATABASE, DATABASE_HOST, DATABASE_ID
from generator.layers.documents import DOCUMENTS
from generator.layers.edge import DISTRIBUTION_ID, EDGE, FRONTEND_BUCKET, SITE_URL
from generator.layers.identity import DOCUMENTS_POLICY_ARN, IDENTITY, RELEASE_FUNCTION_NAME
from generator.layers.monitoring import ALARM_TOPIC_ARN, MONITORING
from generator.layers.network import NETWORK, VPC_ID
from generator.layers.perimeter import PERIMETER
from generator.layers.secrets import DATABASE_SECRET_ARN, SECRETS
from generator.layers.security import SECURITY
from generator.layers.storage import (
    CONFIGURATION_BUCKET,
    DOCUMENTS_BUCKET,
    IMAGE_REPOSITORY_URI,
    STORAGE,
)

LANGUAGES = ("english", "spanish")

LAYERS: tuple[Layer, ...] = (
    NETWORK,
    SECURITY,
    SECRETS,
    MONITORING,
    PERIMETER,
    STORAGE,
    DOCUMENTS,
    IDENTITY,
    DATABASE,
    BALANCER,
    BACKEND,
    EDGE,
    ALARMS,
)

OUTPUTS: tuple[Name, ...] = (
    SITE_URL,
    DASHBOARD_URL,
    FRONTEND_BUCKET,
    DISTRIBUTION_ID,
    IMAGE_REPOSITORY_URI,
    CONFIGURATION_BUCKET,
    DOCUMENTS_BUCKET,
    DOCUMENTS_POLICY_ARN,
    DATABASE_ID,
    DATABASE_HOST,
    DATABASE_SECRET_ARN,
    BACKEND_GROUP_NAME,
    BACKEND_LOG_GROUP,
    RELEASE_FUNCTION_NAME,
    TARGET_GROUP_ARN,
    ALB_DNS_NAME,
    ALARM_TOPIC_ARN,
    VPC_ID,
)


def templates() -> dict[str, Template]:
    """Every template by its path under ``output/`` without the suffix: nested/<layer>, flat.

    ClinicError for a layer that LAYERS lacks, and for whatever else a layer lacks.
    """
    _complete({layer.title.lower() for layer in LAYERS})
    flat = assemble.flat(LAYERS, OUTPUTS)
    console.arrange(flat)
    return nested() | {"flat": flat}


def nested() -> dict[str, Template]:
    """The nested form alone, which costs half."""
    children = assemble.nested(LAYERS, OUTPUTS)
    console.arrange(children["root"])
    return {f"nested/{stem}": template for stem, template in children.items()}


def _complete(stems: set[str]) -> None:
    for module in iter_modules(layers.__path__):
        if module.name not in {*stems, "shared"}:
            raise ClinicError(
                f"generator/layers/ has {module.name}, and LAYERS no layer of that name: write it "
                "into LAYERS (generator/architecture.py), where it stands among the others."
            )
    for layer in LAYERS:
        if len(layer.owns) != len(LANGUAGES):
            raise ClinicError(
                f"{layer.file}: the layer {layer.title} does not say what it owns: write "
                f'owns=("in English", "en español") into {layer.title.upper()}.'
            )
