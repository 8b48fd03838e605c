"""The hops of a connection: security group rules, network ACLs, routes, public addresses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from generator.model.network import Network, ports
from generator.model.network.components import Component
from generator.model.network.routes import Subnet, allowed_ports

ANY_PORT = (1024, 65535)
"""Where a client that is not known may wait for answers."""


class Hop(NamedTuple):
    """One thing that a packet has to pass. ``may`` and ``must`` are sets of ports: those that it
    lets pass as far as the templates tell, and those that it certainly lets pass."""

    name: str
    may: int
    must: int
    parts: tuple[tuple[str, int], ...] = ()
    """The rules, ACLs or routes that let packets pass, each with its ports; empty: not shown."""


class ConnectionEnd(NamedTuple):
    """One end of a connection: an address and, inside a VPC, its component and subnet."""

    component: Component | None
    subnet: Subnet | None
    address: int
    prefix_lists: tuple[str, ...] = ()
    """Prefix lists that the address is on."""


def blocked(why: str) -> Hop:
    """A hop that no port passes."""
    return Hop(why, 0, 0)


def public_address_hop(end: ConnectionEnd) -> Hop:
    """The public IPv4 address without which the internet cannot reach a component."""
    assert end.component is not None
    assert end.subnet is not None
    if end.subnet.name in end.component.public:
        return Hop("a public address", ports.EVERYTHING, ports.EVERYTHING)
    return blocked(f"no public address in {end.subnet.name}")


def group_rules_hop(network: Network, own: ConnectionEnd, other: ConnectionEnd, out: bool) -> Hop:
    """What the security groups of ``own`` allow to (``out``) or from ``other``."""
    assert own.component is not None
    groups = other.component.groups if other.component else other.prefix_lists
    parts = [
        (rule, rule.ports)
        for name in own.component.groups
        for rule in network.rules.get(name, ())
        if rule.out == out and rule.admits(other.address, groups)
    ]
    names = " and ".join(own.component.groups)
    label = f"no rule of {names} lets it {'out' if out else 'in'}"
    return Hop(
        label,
        _union(let for _, let in parts),
        _union(let for rule, let in parts if rule.known),
        tuple((rule.name, let) for rule, let in parts),
    )


def _union(sets: Iterable[int]) -> int:
    return reduce(int.__or__, sets, 0)


def inbound_acl_hop(subnet: Subnet, address: int) -> Hop:
    """The inbound rules of a subnet's network ACL for packets from ``address``."""
    let = allowed_ports(subnet.inbound, address)
    return Hop(subnet.acl, let, let, _named_parts(subnet.acl, let))


def _named_parts(name: str, let: int) -> tuple[tuple[str, int], ...]:
    """The ACL with its ports; nothing for one that allows everything, such as the default ACL."""
    return () if let == ports.EVERYTHING else ((name, let),)


def acl_hops(start: ConnectionEnd, address: int, into: Subnet | None) -> list[Hop]:
    """The network ACLs of the subnet that a packet for ``address`` leaves and of ``into``."""
    assert start.subnet is not None
    out = allowed_ports(start.subnet.outbound, address)
    hops = [Hop(start.subnet.acl, out, out, _named_parts(start.subnet.acl, out))]
    if into:
        hops.append(inbound_acl_hop(into, start.address))
    return hops


def return_hops(start: ConnectionEnd, end: ConnectionEnd) -> list[Hop]:
    """Network ACLs are stateless: each one on the path must allow the return traffic too."""
    back = []
    if end.subnet:
        back.append((end.subnet.acl, allowed_ports(end.subnet.outbound, start.address)))
    if start.subnet:
        back.append((start.subnet.acl, allowed_ports(start.subnet.inbound, end.address)))
    return _returning(back, start)


def nat_acl_hops(start: ConnectionEnd, relay: Subnet) -> list[Hop]:
    """Between a component and its NAT gateway in another subnet, both ways: on the component's
    side packets keep the address of the far end, so that only the gateway's own list is asked."""
    back = [(relay.acl, allowed_ports(relay.outbound, start.address))]
    return [inbound_acl_hop(relay, start.address), *_returning(back, start)]


def _returning(back: list[tuple[str, int]], start: ConnectionEnd) -> list[Hop]:
    """Hops for ``back``: each ACL with the ports on which it allows return traffic."""
    first, last = start.component.return_ports() if start.component else ANY_PORT
    tcp, udp = ports.some("tcp", first, last), ports.some("udp", first, last)
    together = reduce(int.__and__, (let for _, let in back), ports.EVERYTHING)
    # A datagram does its work without an answer.
    may = ports.EVERYTHING if together & tcp else ports.EVERYTHING & ~ports.some("tcp")
    return [
        Hop(
            f"{name}, for the answers",
            may,
            ports.EVERYTHING
            & ~(ports.some("tcp") if tcp & ~let else 0)
            & ~(ports.some("udp") if udp & ~let else 0),
        )
        for name, let in back
    ]
