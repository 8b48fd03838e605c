"""Components with an address in a network: balancers, instances, databases, file systems, ..."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from generator.model.backend import interface, launches
from generator.model.network import ports
from generator.model.network.groups import DEFAULT
from generator.model.network.routes import Topology
from generator.model.references import References, text
from generator.model.walk import is_true

ENGINE_PORT = 5432
"""PostgreSQL's, when a database says none."""
NFS = 2049
"""The one port that mount targets listen to."""
BALANCER, BACKEND, DATABASE, FILES = "balancer", "backend", "database", "file system"
EPHEMERAL = {BACKEND: (32768, 60999), "function": (1024, 65535), BALANCER: (1024, 65535)}
"""Ports at which a kind of component expects answers; others use 1024 to 65535."""


class Component(NamedTuple):
    """A component in the network."""

    logical: str
    kind: str
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    public: tuple[str, ...]
    """Those of ``subnets`` in which it has a public address."""
    unresolved: tuple[str, ...]
    """Subnets and groups that are not of these templates."""
    internet_facing: bool | None = None
    """Whether it is said to have public addresses; None: its subnets decide."""

    def return_ports(self) -> tuple[int, int]:
        """The first and last of its ephemeral ports, to which return traffic comes."""
        return EPHEMERAL.get(self.kind, (1024, 65535))


def components(names: References, topology: Topology) -> list[Component]:
    """Every component that has an address, in the template's order."""
    return [
        _placed(logical, kind, subnets, groups, public, names, topology)
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
    names: References,
    topology: Topology,
) -> Component:
    where = names.targets(subnets)
    known = tuple(name for name in where if name in topology.subnets)
    # What names no group gets the network's own.
    vpcs = dict.fromkeys(topology.subnets[name].vpc for name in known)
    inside = tuple(names.targets(groups)) or tuple(f"{vpc}.{DEFAULT}" for vpc in vpcs)
    unresolved = [name for name in where if name not in topology.subnets]
    unresolved += [
        group
        for group in inside
        if group not in names.resources and group.partition(".")[0] not in names.resources
    ]
    addressed = tuple(
        name for name in known if (topology.subnets[name].public if public is None else public)
    )
    return Component(logical, kind, known, inside, addressed, tuple(unresolved), public)


def _balancers(names: References) -> Found:
    for name, properties in names.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer").items():
        subnets = properties.get("Subnets") or [
            mapping.get("SubnetId") for mapping in properties.get("SubnetMappings", [])
        ]
        internet_facing = properties.get("Scheme", "internet-facing") != "internal"
        yield name, BALANCER, subnets, properties.get("SecurityGroups"), internet_facing


def _instances(names: References) -> Found:
    for name, properties in names.of_type("AWS::AutoScaling::AutoScalingGroup").items():
        for launch in launches(name, properties, names):
            groups, public, subnet = interface(launch)
            yield name, BACKEND, subnet or properties.get("VPCZoneIdentifier"), groups, public
    addressed = {
        names.target(properties.get("InstanceId"))
        for properties in names.of_type("AWS::EC2::EIP").values()
    } | {
        names.target(properties.get("InstanceId"))
        for properties in names.of_type("AWS::EC2::EIPAssociation").values()
    }
    for name, properties in names.of_type("AWS::EC2::Instance").items():
        [launch] = launches(name, properties, names)
        groups, public, subnet = interface(launch)
        public = True if name in addressed else public
        yield name, BACKEND, subnet or properties.get("SubnetId"), groups, public


def _databases(names: References) -> Found:
    groups = names.of_type("AWS::RDS::DBSubnetGroup")
    for kind in ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"):
        for name, properties in names.of_type(kind).items():
            place = groups.get(names.target(properties.get("DBSubnetGroupName")), {})
            # RDS itself decides by the gateway when nothing is said.
            default = bool(names.of_type("AWS::EC2::VPCGatewayAttachment"))
            stated = properties.get("PubliclyAccessible", default and kind.endswith("DBInstance"))
            inside = properties.get("VPCSecurityGroups", properties.get("VpcSecurityGroupIds"))
            yield name, DATABASE, place.get("SubnetIds", []), inside, is_true(stated)


def _file_systems(names: References) -> Found:
    """A file system is wherever one of its mount targets is."""
    for name, properties in names.of_type("AWS::EFS::MountTarget").items():
        files = names.target(properties.get("FileSystemId"))
        logical = files if files in names.resources else name
        yield logical, FILES, properties.get("SubnetId"), properties.get("SecurityGroups"), False


def listening_ports(component: Component, names: References) -> int:
    """The ports that a component may listen to; a database and a file system have one."""
    if component.kind == FILES:
        return ports.some("tcp", NFS, NFS)
    if component.kind != DATABASE:
        return ports.EVERYTHING
    properties = names.resources[component.logical].get("Properties", {})
    default = ENGINE_PORT if "postgres" in text(properties.get("Engine")) else None
    port = ports.of_rule("tcp", properties.get("Port", default), properties.get("Port", default))
    return ports.EVERYTHING if port is None else port


def _functions(names: References) -> Found:
    for name, properties in names.of_type("AWS::Lambda::Function").items():
        if place := properties.get("VpcConfig"):
            yield name, "function", place.get("SubnetIds"), place.get("SecurityGroupIds"), False


def _endpoints(names: References) -> Found:
    for name, properties in names.of_type("AWS::EC2::VPCEndpoint").items():
        if properties.get("VpcEndpointType", "Gateway") == "Interface":
            yield (
                name,
                "endpoint",
                properties.get("SubnetIds"),
                properties.get("SecurityGroupIds"),
                False,
            )
