"""The parts of a picture, with the facts that their labels need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from generator import resource_types
from generator.checks.diagram.model import Part
from generator.model import backend
from generator.model.network.components import Component
from generator.model.references import mentioned
from generator.model.view import View
from generator.model.walk import is_true

Properties = dict[str, Any]
HOUSED = ("balancer", "classic", "nat", "group", "instance", "database")
"""Kinds that are always drawn in subnets, if not in those of this set."""
OTHERS = ("AWS::EC2::NatGateway", "AWS::ElasticLoadBalancing::LoadBalancer")
"""Types in subnets that nothing else asks about."""


def parts(view: View) -> Iterator[Part]:
    """A part for everything in ``view`` that a person would point at."""
    for logical, resource in view.resources.items():
        kind = KINDS.get(resource["Type"])
        if kind:
            properties = resource.get("Properties", {})
            facts = FACTS.get(kind, _plain)(view, logical, properties)
            # What is not known before a deployment stays a function of the template.
            known = {
                fact: str(value)
                for fact, value in facts.items()
                if value and not isinstance(value, dict | list)
            }
            yield Part(logical, kind, known, subnets_of(view, logical) if kind in HOUSED else ())


def subnets_of(view: View, logical: str) -> tuple[str, ...]:
    """Subnets that a resource is in."""
    names = [name for one in interfaces(view, logical) for name in one.subnets]
    properties = view.resources[logical].get("Properties", {})
    if view.resources[logical]["Type"] in OTHERS:
        names = view.references.targets(properties.get("Subnets", properties.get("SubnetId")))
    return tuple(name for name in dict.fromkeys(names) if name in view.network.topology.subnets)


def groups_of(view: View, logical: str) -> list[str]:
    """Security groups of a resource or, for an Auto Scaling group, of its instances."""
    names = [name for one in interfaces(view, logical) for name in one.groups]
    properties = view.resources[logical].get("Properties", {})
    if view.resources[logical]["Type"] in OTHERS:
        names = view.references.targets(properties.get("SecurityGroups"))
    known = view.of_type("AWS::EC2::SecurityGroup")
    return [name for name in dict.fromkeys(names) if name in known]


def interfaces(view: View, logical: str) -> list[Component]:
    """The network components of a resource."""
    return [one for one in view.network.components if one.logical == logical]


def launch_data(view: View, logical: str) -> Properties:
    """What instances are launched with; {} for anything but a group or an instance."""
    resource = view.resources[logical]
    if resource["Type"] not in (backend.GROUP, backend.INSTANCE):
        return {}
    return backend.launches(logical, resource.get("Properties", {}), view.references)[0]


def is_public(view: View, part: Part) -> bool:
    """Whether the internet can address it: by its scheme, or by an address of its own."""
    if part.kind == "classic":
        return bool(view.resources[part.id].get("Properties", {}).get("Scheme") != "internal")
    return any(one.internet_facing or one.public for one in interfaces(view, part.id))


def spoken(logical: str, without: str) -> str:
    """ConfigurationBucket without Bucket: configuration."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", logical.removesuffix(without))
    return " ".join(words).lower() or logical


def _plain(view: View, logical: str, properties: Properties) -> Properties:
    return {}


def _group_names(view: View, logical: str) -> str:
    """The documented name of each security group: its description if that is one word."""
    names = []
    for group in groups_of(view, logical):
        text = view.resources[group].get("Properties", {}).get("GroupDescription", "")
        names.append(text if isinstance(text, str) and text and " " not in text else group)
    return ", ".join(names)


def _cdn(view: View, logical: str, properties: Properties) -> Properties:
    config = properties.get("DistributionConfig", {})
    known = [alias for alias in config.get("Aliases", []) if isinstance(alias, str)]
    return {"domain": ", ".join(known), "acl": bool(config.get("WebACLId"))}


def _balancer(view: View, logical: str, properties: Properties) -> Properties:
    inside = properties.get("Scheme") == "internal"
    return {"groups": _group_names(view, logical), "internal": inside, "open": not inside}


def _group(view: View, logical: str, properties: Properties) -> Properties:
    data = launch_data(view, logical)
    tracked = backend.tracking(view.references).get(logical, [{}])
    return {
        "least": properties.get("MinSize"),
        "most": properties.get("MaxSize"),
        "type": data.get("InstanceType"),
        "docker": "docker run" in backend.script(data),
        "cpu": tracked[-1].get("TargetValue", ""),
        "groups": _group_names(view, logical),
    }


def _instance(view: View, logical: str, properties: Properties) -> Properties:
    of = {"name": logical, "type": launch_data(view, logical).get("InstanceType")}
    return {**of, "groups": _group_names(view, logical)}


def _database(view: View, logical: str, properties: Properties) -> Properties:
    engine = str(properties.get("Engine", ""))
    return {
        "engine": {"postgres": "PostgreSQL"}.get(engine, engine),
        "version": properties.get("EngineVersion"),
        "class": properties.get("DBInstanceClass"),
        "groups": _group_names(view, logical),
        "standby": is_true(properties.get("MultiAZ")),
    }


def _files(view: View, logical: str, properties: Properties) -> Properties:
    return {"groups": _group_names(view, logical)}


def _bucket(view: View, logical: str, properties: Properties) -> Properties:
    return {"name": spoken(logical, "Bucket")}


def _secret(view: View, logical: str, properties: Properties) -> Properties:
    facts: Properties = {"name": spoken(logical, "Secret")}
    for schedule in view.of_type("AWS::SecretsManager::RotationSchedule").values():
        if view.references.target(schedule.get("SecretId")) == logical:
            facts["days"] = schedule.get("RotationRules", {}).get("AutomaticallyAfterDays")
    return facts


def _topic(view: View, logical: str, properties: Properties) -> Properties:
    alarms = view.of_type("AWS::CloudWatch::Alarm").values()
    count = sum(logical in mentioned(alarm.get("AlarmActions")) for alarm in alarms)
    return {"alarms": count}


def _endpoint(view: View, logical: str, properties: Properties) -> Properties:
    service = properties.get("ServiceName")
    return {"service": str(service).rpartition(".")[2].upper() if service else ""}


KINDS: Mapping[str, str] = resource_types.column("drawn")
"""What is shown, by type; everything else is how these are made or joined."""

FACTS: dict[str, Callable[[View, str, Properties], Properties]] = {
    "cdn": _cdn,
    "balancer": _balancer,
    "classic": _balancer,
    "group": _group,
    "instance": _instance,
    "database": _database,
    "files": _files,
    "bucket": _bucket,
    "secret": _secret,
    "topic": _topic,
    "endpoint": _endpoint,
}
