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
from generator.twin.deployed import DeployedStack

EC2 = "AWS::EC2::"
BALANCER, BACKEND, DATABASE = components.BALANCER, components.BACKEND, components.DATABASE
FILES = components.FILES
NAT, CDN = "nat", "cdn"
STRANGER = "stranger"
"""An interface in the VPC without the templates' security groups; its egress is unrestricted."""
NAT_GATEWAY, INTERNET_GATEWAY = "NatGatewayId", "GatewayId"
WAYS = {"nat": NAT_GATEWAY, "internet": INTERNET_GATEWAY}
"""The property that names the target, by the model's kind of route."""
NAMED = {BALANCER: "alb", DATABASE: "db", FILES: "files"}
ONE = {DATABASE: 1}
"""Names of interfaces by kind of owner, and the kinds that have one interface at a time."""
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
"""The properties of a rule that name its peer, and the kind of peer."""


@dataclass
class PlannedSubnet:
    """One subnet; ``addresses_used`` counts the addresses that were ever given out."""

    name: str
    block: IPv4Network
    public: bool
    table: str = "main"
    addresses_used: int = 0

    def address(self) -> str:
        """The next private address that no interface has had."""
        self.addresses_used += 1
        return str(self.block[FIRST_ADDRESS + self.addresses_used - 1])


@dataclass(frozen=True)
class PlannedRoute:
    """One route: destination CIDR block, the property that names the target (GatewayId or
    NatGatewayId), and the target's logical id."""

    destination: str
    target_property: str
    target: str


@dataclass(frozen=True)
class PlannedRule:
    """One security group rule; ``kind`` is cidr, group or list, and ``peer`` the CIDR block, the
    security group's id or the prefix list's id."""

    egress: bool
    group: str
    protocol: str
    first: int
    last: int
    kind: str
    peer: str


@dataclass
class NetworkInterface:
    """One network interface; its name is that of its network namespace."""

    name: str
    owner: str
    """Logical id of what it belongs to."""
    kind: str
    subnet: str
    groups: tuple[str, ...]
    address: str
    public: str = ""
    router_device: str = ""
    """The router's end of its veth pair, once it is attached."""


@dataclass
class NetworkPlan:
    """The VPC to build: subnets, route tables, security group rules and network interfaces."""

    block: str
    subnets: dict[str, PlannedSubnet] = field(default_factory=dict)
    tables: dict[str, list[PlannedRoute]] = field(default_factory=dict)
    s3_tables: set[str] = field(default_factory=set)
    """Route tables that lead to S3's gateway endpoint."""
    groups: dict[str, str] = field(default_factory=dict)
    """Logical ids of the security groups by id."""
    rules: list[PlannedRule] = field(default_factory=list)
    prefix_lists: set[str] = field(default_factory=set)
    interfaces: list[NetworkInterface] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[NetworkInterface]:
        """The interfaces of one kind of owner."""
        return [one for one in self.interfaces if one.kind == kind]

    def add_interface(
        self, name: str, owner: str, kind: str, subnet: str, groups: Any = (), *, public: bool
    ) -> NetworkInterface:
        """Add a network interface with the subnet's next address."""
        taken = {one.public for one in self.interfaces}
        free = (f"{PUBLIC}.{number}" for number in range(10, 255))
        made = NetworkInterface(
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


def read(deployed: DeployedStack) -> NetworkPlan:
    """The network of a deployed stack, with every interface but the instances'."""
    _, vpc = deployed.only(f"{EC2}VPC")
    plan = NetworkPlan(vpc["CidrBlock"])
    _subnets(deployed, plan)
    _routes(deployed, plan)
    _endpoints(deployed, plan)
    _groups(deployed, plan)
    _interfaces(deployed, plan)
    return plan


def _refuse(name: str, what: str) -> NoReturn:
    raise ClinicError(f"{name}: {what} is nothing that the twin can enact.")


def _subnets(deployed: DeployedStack, plan: NetworkPlan) -> None:
    topology = deployed.network.topology
    subnets = deployed.references.of_type(f"{EC2}Subnet")
    for name, subnet in topology.subnets.items():
        table = deployed.ids[topology.tables[name]] if name in topology.tables else "main"
        block = IPv4Network(subnets[name]["CidrBlock"])
        plan.subnets[deployed.ids[name]] = PlannedSubnet(name, block, subnet.public, table)
    for subnet_id in topology.tables.keys() - topology.subnets.keys():
        _refuse(subnet_id, "a subnet of somebody else")
    for name in deployed.of_type(f"{EC2}NetworkAclEntry"):
        _refuse(name, "a network ACL")


def _routes(deployed: DeployedStack, plan: NetworkPlan) -> None:
    plan.tables = {deployed.ids[name]: [] for name in deployed.of_type(f"{EC2}RouteTable")}
    plan.tables["main"] = []
    known = {one.name: one for some in deployed.network.topology.routes.values() for one in some}
    for name, properties in deployed.of_type(f"{EC2}Route").items():
        if "DestinationIpv6CidrBlock" in properties:
            plan.ignored.append(name)
            continue
        route = known.get(name)
        if route and route.kind == "nowhere":
            raise ClinicError(f"{name} leads to an internet gateway that no network has.")
        if not route or route.kind not in WAYS:
            _refuse(name, "a route of this kind")
        made = PlannedRoute(properties["DestinationCidrBlock"], WAYS[route.kind], route.target)
        plan.tables[properties["RouteTableId"]].append(made)


def _endpoints(deployed: DeployedStack, plan: NetworkPlan) -> None:
    for name, properties in deployed.of_type(f"{EC2}VPCEndpoint").items():
        gateway = properties.get("VpcEndpointType", "Gateway") == "Gateway"
        if not gateway or not properties["ServiceName"].endswith(".s3"):
            _refuse(name, f"an endpoint for {properties['ServiceName']}")
        plan.s3_tables.update(properties.get("RouteTableIds", []))


def _groups(deployed: DeployedStack, plan: NetworkPlan) -> None:
    names = deployed.references
    known = names.of_type(f"{EC2}SecurityGroup")
    plan.groups = {deployed.ids[name]: name for name in known}
    everything = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
    implied = (
        (group, True, group, everything) for group in sorted(groups.without_egress_rules(names))
    )
    for group, out, name, properties in (*groups.declared_rules(names), *implied):
        _add_rule(plan, deployed.ids.get(group, group), properties, name, out=out)


def _add_rule(
    plan: NetworkPlan, group: str, properties: Mapping[str, Any], name: str, *, out: bool
) -> None:
    peers = [(kind, str(properties[key])) for key, kind in PEERS if key in properties]
    if not peers:
        if "CidrIpv6" not in properties:
            _refuse(name, "a rule without a block, a group or a prefix list")
        plan.ignored.append(name)
        return
    [(kind, peer)] = peers
    if kind == "list":
        plan.prefix_lists.add(peer)
    first, last = int(properties.get("FromPort", 0)), int(properties.get("ToPort", 65535))
    protocol = str(properties["IpProtocol"]).lower()
    plan.rules.append(PlannedRule(out, group, protocol, first, last, kind, peer))


def _interfaces(deployed: DeployedStack, plan: NetworkPlan) -> None:
    for number, (name, properties) in enumerate(deployed.of_type(f"{EC2}NatGateway").items()):
        plan.add_interface(f"nat{number}", name, NAT, properties["SubnetId"], public=True)
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
            plan.add_interface(name, one.logical, kind, where, own, public=public)
    for name, properties in _vpc_origins(deployed):
        if not plan.of_kind(CDN):
            balancer = balancers[deployed.logical_id(properties["Arn"])]
            plan.add_interface("edge", name, CDN, balancer["Subnets"][0], public=False)


def _vpc_origins(deployed: DeployedStack) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, properties in deployed.of_type("AWS::CloudFront::VpcOrigin").items():
        yield name, properties["VpcOriginEndpointConfig"]


def launch(deployed: DeployedStack) -> dict[str, Any]:
    """What the instances of the Auto Scaling group are launched with."""
    name, group = deployed.only(backend.GROUP)
    data = backend.launches(name, group, deployed.references)[0]
    if data["from"] not in deployed.ids:
        _refuse(name, f"{data['from']}, of which the templates say nothing,")
    return data


def instance(
    deployed: DeployedStack, plan: NetworkPlan, number: int, instance_id: str
) -> NetworkInterface:
    """The interface of the ``number``-th instance of the group: subnets in turn."""
    name, group = deployed.only(backend.GROUP)
    groups, stated, _ = backend.interface(launch(deployed))
    subnets = group["VPCZoneIdentifier"]
    subnet = subnets[number % len(subnets)]
    public = plan.subnets[subnet].public if stated is None else stated
    return plan.add_interface(instance_id, name, BACKEND, subnet, groups or (), public=public)
