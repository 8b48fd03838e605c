"""Random groups, routes and lists: the proof agrees with trying every packet."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from generator.checks.reach.facts import Link
from generator.checks.reach.names import Names
from generator.checks.reach.network import between, inbound, outbound
from generator.model.network import Network, groups, ports, routes
from generator.model.network.components import components
from generator.model.view import View
from tests.checks.reach.brute import Host, Packet, World, is_internet

Resources = dict[str, dict[str, Any]]
SUBNETS = {"Subnet0": "10.0.0.0/24", "Subnet1": "10.0.1.0/24", "Subnet2": "10.0.2.0/23"}
GROUPS = ("Group0", "Group1", "Group2")
INSTANCES = ("Instance0", "Instance1")
BLOCKS = (
    *("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/24", "203.0.113.128/25"),
    *("10.0.0.0/16", "10.0.1.0/24", "10.0.1.0/25", "10.0.3.0/24", "10.0.0.0/8"),
)
SPANS = (
    (22, 22),
    (80, 443),
    (3000, 3000),
    (1024, 65535),
    (32768, 60999),
    (40000, 40999),
    (0, 65535),
)
TRIED = sorted({p for a, b in SPANS for p in (a - 1, a, b, b + 1) if 0 <= p <= 65535})
PROTOCOLS = ("tcp", "udp", "icmp")


def _addresses(inside: str | None) -> list[IPv4Address]:
    """Both sides of every border, inside a subnet or on the internet."""
    edges = {
        IPv4Address(number)
        for block in BLOCKS
        for edge in (int(ip_network(block)[0]), int(ip_network(block)[-1]))
        for number in (edge - 1, edge, edge + 1)
        if 0 <= number < 2**32
    }
    if inside is None:
        return sorted(one for one in {*edges, IPv4Address("8.8.8.8")} if is_internet(one))
    network = IPv4Network(inside)
    return sorted(one for one in {*edges, network[9]} if one in network)


PLACES = {name: _addresses(block) for name, block in SUBNETS.items()}
WORLD = _addresses(None)


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


@st.composite
def _rule(draw: st.DrawFn, kind: str, side: str) -> dict[str, Any]:
    protocol = draw(st.sampled_from(("tcp", "tcp", "udp", "icmp", "-1")))
    properties: dict[str, Any] = {"GroupId": _ref(draw(st.sampled_from(GROUPS)))}
    properties["IpProtocol"] = protocol
    if protocol in ("tcp", "udp"):
        properties["FromPort"], properties["ToPort"] = draw(st.sampled_from(SPANS))
    if draw(st.booleans()):
        properties["CidrIp"] = draw(st.sampled_from(BLOCKS))
    else:
        properties[f"{side}SecurityGroupId"] = _ref(draw(st.sampled_from(GROUPS)))
    return {"Type": f"AWS::EC2::SecurityGroup{kind}", "Properties": properties}


@st.composite
def _entry(draw: st.DrawFn, number: int) -> dict[str, Any]:
    protocol = draw(st.sampled_from(("-1", "-1", "6", "17", "1")))
    properties: dict[str, Any] = {
        "NetworkAclId": _ref(draw(st.sampled_from(("List0", "List1")))),
        "RuleNumber": number,
        "Protocol": protocol,
        "RuleAction": draw(st.sampled_from(("allow", "allow", "deny"))),
        "Egress": draw(st.booleans()),
        "CidrBlock": draw(st.sampled_from(BLOCKS)),
    }
    if protocol in ("6", "17"):
        first, last = draw(st.sampled_from(SPANS))
        properties["PortRange"] = {"From": first, "To": last}
    return {"Type": "AWS::EC2::NetworkAclEntry", "Properties": properties}


class Maker:
    """Adds resources to a template."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.made: Resources = {}

    def add(self, name: str, kind: str, **properties: Any) -> None:
        self.made[name] = {"Type": f"AWS::EC2::{kind}", "Properties": properties}

    def one(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def topology(self) -> None:
        self.add("Vpc", "VPC", CidrBlock="10.0.0.0/16")
        self.add("Door", "InternetGateway")
        if self.draw(st.integers(0, 9)):
            hinge = {"VpcId": _ref("Vpc"), "InternetGatewayId": _ref("Door")}
            self.add("Hinge", "VPCGatewayAttachment", **hinge)
        self.add("Nat", "NatGateway", SubnetId=_ref(self.one(*SUBNETS)))
        for name, block in SUBNETS.items():
            self.add(name, "Subnet", VpcId=_ref("Vpc"), CidrBlock=block)
            if table := self.one("Table0", "Table1", "Table1", None):
                uses = {"SubnetId": _ref(name), "RouteTableId": _ref(table)}
                self.add(f"{name}Uses", "SubnetRouteTableAssociation", **uses)

    def routes(self) -> None:
        """The first table leads to NAT gateway or internet, the other mostly to the internet."""
        ways = {"GatewayId": _ref("Door")}, {"NatGatewayId": _ref("Nat")}
        for table, choices in (("Table0", ways), ("Table1", (ways[0], ways[0], ways[1]))):
            self.add(table, "RouteTable", VpcId=_ref("Vpc"))
            some = self.draw(st.lists(st.sampled_from(BLOCKS[1:5]), unique=True, max_size=2))
            for number, block in enumerate(["0.0.0.0/0", *some]):
                where = {"RouteTableId": _ref(table), "DestinationCidrBlock": block}
                self.add(
                    f"{table}{self.one('A', 'B')}{number}", "Route", **where, **self.one(*choices)
                )

    def lists(self, busy: bool) -> None:
        for name in SUBNETS:
            if chosen := self.one("List0", "List1") if busy else self.one("List0", None, None):
                place = {"SubnetId": _ref(name), "NetworkAclId": _ref(chosen)}
                self.add(f"{name}List", "SubnetNetworkAclAssociation", **place)
        for one in ("List0", "List1"):
            self.add(one, "NetworkAcl", VpcId=_ref("Vpc"))
            for out in (True, False):
                rest = {"NetworkAclId": _ref(one), "RuleNumber": 900, "Protocol": "-1"}
                rest |= {"RuleAction": "allow", "Egress": out, "CidrBlock": "0.0.0.0/0"}
                if self.draw(st.integers(0, 5)):
                    self.add(f"{one}{'Out' if out else 'In'}", "NetworkAclEntry", **rest)
        for number in range(self.draw(st.integers(2, 6) if busy else st.integers(0, 2))):
            self.made[f"Entry{number}"] = self.draw(_entry(100 + number))

    def groups(self, wide: bool) -> None:
        everything = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
        nothing = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "127.0.0.1/32"}
        for group in GROUPS:
            properties = {"VpcId": _ref("Vpc"), "SecurityGroupEgress": [nothing]}
            self.add(group, "SecurityGroup", **properties)
        for kind, side in (("Ingress", "Source"), ("Egress", "Destination")):
            for number, group in enumerate(GROUPS if wide else ()):
                rule = {"GroupId": _ref(group), **everything}
                self.add(f"Wide{kind}{number}", f"SecurityGroup{kind}", **rule)
            for number in range(0 if wide else self.draw(st.integers(2, 6))):
                self.made[f"{kind}{number}"] = self.draw(_rule(kind, side))

    def instances(self) -> None:
        for name in INSTANCES:
            own = st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2, unique=True)
            self.add(
                *(name, "Instance"),
                SubnetId=_ref(self.one(*SUBNETS)),
                SecurityGroupIds=[_ref(group) for group in self.draw(own)],
                NetworkInterfaces=[{"AssociatePublicIpAddress": self.one(True, True, False)}],
            )


@st.composite
def networks(draw: st.DrawFn, calm: bool = False) -> Resources:
    """Instances in three subnets of one network: either groups are random, or all the rest is; if
    ``calm``, hardly anything."""
    busy, maker = draw(st.booleans()) and not calm, Maker(draw)
    maker.topology()
    maker.routes()
    maker.lists(busy)
    maker.groups(wide=busy or calm)
    maker.instances()
    return maker.made


def _tried(world: World, senders: list[Host], receivers: list[Host]) -> tuple[int, int]:
    """The ports that some packet passes by and those that every one passes by."""
    may, must = 0, ports.EVERYTHING
    behind = [port for port in TRIED if 1024 <= port <= 65535]
    waiting = [port for port in behind if 32768 <= port <= 60999]
    for sender, receiver, protocol in itertools.product(senders, receivers, PROTOCOLS):
        known = waiting if sender.name else behind
        back = [world.answered(sender, receiver, protocol, port) for port in known]
        heard = [world.nat_hears(sender, receiver, protocol, port) for port in behind]
        some = protocol != "tcp" or (any(back) and any(heard))
        all_back = protocol == "icmp" or (all(back) and all(heard))
        for port in [0] if protocol == "icmp" else TRIED:
            bit = ports.some(protocol, port, port)
            there = world.arrives(sender, receiver, Packet(protocol, port))
            may |= bit if there and some else 0
            must &= ~(0 if there and all_back else bit)
    return may, must


def _all_tried() -> int:
    found = ports.some("icmp")
    for protocol in ("tcp", "udp"):
        for port in TRIED:
            found |= ports.some(protocol, port, port)
    return found


ALL_TRIED = _all_tried()


def _agrees(link: Link | None, world: World, senders: list[Host], receivers: list[Host]) -> None:
    assert link is not None
    may, must = _tried(world, senders, receivers)
    assert list(ports.runs(link.may & ALL_TRIED)) == list(ports.runs(may & ALL_TRIED)), link
    assert list(ports.runs(link.must & ALL_TRIED)) == list(ports.runs(must & ALL_TRIED)), link


class Case:
    """A random network, and what decides in it: the proof's way and the slow way."""

    def __init__(self, made: Resources) -> None:
        names = Names(View("any", "us-east-1", {}, {}, {}, made, {}, {}))
        topology, _ = routes.topology(names)
        rules, _ = groups.rules(names)
        self.net, self.world = Network(topology, rules, (), ()), World(made)
        self.placed = {one.logical: one for one in components(names, topology)}
        homes = {name: made[name]["Properties"]["SubnetId"]["Ref"] for name in INSTANCES}
        self.hosts = {
            name: [Host(name, home, one) for one in PLACES[home]] for name, home in homes.items()
        }
        self.outside = [Host("", "", one) for one in WORLD]

    def agree_inside(self, one: str, other: str) -> None:
        link = between(self.net, self.placed[one], self.placed[other], (one, other))
        _agrees(link, self.world, self.hosts[one], self.hosts[other])

    def agree_inward(self, one: str) -> None:
        link = inbound(self.net, self.placed[one], ("internet", one))
        # Which of its own addresses an instance has makes no difference to the world.
        _agrees(link, self.world, self.outside, self.hosts[one][:1])

    def agree_outward(self, one: str) -> None:
        link = outbound(self.net, self.placed[one], (one, "internet"))
        _agrees(link, self.world, self.hosts[one], self.outside)


thorough = settings(deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@given(made=networks())
@settings(thorough, max_examples=50)
def test_a_random_network_lets_pass_what_the_proof_says_and_nothing_else(made: Resources) -> None:
    case = Case(made)
    for one, other in itertools.product(INSTANCES, repeat=2):
        case.agree_inside(one, other)
    case.agree_inward(INSTANCES[0])
    case.agree_outward(INSTANCES[0])


def _chosen(subnet: str, one: str) -> dict[str, Any]:
    place = {"SubnetId": _ref(subnet), "NetworkAclId": _ref(one)}
    return {"Type": "AWS::EC2::SubnetNetworkAclAssociation", "Properties": place}


@st.composite
def _refusals(draw: st.DrawFn) -> dict[str, Any]:
    """What the list of a NAT gateway's subnet refuses first of all."""
    entry: dict[str, Any] = draw(_entry(10))
    blocks = st.sampled_from(("0.0.0.0/0", "10.0.0.0/24", "10.0.0.0/16", "203.0.113.0/24"))
    made = {"NetworkAclId": _ref("List0"), "RuleAction": "deny", "CidrBlock": draw(blocks)}
    entry["Properties"] |= made
    return entry


@given(made=networks(calm=True), refusal=_refusals())
@settings(thorough, max_examples=50)
def test_a_nat_gateway_lets_pass_what_the_proof_says_and_nothing_else(
    made: Resources, refusal: dict[str, Any]
) -> None:
    made["Refusal"] = refusal
    made["Subnet2List"] = _chosen("Subnet2", "List0")
    made["Hinge"] = {"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": {}}
    made["Hinge"]["Properties"] = {"VpcId": _ref("Vpc"), "InternetGatewayId": _ref("Door")}
    made["Nat"]["Properties"]["SubnetId"] = _ref("Subnet2")
    made[INSTANCES[0]]["Properties"]["SubnetId"] = _ref("Subnet0")
    for name in [n for n, r in made.items() if r["Type"].endswith("::Route")]:
        del made[name]
    for number, way in enumerate(({"NatGatewayId": _ref("Nat")}, {"GatewayId": _ref("Door")})):
        where = {"RouteTableId": _ref(f"Table{number}"), "DestinationCidrBlock": "0.0.0.0/0"}
        made[f"Route{number}"] = {"Type": "AWS::EC2::Route", "Properties": {**where, **way}}
    for name, number in (("Subnet0", 0), ("Subnet2", 1)):
        uses = {"SubnetId": _ref(name), "RouteTableId": _ref(f"Table{number}")}
        kind = "AWS::EC2::SubnetRouteTableAssociation"
        made[f"{name}Uses"] = {"Type": kind, "Properties": uses}
    Case(made).agree_outward(INSTANCES[0])
