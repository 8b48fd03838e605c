"""The network that resolved templates describe: subnets, routes, interfaces, security group rules.

Whatever the twin cannot enact is a ClinicError here, with its place: nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any, NoReturn

from generator.errors import ClinicError
from generator.model import backend
from generator.model.network import components, groups
from generator.twin.deployed import Deployed

EC2 = "AWS::EC2::"
BALANCER, BACKEND, DATABASE = components.BALANCER, components.BACKEND, components.DATABASE
FILES = components.FILES
NAT, CDN = "nat", "cdn"
STRANGER = "stranger"
"""Somebody in the VPC who is in no security group of the templates' and may send everything."""
NAT_GATEWAY, INTERNET_GATEWAY = "NatGatewayId", "GatewayId"
WAYS = {"nat": NAT_GATEWAY, "internet": INTERNET_GATEWAY}
"""The property that says so, by the model's kind of route."""
NAMED = {BALANCER: "alb", DATABASE: "db", FILES: "files"}
ONE = {DATABASE: 1}
"""How interfaces are called, by what they belong to, and of what there is one alone."""
FIRST_ADDRESS = 10
"""The first host number of a subnet that an interface gets; AWS reserves 0 to 3."""
PUBLIC = "203.0.113"
"""Public addresses of the twin: from a block for documentation (RFC 5737)."""
PEERS = (
    ("CidrIp", "cidr"),
    ("SourceSecurityGroupId", "group"),
    ("DestinationSecurityGroupId", "group"),
    ("SourcePrefixListId", "list"),
    ("DestinationPrefixListId", "list"),
)
"""The property of a rule that says who, and what kind of answer that is."""


@dataclass
class Subnet:
    """One subnet; ``taken`` counts the interfaces that it ever had."""

    name: str
    block: IPv4Network
    public: bool
    table: str = "main"
    taken: int = 0

    def address(self) -> str:
        """The next address that nobody has."""
        self.taken += 1
        return str(self.block[FIRST_ADDRESS + self.taken - 1])


@dataclass(frozen=True)
class Route:
    """Where a route table sends a block; ``target`` is the gateway's logical id."""

    destination: str
    by: str
    target: str


@dataclass(frozen=True)
class Rule:
    """One security group rule; ``peer`` is a block, a group's id or a prefix list's id."""

    out: bool
    group: str
    protocol: str
    first: int
    last: int
    kind: str
    peer: str


@dataclass
class Interface:
    """One network interface; its name is that of its network namespace."""

    name: str
    owner: str
    """Logical id of what it belongs to."""
    kind: str
    subnet: str
    groups: tuple[str, ...]
    address: str
    public: str = ""
    link: str = ""
    """The end of its cable in the router, once it is plugged in."""


@dataclass
class Wiring:
    """The whole network."""

    block: str
    subnets: dict[str, Subnet] = field(default_factory=dict)
    tables: dict[str, list[Route]] = field(default_factory=dict)
    s3_tables: set[str] = field(default_factory=set)
    """Route tables that lead to S3's gateway endpoint."""
    groups: dict[str, str] = field(default_factory=dict)
    """Logical ids of the security groups by id."""
    rules: list[Rule] = field(default_factory=list)
    lists: set[str] = field(default_factory=set)
    interfaces: list[Interface] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Interface]:
        """The interfaces of one kind of owner."""
        return [one for one in self.interfaces if one.kind == kind]

    def place(
        self, name: str, owner: str, kind: str, subnet: str, groups: Any = (), *, public: bool
    ) -> Interface:
        """Another interface in a subnet."""
        taken = {one.public for one in self.interfaces}
        free = (f"{PUBLIC}.{number}" for number in range(10, 255))
        made = Interface(
            name,
            owner,
            kind,
            subnet,
            tuple(groups),
            self.subnets[subnet].address(),
            next(address for address in free if address not in taken) if public else "",
        )
        self.interfaces.append(made)
        return made


def read(deployed: Deployed) -> Wiring:
    """The network of a deployed stack, with every interface but the instances'."""
    _, vpc = deployed.the(f"{EC2}VPC")
    wiring = Wiring(vpc["CidrBlock"])
    _subnets(deployed, wiring)
    _routes(deployed, wiring)
    _endpoints(deployed, wiring)
    _groups(deployed, wiring)
    _interfaces(deployed, wiring)
    return wiring


def _refuse(name: str, what: str) -> NoReturn:
    raise ClinicError(f"{name}: {what} is nothing that the twin can enact.")


def _subnets(deployed: Deployed, wiring: Wiring) -> None:
    topology = deployed.network.topology
    given = deployed.references.of_type(f"{EC2}Subnet")
    for name, subnet in topology.subnets.items():
        table = deployed.ids[topology.tables[name]] if name in topology.tables else "main"
        block = IPv4Network(given[name]["CidrBlock"])
        wiring.subnets[deployed.ids[name]] = Subnet(name, block, subnet.public, table)
    for subnet_id in topology.tables.keys() - topology.subnets.keys():
        _refuse(subnet_id, "a subnet of somebody else")
    for name in deployed.of_type(f"{EC2}NetworkAclEntry"):
        _refuse(name, "a network ACL")


def _routes(deployed: Deployed, wiring: Wiring) -> None:
    wiring.tables = {deployed.ids[name]: [] for name in deployed.of_type(f"{EC2}RouteTable")}
    wiring.tables["main"] = []
    known = {one.name: one for some in deployed.network.topology.routes.values() for one in some}
    for name, given in deployed.of_type(f"{EC2}Route").items():
        if "DestinationIpv6CidrBlock" in given:
            wiring.ignored.append(name)
            continue
        route = known.get(name)
        if route and route.kind == "nowhere":
            raise ClinicError(f"{name} leads to an internet gateway that no network has.")
        if not route or route.kind not in WAYS:
            _refuse(name, "a route of this kind")
        made = Route(given["DestinationCidrBlock"], WAYS[route.kind], route.target)
        wiring.tables[given["RouteTableId"]].append(made)


def _endpoints(deployed: Deployed, wiring: Wiring) -> None:
    for name, given in deployed.of_type(f"{EC2}VPCEndpoint").items():
        gateway = given.get("VpcEndpointType", "Gateway") == "Gateway"
        if not gateway or not given["ServiceName"].endswith(".s3"):
            _refuse(name, f"an endpoint for {given['ServiceName']}")
        wiring.s3_tables.update(given.get("RouteTableIds", []))


def _groups(deployed: Deployed, wiring: Wiring) -> None:
    names = deployed.references
    known = names.of_type(f"{EC2}SecurityGroup")
    wiring.groups = {deployed.ids[name]: name for name in known}
    everything = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
    implied = (
        (group, True, group, everything) for group in sorted(groups.without_egress_rules(names))
    )
    for group, out, name, given in (*groups.declared_rules(names), *implied):
        _add(wiring, deployed.ids.get(group, group), given, name, out=out)


def _add(wiring: Wiring, group: str, given: Mapping[str, Any], name: str, *, out: bool) -> None:
    peers = [(kind, str(given[key])) for key, kind in PEERS if key in given]
    if not peers:
        if "CidrIpv6" not in given:
            _refuse(name, "a rule without a block, a group or a prefix list")
        wiring.ignored.append(name)
        return
    [(kind, peer)] = peers
    if kind == "list":
        wiring.lists.add(peer)
    first, last = int(given.get("FromPort", 0)), int(given.get("ToPort", 65535))
    protocol = str(given["IpProtocol"]).lower()
    wiring.rules.append(Rule(out, group, protocol, first, last, kind, peer))


def _interfaces(deployed: Deployed, wiring: Wiring) -> None:
    for number, (name, given) in enumerate(deployed.of_type(f"{EC2}NatGateway").items()):
        wiring.place(f"nat{number}", name, NAT, given["SubnetId"], public=True)
    balancers = deployed.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer")
    for kind, label in NAMED.items():
        placed = [one for one in deployed.network.components if one.kind == kind]
        for one in placed:
            for odd in (
                *one.unresolved,
                *(name for name in one.groups if name not in deployed.ids),
            ):
                _refuse(one.logical, f"{odd}, of which the templates say nothing,")
        # A database has one interface at a time, in a subnet that RDS chooses.
        subnets = [(one, name) for one in placed for name in one.subnets[: ONE.get(kind)]]
        for number, (one, subnet) in enumerate(subnets):
            own = tuple(deployed.ids[name] for name in one.groups)
            name = label if kind in ONE else f"{label}{number}"
            where, public = deployed.ids[subnet], subnet in one.public
            wiring.place(name, one.logical, kind, where, own, public=public)
    for name, given in _vpc_origins(deployed):
        if not wiring.of_kind(CDN):
            balancer = balancers[deployed.named(given["Arn"])]
            wiring.place("edge", name, CDN, balancer["Subnets"][0], public=False)


def _vpc_origins(deployed: Deployed) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, given in deployed.of_type("AWS::CloudFront::VpcOrigin").items():
        yield name, given["VpcOriginEndpointConfig"]


def launch(deployed: Deployed) -> dict[str, Any]:
    """What the instances of the Auto Scaling group are launched with."""
    name, group = deployed.the(backend.GROUP)
    data = backend.launches(name, group, deployed.references)[0]
    if data["from"] not in deployed.ids:
        _refuse(name, f"{data['from']}, of which the templates say nothing,")
    return data


def instance(deployed: Deployed, wiring: Wiring, number: int, instance_id: str) -> Interface:
    """The interface of the ``number``-th instance of the group: subnets in turn."""
    name, group = deployed.the(backend.GROUP)
    groups, stated, _ = backend.interface(launch(deployed))
    subnets = group["VPCZoneIdentifier"]
    subnet = subnets[number % len(subnets)]
    public = wiring.subnets[subnet].public if stated is None else stated
    return wiring.place(instance_id, name, BACKEND, subnet, groups or (), public=public)
