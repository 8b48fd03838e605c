"""Reads resources back through their services' own APIs and compares them with the templates."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from generator import resource_types
from generator.cloud.aws import Aws
from generator.cloud.environment import Environment
from generator.cloud.stacks import Resource, find, tree
from generator.model.resolve import Resolver
from generator.model.schemas import is_secret
from generator.model.walk import STACK

READERS: Mapping[str, Sequence[str]] = {
    kind: calls for kind, calls in resource_types.column("read_back").items() if calls
}
"""The calls that describe a type: service, operation and the argument that takes the physical id;
types without one have no call that tells one of them from another."""
UNIQUE_LENGTH = 8
"""A value of at least so many characters counts as equal under whatever name it is returned."""


@dataclass
class PropertyCount:
    """How many properties of a layer were compared, and how that came out."""

    resources: int = 0
    unread: int = 0
    """Resources whose type has no reader."""
    equal: int = 0
    lost: int = 0
    """Properties that the service does not return, or returns otherwise."""


def read_back(aws: Aws, env: Environment) -> tuple[dict[str, PropertyCount], list[str]]:
    """Counts by layer, and the properties that were lost, as Layer/Resource.Property = value.

    A property whose value only the service knows (an attribute of another resource) is left out.
    """
    counts: dict[str, PropertyCount] = defaultdict(PropertyCount)
    lost: list[str] = []
    for layer, document, physical, resources in _stacks(aws, env):
        known = {resource.path.rpartition("/")[2]: resource.physical for resource in resources}
        stack = find(aws, physical)
        parameters = stack.parameters if stack else {}
        around = {"AWS::Region": aws.region, "AWS::AccountId": aws.account}
        names = {"AWS::StackName": physical.split("/")[1], "AWS::Partition": "aws"}
        templates = Resolver(document, {**parameters, **around, **names, **known}).resources()
        for resource in resources:
            count = counts[layer]
            count.resources += 1
            logical = resource.path.rpartition("/")[2]
            if resource.type not in READERS:
                count.unread += 1
                continue
            properties = templates[logical].get("Properties", {})
            answer = _answer(aws, resource, properties)
            for name, value in _compared(resource.type, properties):
                equal = _is_there(name, value, answer)
                if not equal and is_secret(resource.type, name):
                    continue
                count.equal += equal
                count.lost += not equal
                lost += [] if equal else [f"{layer}/{logical}.{name} = {value}"]
    return counts, lost


def _stacks(
    aws: Aws, env: Environment
) -> Iterator[tuple[str, Mapping[str, Any], str, tuple[Resource, ...]]]:
    top = find(aws, env.stack)
    resources = tree(aws, top.id) if top else ()
    if top and not env.nested:
        yield env.name, env.documents[env.top], top.id, resources
    for resource in resources if env.nested else ():
        if resource.type == STACK:
            layer = resource.path.removesuffix("Stack")
            yield layer, env.children()[resource.path], resource.physical, resource.children


def _compared(kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Without secrets, the name that was asked for, and tags, which have calls of their own."""
    asked = {reader.split()[2] for reader in READERS[kind]}
    for name, value in _leaves("", properties):
        if not value.startswith("{{resolve:") and not name.startswith("Tag") and name not in asked:
            yield name, value


def _answer(aws: Aws, resource: Resource, properties: Mapping[str, Any]) -> dict[str, set[str]]:
    """Every value that the service returns, by each name on its path; "" has them all."""
    values: dict[str, set[str]] = defaultdict(set)
    for reader in READERS[resource.type]:
        service, operation, argument = reader.split()
        key = argument.removesuffix("[]")
        named = properties.get(key)
        physical = named if isinstance(named, str) else resource.physical
        argument_value = physical if key == argument else [physical]
        try:
            answer = getattr(aws.client_named(service), operation)(**{key: argument_value})
        except ClientError:
            # Not having it is an answer: what was to be there is lost.
            continue
        answer.pop("ResponseMetadata")
        for name, value in _leaves("", answer):
            for part in ("", *_parts(name)):
                values[part].add(value)
    return values


def _is_there(name: str, value: str, answer: Mapping[str, set[str]]) -> bool:
    return value in answer.get(_parts(name)[-1], ()) or (
        len(value) >= UNIQUE_LENGTH and value in answer.get("", ())
    )


def _parts(name: str) -> list[str]:
    return name.replace("[]", "").lower().split(".")


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Plain values by their paths, lower case; what still has a function in it is left out."""
    if isinstance(value, str) and value[:1] in "{[" and value[1:]:
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, dict):
        if any(key.startswith("Fn::") or key == "Ref" for key in value):
            return
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}".lstrip("."), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(f"{name}[]", inner)
    elif value is not None:
        whole = isinstance(value, float) and value.is_integer()
        yield name, str(int(value) if whole else value).lower()
