"""Components with an address in a network: balancers, instances, databases, file systems, ..."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from generator.checks.reach import ports
from generator.checks.reach.groups import DEFAULT
from generator.checks.reach.names import Names, text
from generator.checks.reach.routes import Land

ENGINE_PORT = 5432
"""PostgreSQL's, when a database says none."""
NFS = 2049
"""The one port that mount targets listen to."""
BALANCER, BACKEND, DATABASE, FILES = "balancer", "backend", "database", "file system"
EPHEMERAL = {BACKEND: (32768, 60999), "function": (1024, 65535), BALANCER: (1024, 65535)}
"""Ports at which a kind of component expects answers; others use 1024 to 65535."""


class Station(NamedTuple):
    """A component in the network."""

    logical: str
    kind: str
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    public: tuple[str, ...]
    """Those of ``subnets`` in which it has a public address."""
    odd: tuple[str, ...]
    """Subnets and groups that are not of these templates."""

    def answers(self) -> tuple[int, int]:
        """The ports, first and last, that answers come back to."""
        return EPHEMERAL.get(self.kind, (1024, 65535))


def stations(names: Names, land: Land) -> list[Station]:
    """Every component that has an address, in the template's order."""
    return [
        _placed(logical, kind, subnets, groups, public, names, land)
        for logical, kind, subnets, groups, public in (
            *_balancers(names),
            *_instances(names),
            *_databases(names),
            *_file_systems(names),
            *_functions(names),
            *_endpoints(names),
        )
    ]


Found = Iterator[tuple[str, str, Any, Any, bool | None]]
"""Logical id, kind, subnets, groups (None: the network's own), whether it has a public address
(None: the subnet decides)."""


def _placed(
    logical: str,
    kind: str,
    subnets: Any,
    groups: Any,
    public: bool | None,
    names: Names,
    land: Land,
) -> Station:
    where = names.targets(subnets)
    known = tuple(name for name in where if name in land.subnets)
    # What names no group gets the network's own.
    vpcs = dict.fromkeys(land.subnets[name].vpc for name in known)
    inside = tuple(names.targets(groups)) or tuple(f"{vpc}.{DEFAULT}" for vpc in vpcs)
    odd = [name for name in where if name not in land.subnets]
    odd += [
        group
        for group in inside
        if group not in names.resources and group.partition(".")[0] not in names.resources
    ]
    addressed = tuple(
        name for name in known if (land.subnets[name].public if public is None else public)
    )
    return Station(logical, kind, known, inside, addressed, tuple(odd))


def _truth(value: Any) -> bool:
    return str(value).lower() == "true"


def _balancers(names: Names) -> Found:
    for name, given in names.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer").items():
        subnets = given.get("Subnets") or [
            mapping.get("SubnetId") for mapping in given.get("SubnetMappings", [])
        ]
        facing = given.get("Scheme", "internet-facing") != "internal"
        yield name, BALANCER, subnets, given.get("SecurityGroups"), facing


def _instances(names: Names) -> Found:
    for name, given in names.of_type("AWS::AutoScaling::AutoScalingGroup").items():
        for launch in launches(name, given, names):
            groups, public, subnet = interface(launch)
            yield name, BACKEND, subnet or given.get("VPCZoneIdentifier"), groups, public
    addressed = {
        names.target(given.get("InstanceId")) for given in names.of_type("AWS::EC2::EIP").values()
    } | {
        names.target(given.get("InstanceId"))
        for given in names.of_type("AWS::EC2::EIPAssociation").values()
    }
    for name, given in names.of_type("AWS::EC2::Instance").items():
        [launch] = launches(name, given, names)
        groups, public, subnet = interface(launch)
        public = True if name in addressed else public
        yield name, BACKEND, subnet or given.get("SubnetId"), groups, public


def launches(logical: str, given: Mapping[str, Any], names: Names) -> list[dict[str, Any]]:
    """What a group or an instance may be launched with: templates' data under its own settings."""
    mixed = given.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    asked = [
        given.get("LaunchTemplate"),
        mixed.get("LaunchTemplateSpecification"),
        *(each.get("LaunchTemplateSpecification") for each in mixed.get("Overrides", [])),
    ]
    templates = names.of_type("AWS::EC2::LaunchTemplate")
    own = given if names.resources[logical]["Type"] == "AWS::EC2::Instance" else {}
    found = []
    for one in filter(None, asked):
        name = names.target(one.get("LaunchTemplateId", one.get("LaunchTemplateName")))
        data = templates.get(name, {}).get("LaunchTemplateData", {})
        found.append({**data, **own, "from": name})
    configurations = names.of_type("AWS::AutoScaling::LaunchConfiguration")
    if "LaunchConfigurationName" in given:
        name = names.target(given["LaunchConfigurationName"])
        found.append({**configurations.get(name, {}), "from": name})
    return found or [{**own, "from": logical}]


def interface(launch: Mapping[str, Any]) -> tuple[Any, bool | None, Any]:
    """Groups, public address or not (None: the subnet decides) and subnet of an instance."""
    cards = launch.get("NetworkInterfaces") or [{}]
    groups = [
        group for card in cards for key in ("Groups", "GroupSet") for group in card.get(key, [])
    ]
    for key in ("SecurityGroupIds", "SecurityGroups"):
        groups += launch.get(key, [])
    stated = [
        place["AssociatePublicIpAddress"]
        for place in (*cards, launch)
        if "AssociatePublicIpAddress" in place
    ]
    subnet = next((card["SubnetId"] for card in cards if "SubnetId" in card), None)
    return groups or None, any(map(_truth, stated)) if stated else None, subnet


def _databases(names: Names) -> Found:
    groups = names.of_type("AWS::RDS::DBSubnetGroup")
    for kind in ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"):
        for name, given in names.of_type(kind).items():
            place = groups.get(names.target(given.get("DBSubnetGroupName")), {})
            # RDS itself decides by the gateway when nothing is said.
            default = bool(names.of_type("AWS::EC2::VPCGatewayAttachment"))
            stated = given.get("PubliclyAccessible", default and kind.endswith("DBInstance"))
            inside = given.get("VPCSecurityGroups", given.get("VpcSecurityGroupIds"))
            yield name, DATABASE, place.get("SubnetIds", []), inside, _truth(stated)


def _file_systems(names: Names) -> Found:
    """A file system is wherever one of its mount targets is."""
    for name, given in names.of_type("AWS::EFS::MountTarget").items():
        files = names.target(given.get("FileSystemId"))
        logical = files if files in names.resources else name
        yield logical, FILES, given.get("SubnetId"), given.get("SecurityGroups"), False


def listens(station: Station, names: Names) -> int:
    """The ports that a component may listen to; a database and a file system have one."""
    if station.kind == FILES:
        return ports.some("tcp", NFS, NFS)
    if station.kind != DATABASE:
        return ports.EVERYTHING
    given = names.resources[station.logical].get("Properties", {})
    default = ENGINE_PORT if "postgres" in text(given.get("Engine")) else None
    port = ports.of_rule("tcp", given.get("Port", default), given.get("Port", default))
    return ports.EVERYTHING if port is None else port


def _functions(names: Names) -> Found:
    for name, given in names.of_type("AWS::Lambda::Function").items():
        if place := given.get("VpcConfig"):
            yield name, "function", place.get("SubnetIds"), place.get("SecurityGroupIds"), False


def _endpoints(names: Names) -> Found:
    for name, given in names.of_type("AWS::EC2::VPCEndpoint").items():
        if given.get("VpcEndpointType", "Gateway") == "Interface":
            yield name, "endpoint", given.get("SubnetIds"), given.get("SecurityGroupIds"), False
