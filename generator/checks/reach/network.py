"""Which packets get from one component to another, through routes, lists and groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from generator.checks.reach.facts import Link
from generator.checks.reach.gates import (
    End,
    Gate,
    Net,
    answers,
    closed,
    entrance,
    group,
    lists,
    public,
    relayed,
)
from generator.model.network import addresses, ports
from generator.model.network.addresses import INTERNET, Range
from generator.model.network.routes import Entry, Subnet
from generator.model.network.stations import Station

OUTSIDE = "internet"
INTERNET_WAYS, OTHER_WAYS = ("internet", "nat"), ("beyond",)
"""Kinds of routes to the internet and to other networks."""


def between(net: Net, source: Station, target: Station, called: tuple[str, str]) -> Link | None:
    """What passes between two components of one network; None if they share none."""
    starts, ends = _places(net, source), _places(net, target)
    # Each end asks for the address of the other.
    asked_by_source, asked_by_target = _borders(net, source), _borders(net, target)
    ways = [
        _inside(net, End(source, start, one), End(target, end, other))
        for start in starts
        for end in ends
        if start.vpc == end.vpc
        for one in addresses.samples([start.range], asked_by_target)
        for other in addresses.samples([end.range], asked_by_source)
    ]
    return _link(called, ways) if ways else None


def outward(
    net: Net,
    source: Station,
    called: tuple[str, str],
    beyond: Sequence[Range] = INTERNET,
    ways: Sequence[str] = INTERNET_WAYS,
) -> Link:
    """What a component sends to addresses outside its network and gets an answer to."""
    borders = _borders(net, source)
    found = [
        _out(net, End(source, place, own), address, ways)
        for place in _places(net, source)
        for address in addresses.samples(_foreign(net, place, beyond), borders)
        for own in addresses.samples([place.range], borders)
    ]
    return _link(called, found)


def inward(
    net: Net,
    target: Station,
    called: tuple[str, str],
    beyond: Sequence[Range] = INTERNET,
    ways: Sequence[str] = INTERNET_WAYS,
    on: tuple[str, ...] = (),
) -> Link:
    """What reaches a component from addresses outside its network, ``on`` some prefix lists."""
    borders = _borders(net, target)
    found = [
        _in(net, End(target, place, place.range.first), End(None, None, address, on), ways)
        for place in _places(net, target)
        for address in addresses.samples(_foreign(net, place, beyond), borders)
    ]
    return _link(called, found)


def _places(net: Net, station: Station) -> list[Subnet]:
    return [net.land.subnets[name] for name in station.subnets]


def _foreign(net: Net, place: Subnet, beyond: Sequence[Range]) -> list[Range]:
    return addresses.without(beyond, net.land.networks.get(place.vpc, ()))


def _borders(net: Net, station: Station) -> list[Range]:
    """Where addresses may begin to be treated otherwise."""
    places = _places(net, station)
    nat = net.land.nat
    gateways = {nat[r.target] for place in places for r in place.routes if r.target in nat}
    through = [*places, *(net.land.subnets[n] for n in gateways if n in net.land.subnets)]
    entries: Iterator[Entry] = (e for place in through for e in (*place.inward, *place.outward))
    return [
        *(
            rule.range
            for group in station.groups
            for rule in net.rules.get(group, ())
            if rule.range
        ),
        *(entry.range for entry in entries),
        *(route.range for place in through for route in place.routes),
    ]


def _inside(net: Net, start: End, end: End) -> list[Gate]:
    gates = [group(net, start, end, out=True)]
    if start.subnet != end.subnet:
        gates += lists(start, end.address, end.subnet)
        gates += answers(start, end)
    return [*gates, group(net, end, start, out=False)]


def _out(net: Net, start: End, address: int, ways: Sequence[str]) -> list[Gate]:
    place, far = start.subnet, End(None, None, address)
    assert place is not None
    gates = [group(net, start, far, out=True), *lists(start, address, None)]
    gates += answers(start, far)
    route = place.way(address)
    if route is None or route.kind not in ways:
        return [*gates, closed(f"no route of {place.name} leads there")]
    passed = Gate(place.name, ports.EVERYTHING, ports.EVERYTHING, ((route.name, ports.EVERYTHING),))
    if route.kind == "nat":
        return [*gates, passed, *_through_nat(net, route.target, start, address)]
    if route.kind == "internet":
        return [*gates, passed, public(start)]
    return [*gates, passed]


def _through_nat(net: Net, nat: str, start: End, address: int) -> list[Gate]:
    place = net.land.subnets.get(net.land.nat.get(nat, ""))
    if place is None:
        return [closed(f"{nat} does not lead to the internet")]
    route = place.way(address)
    if route is None or route.kind != "internet":
        return [closed(f"no route of {place.name}, where {nat} is, leads to the internet")]
    here, far = End(None, place, place.range.first), End(None, None, address)
    every = ports.EVERYTHING
    return [
        Gate(nat, every, every, ((nat, every), (route.name, every))),
        *relayed(start, place),
        *lists(here, address, None),
        *answers(here, far),
    ]


def _in(net: Net, end: End, far: End, ways: Sequence[str]) -> list[Gate]:
    place, address = end.subnet, far.address
    assert place is not None
    route = place.way(address)
    if route is None or route.kind not in ways or route.kind == "nat":
        gates = [closed(f"no route of {place.name} leads back there")]
    else:
        every = ports.EVERYTHING
        gates = [Gate(place.name, every, every, ((route.name, every),))]
        gates += [public(end)] if route.kind == "internet" else []
    gates.append(entrance(place, address))
    return [*gates, *answers(far, end), group(net, end, far, out=False)]


def _link(called: tuple[str, str], ways: list[list[Gate]]) -> Link:
    """All ways together: what some packet passes by, and what every one does."""
    may, must = 0, ports.EVERYTHING if ways else 0
    passed: dict[tuple[str, int], None] = {}
    stopped: dict[tuple[str, int], None] = {}
    for gates in ways:
        let = reduce(int.__and__, (gate.may for gate in gates))
        may |= let
        must &= reduce(int.__and__, (gate.must for gate in gates))
        for gate in gates:
            passed.update(((name, part & let), None) for name, part in gate.parts if part & let)
            if gate.must != ports.EVERYTHING:
                stopped[gate.name, gate.must] = None
    return Link(*called, may, must, tuple(passed), tuple(stopped))
