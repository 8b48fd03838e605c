"""Which packets get from one component to another, through routes, lists and groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import NamedTuple

from generator.checks.reach import addresses, ports
from generator.checks.reach.addresses import INTERNET, NOWHERE, Range
from generator.checks.reach.facts import Link
from generator.checks.reach.groups import Rule, Rules
from generator.checks.reach.routes import Entry, Land, Subnet, passing
from generator.checks.reach.stations import Station

OUTSIDE, NOBODY = "internet", "nobody"
INTERNET_WAYS, OTHER_WAYS = ("internet", "nat"), ("beyond",)
"""Kinds of routes to the internet and to other networks."""


class Gate(NamedTuple):
    """One thing on the way of a packet."""

    name: str
    may: int
    must: int
    parts: tuple[tuple[str, int], ...] = ()
    """What opens it, each with its ports; nothing if nobody needs to be told."""


class End(NamedTuple):
    """One end of a connection: an address and, inside a network, its place."""

    station: Station | None
    subnet: Subnet | None
    address: int
    lists: tuple[str, ...] = ()
    """Prefix lists that the address is on."""


class Net(NamedTuple):
    """Everything that decides about packets."""

    land: Land
    rules: Rules


def between(net: Net, source: Station, target: Station, called: tuple[str, str]) -> Link | None:
    """What passes between two components of one network; None if they share none."""
    starts, ends = _places(net, source), _places(net, target)
    borders = [*_borders(net, source), *_borders(net, target)]
    ways = [
        _inside(net, End(source, start, one), End(target, end, other))
        for start in starts
        for end in ends
        if start.vpc == end.vpc
        for one in addresses.samples([start.range], borders)
        for other in addresses.samples([end.range], borders)
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
    lists: tuple[str, ...] = (),
) -> Link:
    """What reaches a component from addresses outside its network, which may be on ``lists``."""
    borders = _borders(net, target)
    found = [
        _in(net, End(target, place, own), End(None, None, address, lists), ways)
        for place in _places(net, target)
        for address in addresses.samples(_foreign(net, place, beyond), borders)
        for own in addresses.samples([place.range], borders)
    ]
    return _link(called, found)


def _places(net: Net, station: Station) -> list[Subnet]:
    return [net.land.subnets[name] for name in station.subnets]


def _foreign(net: Net, place: Subnet, beyond: Sequence[Range]) -> list[Range]:
    return addresses.without(beyond, net.land.networks.get(place.vpc, ()))


def _borders(net: Net, station: Station) -> list[Range]:
    """Where addresses may begin to be treated otherwise."""
    through = [*_places(net, station)]
    through += [net.land.subnets[n] for n in net.land.nat.values() if n in net.land.subnets]
    entries: Iterator[Entry] = (e for place in through for e in (*place.inward, *place.outward))
    return [
        *(rule.range for group in station.groups for rule in net.rules.get(group, ())
          if rule.range),
        *(entry.range for entry in entries),
        *(route.range for place in through for route in place.routes),
    ]


def _inside(net: Net, start: End, end: End) -> list[Gate]:
    gates = [_group(net, start, end, out=True)]
    if start.subnet != end.subnet:
        gates += _lists(start, end.address, end.subnet)
        gates += _answers(start, end)
    return [*gates, _group(net, end, start, out=False)]


def _out(net: Net, start: End, address: int, ways: Sequence[str]) -> list[Gate]:
    place, far = start.subnet, End(None, None, address)
    assert place is not None
    gates = [_group(net, start, far, out=True), *_lists(start, address, None)]
    gates += _answers(start, far)
    route = place.way(address)
    if route is None or route.kind not in ways:
        return [*gates, _closed(f"no route of {place.name} leads there")]
    passed = Gate(place.name, ports.EVERYTHING, ports.EVERYTHING, ((route.name, ports.EVERYTHING),))
    if route.kind == "nat":
        return [*gates, passed, *_through_nat(net, route.target, start, address)]
    if route.kind == "internet":
        return [*gates, passed, _public(start)]
    return [*gates, passed]


def _through_nat(net: Net, nat: str, start: End, address: int) -> list[Gate]:
    place = net.land.subnets.get(net.land.nat.get(nat, ""))
    if place is None:
        return [_closed(f"{nat} does not lead to the internet")]
    route = place.way(address)
    if route is None or route.kind != "internet":
        return [_closed(f"no route of {place.name}, where {nat} is, leads to the internet")]
    here = End(None, place, place.range.first)
    every = ports.EVERYTHING
    gates = [Gate(nat, every, every, ((nat, every), (route.name, every)))]
    if place != start.subnet:
        gates += [*_lists(start, here.address, place), *_answers(start, here)]
    return [*gates, *_lists(here, address, None), *_answers(here, End(None, None, address))]


def _in(net: Net, end: End, far: End, ways: Sequence[str]) -> list[Gate]:
    place, address = end.subnet, far.address
    assert place is not None
    route = place.way(address)
    if route is None or route.kind not in ways or route.kind == "nat":
        gates = [_closed(f"no route of {place.name} leads back there")]
    else:
        every = ports.EVERYTHING
        gates = [Gate(place.name, every, every, ((route.name, every),))]
        gates += [_public(end)] if route.kind == "internet" else []
    let = passing(place.inward, address)
    gates.append(Gate(place.list, let, let, _told(place.list, let)))
    return [*gates, *_answers(far, end), _group(net, end, far, out=False)]


def _closed(why: str) -> Gate:
    return Gate(why, 0, 0)


def _public(end: End) -> Gate:
    assert end.station is not None
    assert end.subnet is not None
    if end.subnet.name in end.station.public:
        return Gate("a public address", ports.EVERYTHING, ports.EVERYTHING)
    return _closed(f"no public address in {end.subnet.name}")


def _group(net: Net, own: End, other: End, out: bool) -> Gate:
    """What the groups of ``own`` let out to or in from ``other``."""
    assert own.station is not None
    groups = other.station.groups if other.station else other.lists
    parts = [
        (rule, rule.ports)
        for group in own.station.groups
        for rule in net.rules.get(group, ())
        if rule.out == out and rule.admits(other.address, groups)
    ]
    names = " and ".join(own.station.groups)
    label = f"no rule of {names} lets it {'out' if out else 'in'}"
    return Gate(
        label,
        _any(let for _, let in parts),
        _any(let for rule, let in parts if rule.known),
        tuple((rule.name, let) for rule, let in parts),
    )


def _any(sets: Iterable[int]) -> int:
    return reduce(int.__or__, sets, 0)


def _told(name: str, let: int) -> tuple[tuple[str, int], ...]:
    """The network's own list lets everything pass, and needs no mention."""
    return () if let == ports.EVERYTHING else ((name, let),)


def _lists(start: End, address: int, into: Subnet | None) -> list[Gate]:
    assert start.subnet is not None
    out = passing(start.subnet.outward, address)
    gates = [Gate(start.subnet.list, out, out, _told(start.subnet.list, out))]
    if into:
        let = passing(into.inward, start.address)
        gates.append(Gate(into.list, let, let, _told(into.list, let)))
    return gates


def _answers(start: End, end: End) -> list[Gate]:
    """Lists forget who asked: they must let the answers pass as well."""
    first, last = start.station.answers() if start.station else (1024, 65535)
    back = []
    if end.subnet:
        back.append((end.subnet.list, passing(end.subnet.outward, start.address)))
    if start.subnet:
        back.append((start.subnet.list, passing(start.subnet.inward, end.address)))
    gates = []
    for name, let in back:
        may = must = ports.EVERYTHING
        for protocol in ("tcp", "udp"):
            wanted, whole = ports.some(protocol, first, last), ports.some(protocol)
            if not let & wanted and protocol == "tcp":
                may &= ~whole
            if wanted & ~let:
                must &= ~whole
        gates.append(Gate(f"{name}, for the answers", may, must))
    return gates


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


def doors(net: Net, station: Station) -> Iterator[tuple[str, Rule]]:
    """Rules of a component by the kind of peer that they name, for what passes no further.

    ``internet``, ``other networks``, ``the network``, ``any distribution`` or the peer's own name.
    """
    places = _places(net, station)
    own = [block for place in places for block in net.land.networks.get(place.vpc, ())]
    for group in station.groups:
        for rule in net.rules.get(group, ()):
            yield _peer(rule, own), rule


def _peer(rule: Rule, own: Sequence[Range]) -> str:
    if rule.kind == "ipv6":
        return NOBODY if rule.peer.startswith("::1") else OUTSIDE
    if rule.range is None:
        return rule.peer
    if any(block.covers(rule.range) for block in own):
        return "the network"
    if any(block.meets(rule.range) for block in INTERNET):
        return OUTSIDE
    return NOBODY if any(block.covers(rule.range) for block in NOWHERE) else "other networks"
