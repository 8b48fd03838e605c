"""The VPC as a router: route tables by policy routing, security groups by nftables.

One network namespace is the router, one more for each network interface. They are connected by
routed veth pairs and never bridged, so that every packet passes the router's rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from generator.twin.counters import Counters, decisions, guarded
from generator.twin.namespaces import forward, ip, nft, run
from generator.twin.network_plan import (
    CDN,
    NAT,
    NAT_GATEWAY,
    NetworkInterface,
    NetworkPlan,
    PlannedRule,
)

EDGE, CLIENT = "130.176.0.10", "198.51.100.10"
"""The CDN's own address, one of CloudFront's, and a visitor's (RFC 5737)."""
SERVICES, S3, ARCHIVE, CODE = "52.94.0.10", "52.216.0.10", "185.125.190.36", "140.82.112.3"
"""AWS's services, S3 with the block that its gateway endpoint serves, Ubuntu's archive, GitHub and
the registries."""
S3_BLOCK = "52.216.0.0/16"
METADATA = "169.254.169.254"
GATEWAY = "169.254.1.1"
"""What every interface takes for its gateway; the router answers for it."""
ROUTER, UPLINK = "vpc", "igw"
LOCAL, NOWHERE, ANSWERS = 50, 61, 62
"""Routing tables: inside the VPC, what no table knows, and what the router itself sends."""
FIRST_TABLE = 1000


@dataclass
class VpcNetwork:
    """The running network."""

    plan: NetworkPlan
    numbers: dict[str, int] = field(default_factory=dict)
    """Routing tables of the kernel by route table."""
    veth_pairs: int = 0
    counters: Counters = field(default_factory=lambda: Counters(_rules))

    def start(self) -> None:
        """Create the router, the internet's namespaces and every interface of the plan."""
        self.numbers = {t: FIRST_TABLE + n for n, t in enumerate(self.plan.tables)}
        _internet(self.plan.block)
        for table, routes in self.plan.tables.items():
            self._route(table, [r.destination for r in routes if r.target_property != NAT_GATEWAY])
        for interface in self.plan.interfaces:
            self._connect(interface)
        nats = {one.owner: one for one in self.plan.of_kind(NAT)}
        self._route_through(nats)
        self.filter()

    def attach(self, interface: NetworkInterface) -> None:
        """Connect another interface to the router, and load the rules anew."""
        self._connect(interface)
        self.filter()

    def detach(self, interface: NetworkInterface) -> None:
        """Delete an interface; what runs in its namespace has no network any more."""
        self.plan.interfaces.remove(interface)
        ip(
            [
                f"rule del pref 200 iif {interface.router_device}",
                f"link del {interface.router_device}",
            ],
            ROUTER,
        )
        run(["ip", "netns", "del", interface.name])
        self.filter()

    def filter(self) -> None:
        """Load the rules of all security groups, as they are with the interfaces of now."""
        rules = "\n".join(rule_set(self.plan)) + "\n"
        self.counters.reload(self.plan, lambda: nft(ROUTER, rules))

    def _route(self, table: str, destinations: Iterable[str]) -> None:
        number = self.numbers[table]
        lines = [
            f"route replace {destination} via 169.254.3.1 dev {UPLINK} onlink table {number}"
            for destination in destinations
        ]
        if table in self.plan.s3_tables:
            lines.append(f"route replace {S3_BLOCK} via 169.254.2.2 dev vpce onlink table {number}")
        ip(lines, ROUTER)

    def _route_through(self, nats: dict[str, NetworkInterface]) -> None:
        for table, routes in self.plan.tables.items():
            for route in routes:
                if route.target_property == NAT_GATEWAY:
                    nat = nats[route.target]
                    ip(
                        [
                            f"route replace {route.destination} via {nat.address} "
                            f"dev {nat.router_device} onlink table {self.numbers[table]}"
                        ],
                        ROUTER,
                    )

    def _connect(self, interface: NetworkInterface) -> None:
        self.veth_pairs += 1
        link = interface.router_device = f"e{self.veth_pairs}"
        table = self.numbers[self.plan.subnets[interface.subnet].table]
        place = [
            f"link set {link} up",
            f"addr add {GATEWAY}/32 dev {link}",
            f"route add {interface.address}/32 dev {link} table {LOCAL}",
            f"rule add pref 200 iif {link} lookup {table}",
        ]
        if interface.kind == CDN:  # a leg of the CDN's into the network
            ip([f"link add name {link} type veth peer name leg netns edge", *place], ROUTER)
            ip(
                [
                    "link set leg up",
                    f"addr add {interface.address}/32 dev leg",
                    f"route add {self.plan.block} dev leg via {GATEWAY} onlink "
                    f"src {interface.address}",
                ],
                "edge",
            )
            return
        ip([f"netns add {interface.name}"])
        cable = f"link add name {link} type veth peer name eth0 netns {interface.name}"
        ip([cable, *place], ROUTER)
        _leaf(interface.name, [interface.address])
        if interface.kind == NAT:
            forward(interface.name)
            nft(
                interface.name,
                "table ip nat { chain post { type nat hook postrouting priority 100;\n"
                "oifname eth0 masquerade; }; }\n",
            )


def _internet(block: str) -> None:
    """Namespaces for the CDN, a client and AWS's services, and routes between them and the VPC."""
    places = {"edge": [EDGE], "client": [CLIENT], "aws": [SERVICES, S3, ARCHIVE, CODE]}
    ip([f"netns add {name}" for name in (ROUTER, *places)])
    lines = ["link set lo up"]
    for name, addresses in places.items():
        lines += [
            f"link add name w-{name} type veth peer name eth0 netns {name}",
            f"link set w-{name} up",
            f"addr add {GATEWAY}/32 dev w-{name}",
            f"route add {addresses[0]}/32 dev w-{name}",
            *(f"route add {a}/32 via {addresses[0]} dev w-{name} onlink" for a in addresses[1:]),
        ]
    lines += [
        f"link add name w-{ROUTER} type veth peer name {UPLINK} netns {ROUTER}",
        f"link set w-{ROUTER} up",
        f"addr add 169.254.3.1/32 dev w-{ROUTER}",
        f"route add 100.64.0.1/32 dev w-{ROUTER}",
        f"route add 203.0.113.0/24 via 100.64.0.1 dev w-{ROUTER} onlink",
    ]
    ip(lines)
    for name, addresses in places.items():
        _leaf(name, addresses)
    ip(
        [
            "link set lo up",
            f"addr add 100.64.0.1/32 dev {UPLINK}",
            f"addr add {METADATA}/32 dev lo",
            f"link set {UPLINK} up",
            "link add name vpce type veth peer name vpce netns aws",
            "link set vpce up",
            "addr add 169.254.2.1/32 dev vpce",
            f"rule add pref 100 lookup {LOCAL}",
            f"route add blackhole default table {NOWHERE}",
            f"rule add pref 300 iif lo lookup {ANSWERS}",
            f"route add default via 169.254.3.1 dev {UPLINK} onlink table {ANSWERS}",
            f"rule add pref 31000 lookup {NOWHERE}",
        ],
        ROUTER,
    )
    ip(
        [
            "link set vpce up",
            "addr add 169.254.2.2/32 dev vpce",
            f"route add {block} via 169.254.2.1 dev vpce onlink",
        ],
        "aws",
    )
    for name in ("", ROUTER, "aws"):
        forward(name)


def _leaf(namespace: str, addresses: list[str]) -> None:
    ip(
        [
            "link set lo up",
            "link set eth0 up",
            *(f"addr add {address}/32 dev eth0" for address in addresses),
            f"route add {GATEWAY} dev eth0 scope link",
            f"route add default via {GATEWAY} dev eth0 onlink src {addresses[0]}",
        ],
        namespace,
    )


def rule_set(plan: NetworkPlan) -> Iterator[str]:
    """The router's rules for nft: sets of addresses, a chain an interface and direction."""
    yield from ("table inet vpc", "delete table inet vpc", "table inet vpc {")
    for group in plan.groups:
        members = [one.address for one in plan.interfaces if group in one.groups]
        yield _set(f"g_{_nft_name(group)}", members)
    edges = [EDGE, *(one.address for one in plan.of_kind(CDN))]
    for each in sorted(plan.prefix_lists):
        yield _set(f"l_{_nft_name(each)}", edges)
    yield _set("public", [one.address for one in plan.interfaces if one.public])
    for chain, decided in decisions(plan).items():
        yield f"chain {chain} {{"
        yield from (f"{_match(one.rule)} counter return" for one in decided if one.rule)
        yield "counter drop\n}"
    yield "chain forward { type filter hook forward priority 0; policy drop;"
    yield "ct state established,related accept"
    for one in plan.interfaces:
        if one.kind != NAT:
            yield f'iifname "{one.router_device}" ip saddr != {one.address} drop'
    for one in guarded(plan):
        yield f'iifname "{one.router_device}" jump out_{one.router_device}'
    for one in guarded(plan):
        yield f'oifname "{one.router_device}" jump in_{one.router_device}'
    yield f'oifname "{UPLINK}" ip saddr != @public counter drop\naccept\n}}'
    yield "chain pre { type nat hook prerouting priority -100;"
    for one in plan.interfaces:
        if one.public:
            yield f'iifname "{UPLINK}" ip daddr {one.public} dnat ip to {one.address}'
    yield "}\nchain post { type nat hook postrouting priority 100;"
    for one in plan.interfaces:
        if one.public:
            yield f'oifname "{UPLINK}" ip saddr {one.address} snat ip to {one.public}'
    yield "}\n}"


def _rules() -> str:
    table = ["nft", "-j", "list", "table", "inet", "vpc"]
    return run(["nsenter", f"--net=/run/netns/{ROUTER}", *table])


def _set(name: str, addresses: Iterable[str]) -> str:
    listed = ", ".join(addresses)
    elements = f"elements = {{ {listed} }};" if listed else ""
    return f"set {name} {{ type ipv4_addr; {elements} }}"


def _nft_name(name: str) -> str:
    return name.replace("-", "_")


def _match(rule: PlannedRule) -> str:
    address = "daddr" if rule.egress else "saddr"
    peers = {
        "cidr": rule.peer,
        "group": f"@g_{_nft_name(rule.peer)}",
        "list": f"@l_{_nft_name(rule.peer)}",
    }
    ports = ""
    if rule.protocol in ("tcp", "udp", "6", "17"):
        name = {"6": "tcp", "17": "udp"}.get(rule.protocol, rule.protocol)
        ports = f" {name} dport {rule.first}-{rule.last}"
    elif rule.protocol != "-1":
        ports = f" meta l4proto {rule.protocol}"
    return f"ip {address} {peers[rule.kind]}{ports}"
