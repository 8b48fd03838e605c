"""The network that resolved templates describe: subnets, routes, interfaces, security group rules.

Whatever the twin cannot enact is a ClinicError here, with its place: nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any, NoReturn

from generator.errors import ClinicError
from generator.model.walk import is_true
from generator.twin.deployed import Deployed

EC2 = "AWS::EC2::"
BALANCER, BACKEND, DATABASE, FILES = "balancer", "backend", "database", "file system"
NAT, CDN = "nat", "cdn"
STRANGER = "stranger"
"""Somebody in the VPC who is in no security group of the templates' and may send everything."""
NAT_GATEWAY, INTERNET_GATEWAY = "NatGatewayId", "GatewayId"
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
    """Where a route table sends a block: an internet gateway's id, a NAT gateway's logical id."""

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
    for name, given in deployed.of_type(f"{EC2}Subnet").items():
        wiring.subnets[deployed.ids[name]] = Subnet(
            name, IPv4Network(given["CidrBlock"]), is_true(given.get("MapPublicIpOnLaunch"))
        )
    for name, given in deployed.of_type(f"{EC2}SubnetRouteTableAssociation").items():
        if given["SubnetId"] not in wiring.subnets:
            _refuse(name, "a subnet of somebody else")
        wiring.subnets[given["SubnetId"]].table = given["RouteTableId"]
    for name in deployed.of_type(f"{EC2}NetworkAclEntry"):
        _refuse(name, "a network ACL")


def _routes(deployed: Deployed, wiring: Wiring) -> None:
    wiring.tables = {deployed.ids[name]: [] for name in deployed.of_type(f"{EC2}RouteTable")}
    wiring.tables["main"] = []
    attached = {
        given.get("InternetGatewayId")
        for given in deployed.of_type(f"{EC2}VPCGatewayAttachment").values()
    }
    for name, given in deployed.of_type(f"{EC2}Route").items():
        if "DestinationIpv6CidrBlock" in given:
            wiring.ignored.append(name)
            continue
        by = next((key for key in (INTERNET_GATEWAY, NAT_GATEWAY) if key in given), "")
        if not by or "DestinationCidrBlock" not in given:
            _refuse(name, "a route of this kind")
        if by == INTERNET_GATEWAY and given[by] not in attached:
            raise ClinicError(f"{name} leads to an internet gateway that no network has.")
        target = deployed.named(given[by]) if by == NAT_GATEWAY else given[by]
        route = Route(given["DestinationCidrBlock"], by, target)
        wiring.tables[given["RouteTableId"]].append(route)


def _endpoints(deployed: Deployed, wiring: Wiring) -> None:
    for name, given in deployed.of_type(f"{EC2}VPCEndpoint").items():
        gateway = given.get("VpcEndpointType", "Gateway") == "Gateway"
        if not gateway or not given["ServiceName"].endswith(".s3"):
            _refuse(name, f"an endpoint for {given['ServiceName']}")
        wiring.s3_tables.update(given.get("RouteTableIds", []))


def _groups(deployed: Deployed, wiring: Wiring) -> None:
    for name, given in deployed.of_type(f"{EC2}SecurityGroup").items():
        group = wiring.groups[deployed.ids[name]] = name
        for out, key in ((False, "SecurityGroupIngress"), (True, "SecurityGroupEgress")):
            for rule in given.get(key, []):
                _add(wiring, deployed.ids[name], rule, group, out=out)
        if "SecurityGroupEgress" not in given:
            everything = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
            _add(wiring, deployed.ids[name], everything, group, out=True)
    for kind, out in (("Ingress", False), ("Egress", True)):
        for name, given in deployed.of_type(f"{EC2}SecurityGroup{kind}").items():
            _add(wiring, given["GroupId"], given, name, out=out)


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
    for name, given in balancers.items():
        facing = given.get("Scheme", "internet-facing") != "internal"
        for number, subnet in enumerate(given["Subnets"]):
            groups = given["SecurityGroups"]
            wiring.place(f"alb{number}", name, BALANCER, subnet, groups, public=facing)
    for name, given in deployed.of_type("AWS::RDS::DBInstance").items():
        group = deployed.of_type("AWS::RDS::DBSubnetGroup")[
            deployed.named(given["DBSubnetGroupName"])
        ]
        public = is_true(given.get("PubliclyAccessible", "false"))
        wiring.place(
            "db", name, DATABASE, group["SubnetIds"][0], given["VPCSecurityGroups"], public=public
        )
    for number, given in enumerate(deployed.of_type("AWS::EFS::MountTarget").values()):
        files = deployed.named(given["FileSystemId"])
        groups = given["SecurityGroups"]
        wiring.place(f"files{number}", files, FILES, given["SubnetId"], groups, public=False)
    for name, given in _vpc_origins(deployed):
        if not wiring.of_kind(CDN):
            balancer = balancers[deployed.named(given["Arn"])]
            wiring.place("edge", name, CDN, balancer["Subnets"][0], public=False)


def _vpc_origins(deployed: Deployed) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, given in deployed.of_type("AWS::CloudFront::VpcOrigin").items():
        yield name, given["VpcOriginEndpointConfig"]


def launch(deployed: Deployed) -> dict[str, Any]:
    """The launch template's data of the Auto Scaling group."""
    _, group = deployed.the("AWS::AutoScaling::AutoScalingGroup")
    template = deployed.named(group["LaunchTemplate"]["LaunchTemplateId"])
    data: dict[str, Any] = deployed.of_type(f"{EC2}LaunchTemplate")[template]["LaunchTemplateData"]
    return data


def instance(deployed: Deployed, wiring: Wiring, number: int, instance_id: str) -> Interface:
    """The interface of the ``number``-th instance of the group: subnets in turn."""
    name, group = deployed.the("AWS::AutoScaling::AutoScalingGroup")
    data = launch(deployed)
    [interface] = data.get("NetworkInterfaces") or [{}]
    subnets = group["VPCZoneIdentifier"]
    subnet = subnets[number % len(subnets)]
    stated = interface.get("AssociatePublicIpAddress")
    public = wiring.subnets[subnet].public if stated is None else is_true(stated)
    groups = interface.get("Groups") or data.get("SecurityGroupIds") or []
    return wiring.place(instance_id, name, BACKEND, subnet, groups, public=public)
