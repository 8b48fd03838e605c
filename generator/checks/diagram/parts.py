"""The parts of a picture, with what is to be said of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from generator import resource_types
from generator.bootstrap import unpacked
from generator.checks.diagram.model import Part, name, names
from generator.model.view import View
from generator.model.walk import is_true, nodes

Properties = dict[str, Any]
LAUNCHED_BY = ("LaunchTemplate", "LaunchConfigurationName", "MixedInstancesPolicy")
BALANCERS = ("balancer", "classic")


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
            yield Part(logical, kind, known, subnets_of(view, properties))


def subnets_of(view: View, properties: Properties) -> tuple[str, ...]:
    """Subnets that a resource is in, directly or through a subnet group."""
    places = [properties.get(p) for p in ("Subnets", "SubnetId", "VPCZoneIdentifier")]
    group = name(properties.get("DBSubnetGroupName"))
    if group in view.resources:
        places.append(view.resources[group].get("Properties", {}).get("SubnetIds"))
    known = view.of_type("AWS::EC2::Subnet")
    return tuple(found for found in names(places) if found in known)


def groups_of(view: View, properties: Properties) -> list[str]:
    """Security groups of a resource or, for an Auto Scaling group, of its instances."""
    data = launch_data(view, properties)
    interfaces = [*data.get("NetworkInterfaces", []), *properties.get("NetworkInterfaces", [])]
    given = [properties.get("SecurityGroups"), properties.get("VPCSecurityGroups")]
    given += [properties.get("SecurityGroupIds"), data.get("SecurityGroups")]
    given += [one.get("GroupSet") for one in interfaces]
    given += [target.get("SecurityGroups") for target in mount_targets(view, properties)]
    given += [data.get("SecurityGroupIds"), [one.get("Groups") for one in interfaces]]
    return [found for found in names(given) if found in view.of_type("AWS::EC2::SecurityGroup")]


def mount_targets(view: View, properties: Properties) -> list[Properties]:
    """Where a file system is reached; none for anything else."""
    return [
        target
        for target in view.of_type("AWS::EFS::MountTarget").values()
        if view.resources.get(name(target.get("FileSystemId")), {}).get("Properties") is properties
    ]


def launch_data(view: View, properties: Properties) -> Properties:
    """What a launch template or configuration says of instances; {} for anything else."""
    named = [properties.get(by) for by in LAUNCHED_BY]
    launch = view.resources.get(name(named), {}).get("Properties", {})
    data: Properties = launch.get("LaunchTemplateData", launch)
    return data


def is_public(view: View, part: Part) -> bool:
    """Whether the internet can address it: by its scheme, or by an address of its own."""
    properties = view.resources[part.id].get("Properties", {})
    data = launch_data(view, properties)
    interfaces = [*data.get("NetworkInterfaces", []), *properties.get("NetworkInterfaces", [])]
    given = [one.get("AssociatePublicIpAddress") for one in [*interfaces, data]]
    given.append(properties.get("PubliclyAccessible"))
    if part.kind == "instance" and not any(map(_has, interfaces)):
        subnets = [view.resources.get(one, {}).get("Properties", {}) for one in part.subnets]
        given += [subnet.get("MapPublicIpOnLaunch") for subnet in subnets]
    open_scheme = part.kind in BALANCERS and properties.get("Scheme") != "internal"
    return open_scheme or any(map(is_true, given))


def _has(interface: Properties) -> bool:
    return "AssociatePublicIpAddress" in interface


def spoken(logical: str, without: str) -> str:
    """ConfigurationBucket without Bucket: configuration."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", logical.removesuffix(without))
    return " ".join(words).lower() or logical


def _plain(view: View, logical: str, properties: Properties) -> Properties:
    return {}


def _group_names(view: View, properties: Properties) -> str:
    """The documented name of each security group: its description if that is one word."""
    found = []
    for logical in groups_of(view, properties):
        text = view.resources[logical].get("Properties", {}).get("GroupDescription", "")
        found.append(text if isinstance(text, str) and text and " " not in text else logical)
    return ", ".join(found)


def _cdn(view: View, logical: str, properties: Properties) -> Properties:
    config = properties.get("DistributionConfig", {})
    known = [alias for alias in config.get("Aliases", []) if isinstance(alias, str)]
    return {"domain": ", ".join(known), "acl": bool(config.get("WebACLId"))}


def _balancer(view: View, logical: str, properties: Properties) -> Properties:
    inside = properties.get("Scheme") == "internal"
    return {"groups": _group_names(view, properties), "internal": inside, "open": not inside}


def _group(view: View, logical: str, properties: Properties) -> Properties:
    target, data = "", launch_data(view, properties)
    for policy in view.of_type("AWS::AutoScaling::ScalingPolicy").values():
        if name(policy.get("AutoScalingGroupName")) == logical:
            target = policy.get("TargetTrackingConfiguration", {}).get("TargetValue", "")
    script = (item for item in nodes(data.get("UserData")) if isinstance(item, str))
    return {
        "least": properties.get("MinSize"),
        "most": properties.get("MaxSize"),
        "type": data.get("InstanceType"),
        "docker": any("docker run" in unpacked(item) for item in script),
        "cpu": target,
        "groups": _group_names(view, properties),
    }


def _instance(view: View, logical: str, properties: Properties) -> Properties:
    data = {**launch_data(view, properties), **properties}
    of = {"name": logical, "type": data.get("InstanceType")}
    return {**of, "groups": _group_names(view, properties)}


def _database(view: View, logical: str, properties: Properties) -> Properties:
    engine = str(properties.get("Engine", ""))
    return {
        "engine": {"postgres": "PostgreSQL"}.get(engine, engine),
        "version": properties.get("EngineVersion"),
        "class": properties.get("DBInstanceClass"),
        "groups": _group_names(view, properties),
        "standby": is_true(properties.get("MultiAZ")),
    }


def _files(view: View, logical: str, properties: Properties) -> Properties:
    return {"groups": _group_names(view, properties)}


def _bucket(view: View, logical: str, properties: Properties) -> Properties:
    return {"name": spoken(logical, "Bucket")}


def _secret(view: View, logical: str, properties: Properties) -> Properties:
    facts: Properties = {"name": spoken(logical, "Secret")}
    for schedule in view.of_type("AWS::SecretsManager::RotationSchedule").values():
        if name(schedule.get("SecretId")) == logical:
            facts["days"] = schedule.get("RotationRules", {}).get("AutomaticallyAfterDays")
    return facts


def _topic(view: View, logical: str, properties: Properties) -> Properties:
    alarms = view.of_type("AWS::CloudWatch::Alarm").values()
    count = sum(logical in names(alarm.get("AlarmActions")) for alarm in alarms)
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
