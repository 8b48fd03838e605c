"""VPCs, subnets, route tables and network ACLs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from generator.model.network import addresses, ports
from generator.model.network.addresses import EVERY, Range
from generator.model.references import References
from generator.model.unknown import Unknown
from generator.model.walk import is_true

TARGETS = {
    "GatewayId": "gateway",
    "NatGatewayId": "nat",
    "TransitGatewayId": "beyond",
    "VpcPeeringConnectionId": "beyond",
    "CoreNetworkArn": "beyond",
    "LocalGatewayId": "beyond",
    "CarrierGatewayId": "beyond",
    "InstanceId": "beyond",
    "NetworkInterfaceId": "beyond",
    "VpcEndpointId": "beyond",
    "EgressOnlyInternetGatewayId": "ipv6",
}


class Route(NamedTuple):
    """One route of a table."""

    name: str
    range: Range
    kind: str
    """``internet``, ``nat`` or ``beyond``."""
    target: str


class AclEntry(NamedTuple):
    """One entry of a network ACL."""

    number: int
    allow: bool
    ports: int
    range: Range


ALLOW_ALL = (AclEntry(100, True, ports.EVERYTHING, EVERY),)
DEFAULT_ACL = "DefaultNetworkAcl"


class Subnet(NamedTuple):
    """A subnet with its routes and the entries of its network ACL."""

    name: str
    vpc: str
    range: Range
    public: bool
    """Whether what starts here gets a public address unless it says otherwise."""
    routes: tuple[Route, ...]
    """The longest prefix first."""
    acl: str
    inbound: tuple[AclEntry, ...]
    """By number: the first that matches a packet decides."""
    outbound: tuple[AclEntry, ...]

    def route_for(self, address: int) -> Route | None:
        """The route that a packet for ``address`` outside the network takes."""
        return next((route for route in self.routes if address in route.range), None)


class Topology(NamedTuple):
    """The VPCs of a view: ranges, subnets, NAT gateways, gateway endpoints, routes."""

    networks: Mapping[str, tuple[Range, ...]]
    subnets: Mapping[str, Subnet]
    nat: Mapping[str, str]
    """The subnet of each NAT gateway that leads to the internet."""
    endpoints: Mapping[str, Sequence[str]]
    """Gateway endpoints by the route table that leads to them."""
    tables: Mapping[str, str]
    """The route table of each subnet, if it has one of its own."""
    routes: Mapping[str, tuple[Route, ...]]
    """The routes of each route table, the longest prefix first."""


def allowed_ports(entries: tuple[AclEntry, ...], address: int) -> int:
    """The port set that the entries of a network ACL allow for ``address``."""
    allowed = decided = 0
    for entry in entries:
        if address in entry.range:
            if entry.allow:
                allowed |= entry.ports & ~decided
            decided |= entry.ports
    return allowed


def topology(names: References) -> tuple[Topology, list[Unknown]]:
    """The topology of a view, and what could not be judged of it."""
    unknown: list[Unknown] = []
    networks = _networks(names, unknown)
    tables = {
        names.target(properties.get("SubnetId")): names.target(properties.get("RouteTableId"))
        for properties in names.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
    }
    routes = _routes(names, unknown)
    lists = _acl_entries(names, unknown)
    chosen = {
        names.target(properties.get("SubnetId")): names.target(properties.get("NetworkAclId"))
        for properties in names.of_type("AWS::EC2::SubnetNetworkAclAssociation").values()
    }
    subnets = {}
    for name, properties in names.of_type("AWS::EC2::Subnet").items():
        vpc = names.target(properties.get("VpcId"))
        block = addresses.parse(properties.get("CidrBlock"))
        if block is None:
            unknown.append(Unknown(name, f"{name}: its address range cannot be resolved"))
            block = networks.get(vpc, (EVERY,))[0]
        acl = chosen.get(name, f"{vpc}.{DEFAULT_ACL}")
        inbound, outbound = (lists.get((acl, out), ()) for out in (False, True))
        public = is_true(properties.get("MapPublicIpOnLaunch"))
        own = routes.get(tables.get(name, ""), ())
        subnets[name] = Subnet(name, vpc, block, public, own, acl, inbound, outbound)
    nat = {
        name: names.target(properties.get("SubnetId"))
        for name, properties in names.of_type("AWS::EC2::NatGateway").items()
        if properties.get("ConnectivityType", "public") == "public"
    }
    endpoints: dict[str, list[str]] = defaultdict(list)
    for name, properties in names.of_type("AWS::EC2::VPCEndpoint").items():
        if properties.get("VpcEndpointType", "Gateway") == "Gateway":
            for table in names.targets(properties.get("RouteTableIds")):
                endpoints[table].append(name)
    return Topology(networks, subnets, nat, endpoints, tables, routes), unknown


def _networks(names: References, unknown: list[Unknown]) -> dict[str, tuple[Range, ...]]:
    ranges: dict[str, tuple[Range, ...]] = {}
    for name, properties in names.of_type("AWS::EC2::VPC").items():
        block = addresses.parse(properties.get("CidrBlock"))
        if block is None:
            unknown.append(Unknown(name, f"{name}: its address range cannot be resolved"))
        if not is_true(properties.get("EnableDnsSupport", True)):
            unknown.append(Unknown(name, f"{name}: who finds whom without DNS is not known"))
        ranges[name] = (block or EVERY,)
    for properties in names.of_type("AWS::EC2::VPCCidrBlock").values():
        vpc, block = (
            names.target(properties.get("VpcId")),
            addresses.parse(properties.get("CidrBlock")),
        )
        ranges[vpc] = ranges.get(vpc, ()) + ((block,) if block else ())
    return ranges


def _routes(names: References, unknown: list[Unknown]) -> dict[str, tuple[Route, ...]]:
    attached = {
        names.target(properties.get("InternetGatewayId"))
        for properties in names.of_type("AWS::EC2::VPCGatewayAttachment").values()
    }
    internet = names.of_type("AWS::EC2::InternetGateway")
    by_table: dict[str, list[Route]] = defaultdict(list)
    for name, properties in names.of_type("AWS::EC2::Route").items():
        kind, target = _target(properties, names)
        block = addresses.parse(properties.get("DestinationCidrBlock"))
        if kind == "gateway" and target in internet:
            # A gateway that is attached to nothing leads nowhere.
            kind = "internet" if target in attached else "nowhere"
        elif kind == "gateway":
            kind = "beyond"
        if block:
            by_table[names.target(properties.get("RouteTableId"))].append(
                Route(name, block, kind, target)
            )
        elif "DestinationIpv6CidrBlock" in properties:
            unknown.append(Unknown(name, f"{name}: routes of IPv6 are not judged"))
        else:
            unknown.append(Unknown(name, f"{name}: where it leads cannot be resolved"))
    return {
        table: tuple(sorted(routes, key=lambda route: route.range.last - route.range.first))
        for table, routes in by_table.items()
    }


def _target(properties: Mapping[str, Any], names: References) -> tuple[str, str]:
    for key, kind in TARGETS.items():
        if key in properties:
            return kind, names.target(properties[key])
    return "unknown", "nothing"


def _acl_entries(
    names: References, unknown: list[Unknown]
) -> dict[tuple[str, bool], tuple[AclEntry, ...]]:
    """Entries by ACL and direction (True: egress)."""
    by_acl: dict[tuple[str, bool], list[AclEntry]] = defaultdict(list)
    for vpc in names.of_type("AWS::EC2::VPC"):
        for out in (False, True):
            by_acl[f"{vpc}.{DEFAULT_ACL}", out] += ALLOW_ALL
    for name, properties in names.of_type("AWS::EC2::NetworkAclEntry").items():
        if "Ipv6CidrBlock" in properties:
            continue
        span = properties.get("PortRange", {})
        let = ports.of_rule(properties.get("Protocol"), span.get("From"), span.get("To"))
        block, number = (
            addresses.parse(properties.get("CidrBlock")),
            str(properties.get("RuleNumber")),
        )
        if let is None or block is None or not number.isdigit():
            unknown.append(Unknown(name, f"{name}: what it speaks of cannot be resolved"))
            continue
        out = is_true(properties.get("Egress"))
        allow = str(properties.get("RuleAction")).lower() == "allow"
        place = names.target(properties.get("NetworkAclId")), out
        by_acl[place].append(AclEntry(int(number), allow, let, block))
    return {place: tuple(sorted(entries)) for place, entries in by_acl.items()}
