"""Which packets get from one component to another: routes, network ACLs, security groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from generator.checks.reach.facts import Link
from generator.checks.reach.hops import (
    ConnectionEnd,
    Hop,
    acl_hops,
    blocked,
    group_rules_hop,
    inbound_acl_hop,
    nat_acl_hops,
    public_address_hop,
    return_hops,
)
from generator.model.network import Network, addresses, ports
from generator.model.network.addresses import INTERNET, Range
from generator.model.network.components import Component
from generator.model.network.routes import AclEntry, Subnet

OUTSIDE = "internet"
INTERNET_WAYS, OTHER_WAYS = ("internet", "nat"), ("beyond",)
"""Kinds of routes to the internet and to other networks."""


def between(
    network: Network, source: Component, target: Component, called: tuple[str, str]
) -> Link | None:
    """The ports open between two components; None if they are in no VPC together."""
    starts, ends = _subnets(network, source), _subnets(network, target)
    # Each end asks for the address of the other.
    asked_by_source, asked_by_target = _borders(network, source), _borders(network, target)
    ways = [
        _inside(network, ConnectionEnd(source, start, one), ConnectionEnd(target, end, other))
        for start in starts
        for end in ends
        if start.vpc == end.vpc
        for one in addresses.samples([start.range], asked_by_target)
        for other in addresses.samples([end.range], asked_by_source)
    ]
    return _link(called, ways) if ways else None


def outbound(
    network: Network,
    source: Component,
    called: tuple[str, str],
    beyond: Sequence[Range] = INTERNET,
    ways: Sequence[str] = INTERNET_WAYS,
) -> Link:
    """The ports at which a component reaches addresses outside its VPC and gets an answer."""
    borders = _borders(network, source)
    paths = [
        _out(network, ConnectionEnd(source, subnet, own), address, ways)
        for subnet in _subnets(network, source)
        for address in addresses.samples(_foreign(network, subnet, beyond), borders)
        for own in addresses.samples([subnet.range], borders)
    ]
    return _link(called, paths)


def inbound(
    network: Network,
    target: Component,
    called: tuple[str, str],
    beyond: Sequence[Range] = INTERNET,
    ways: Sequence[str] = INTERNET_WAYS,
    on: tuple[str, ...] = (),
) -> Link:
    """The ports at which a component is reached from outside its VPC by addresses that are ``on``
    some prefix lists."""
    borders = _borders(network, target)
    paths = [
        _in(
            network,
            ConnectionEnd(target, subnet, subnet.range.first),
            ConnectionEnd(None, None, address, on),
            ways,
        )
        for subnet in _subnets(network, target)
        for address in addresses.samples(_foreign(network, subnet, beyond), borders)
    ]
    return _link(called, paths)


def _subnets(network: Network, component: Component) -> list[Subnet]:
    return [network.topology.subnets[name] for name in component.subnets]


def _foreign(network: Network, subnet: Subnet, beyond: Sequence[Range]) -> list[Range]:
    return addresses.without(beyond, network.topology.networks.get(subnet.vpc, ()))


def _borders(network: Network, component: Component) -> list[Range]:
    """The ranges that rules, ACLs and routes name: addresses in one piece are treated alike."""
    subnets = _subnets(network, component)
    nat = network.topology.nat
    gateways = {nat[r.target] for subnet in subnets for r in subnet.routes if r.target in nat}
    through = [
        *subnets,
        *(network.topology.subnets[n] for n in gateways if n in network.topology.subnets),
    ]
    entries: Iterator[AclEntry] = (
        e for subnet in through for e in (*subnet.inbound, *subnet.outbound)
    )
    return [
        *(
            rule.range
            for group in component.groups
            for rule in network.rules.get(group, ())
            if rule.range
        ),
        *(entry.range for entry in entries),
        *(route.range for subnet in through for route in subnet.routes),
    ]


def _inside(network: Network, start: ConnectionEnd, end: ConnectionEnd) -> list[Hop]:
    hops = [group_rules_hop(network, start, end, out=True)]
    if start.subnet != end.subnet:
        hops += acl_hops(start, end.address, end.subnet)
        hops += return_hops(start, end)
    return [*hops, group_rules_hop(network, end, start, out=False)]


def _out(network: Network, start: ConnectionEnd, address: int, ways: Sequence[str]) -> list[Hop]:
    subnet, far = start.subnet, ConnectionEnd(None, None, address)
    assert subnet is not None
    hops = [group_rules_hop(network, start, far, out=True), *acl_hops(start, address, None)]
    hops += return_hops(start, far)
    route = subnet.route_for(address)
    if route is None or route.kind not in ways:
        return [*hops, blocked(f"no route of {subnet.name} leads there")]
    passed = Hop(subnet.name, ports.EVERYTHING, ports.EVERYTHING, ((route.name, ports.EVERYTHING),))
    if route.kind == "nat":
        return [*hops, passed, *_through_nat(network, route.target, start, address)]
    if route.kind == "internet":
        return [*hops, passed, public_address_hop(start)]
    return [*hops, passed]


def _through_nat(network: Network, nat: str, start: ConnectionEnd, address: int) -> list[Hop]:
    subnet = network.topology.subnets.get(network.topology.nat.get(nat, ""))
    if subnet is None:
        return [blocked(f"{nat} does not lead to the internet")]
    route = subnet.route_for(address)
    if route is None or route.kind != "internet":
        return [blocked(f"no route of {subnet.name}, where {nat} is, leads to the internet")]
    here, far = ConnectionEnd(None, subnet, subnet.range.first), ConnectionEnd(None, None, address)
    every = ports.EVERYTHING
    return [
        Hop(nat, every, every, ((nat, every), (route.name, every))),
        *nat_acl_hops(start, subnet),
        *acl_hops(here, address, None),
        *return_hops(here, far),
    ]


def _in(network: Network, end: ConnectionEnd, far: ConnectionEnd, ways: Sequence[str]) -> list[Hop]:
    subnet, address = end.subnet, far.address
    assert subnet is not None
    route = subnet.route_for(address)
    if route is None or route.kind not in ways or route.kind == "nat":
        hops = [blocked(f"no route of {subnet.name} leads back there")]
    else:
        every = ports.EVERYTHING
        hops = [Hop(subnet.name, every, every, ((route.name, every),))]
        hops += [public_address_hop(end)] if route.kind == "internet" else []
    hops.append(inbound_acl_hop(subnet, address))
    return [*hops, *return_hops(far, end), group_rules_hop(network, end, far, out=False)]


def _link(called: tuple[str, str], ways: list[list[Hop]]) -> Link:
    """All paths together: the ports open on some path, and those open on every one."""
    may, must = 0, ports.EVERYTHING if ways else 0
    passed: dict[tuple[str, int], None] = {}
    stopped: dict[tuple[str, int], None] = {}
    for hops in ways:
        let = reduce(int.__and__, (hop.may for hop in hops))
        may |= let
        must &= reduce(int.__and__, (hop.must for hop in hops))
        for hop in hops:
            passed.update(((name, part & let), None) for name, part in hop.parts if part & let)
            if hop.must != ports.EVERYTHING:
                stopped[hop.name, hop.must] = None
    return Link(*called, may, must, tuple(passed), tuple(stopped))
