"""Small environments, and the helper's functions without their pauses and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator import architecture, assemble, tables
from generator.cloud import deploy as deploying
from generator.cloud.aws import Aws, explained
from generator.cloud.deploy import DeployOptions
from generator.cloud.environment import Environment
from generator.cloud.follow import EventFeed, follow
from generator.cloud.stacks import Event, Resource, events, find, tree, walk
from generator.layer import Layer, Name
from generator.layers.network import NETWORK
from generator.layers.secrets import SECRETS
from generator.layers.security import SECURITY
from generator.layers.storage import CONFIGURATION_BUCKET, STORAGE
from generator.report import Report

LAYERS = (NETWORK, SECURITY, SECRETS, STORAGE)
PACE = 0.02


class Heard(Report):
    """A report that keeps what it says to people."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.rows: list[tuple[Any, ...]] = []

    def say(self, text: str = "") -> None:
        self.lines.append(text)

    def table(self, headings: Sequence[str], rows: Sequence[tables.Row]) -> None:
        self.rows = [tuple(row) for row in rows]


def nested(
    *layers: Layer, publish: tuple[Name, ...] = (CONFIGURATION_BUCKET,), **values: str
) -> Environment:
    """A nested set of some layers."""
    made = assemble.nested(layers or LAYERS, publish)
    documents = {f"{stem}.json": template.to_dict() for stem, template in made.items()}
    return Environment("small", {"EnvironmentName": "small", **values}, documents)


def flat(
    *layers: Layer, publish: tuple[Name, ...] = (CONFIGURATION_BUCKET,), **values: str
) -> Environment:
    """The flat form of some layers."""
    document = assemble.flat(layers or LAYERS, publish).to_dict()
    return Environment("small", {"EnvironmentName": "small", **values}, {"flat.json": document})


def one(resources: dict[str, Any], **parameters: Any) -> Environment:
    """A flat set of these resources."""
    document = {"Parameters": parameters, "Resources": resources}
    return Environment("small", {}, {"flat.json": document})


@explained()
def deploy(aws: Aws, env: Environment, pace: float = PACE) -> None:
    deploying.deploy(aws, env, DeployOptions(yes=True, pace=pace))


def quietly(feed: EventFeed) -> str:
    """Follow without a word; the last state."""
    return follow(feed, lambda event: None, PACE)


def all_events(aws: Aws, name: str) -> list[Event]:
    stack = find(aws, name)
    assert stack
    return events(aws, stack.id, None)


def status(aws: Aws, name: str) -> str:
    stack = find(aws, name)
    return stack.status if stack else "absent"


def flat_of_all() -> dict[str, Any]:
    """The whole architecture in one template."""
    whole: dict[str, Any] = architecture.templates()["flat"].to_dict()
    return whole


def resources(aws: Aws, name: str) -> list[Resource]:
    return list(walk(tree(aws, name)))


def parameters(aws: Aws, name: str) -> dict[str, str]:
    stack = find(aws, name)
    return stack.parameters if stack else {}
