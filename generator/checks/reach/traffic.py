"""All that moves in the networks of a view: between components, in from outside, out of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from generator.checks.reach import ports
from generator.checks.reach.addresses import Range
from generator.checks.reach.cdn import cdn_lists
from generator.checks.reach.facts import Fact, Facts, Link, Reach, Unknown
from generator.checks.reach.names import Names
from generator.checks.reach.network import (
    NOBODY,
    OTHER_WAYS,
    OUTSIDE,
    Net,
    between,
    doors,
    inward,
    outward,
)
from generator.checks.reach.stations import Station
from generator.checks.reach.storage import ANY_CDN


def facts(names: Names, net: Net, stations: list[Station]) -> Facts:
    """Links between components and with the world, open doors, ways out of subnets."""
    links: dict[tuple[str, str], int] = defaultdict(int)
    for fact in _links(names, net, stations):
        if isinstance(fact, Link):
            links[fact.source, fact.target] |= fact.may
        yield fact
    for station in stations:
        yield from _doors(station, names, net, stations, links)
        for odd in station.odd:
            who = names.called(station.logical)
            yield Unknown(who, f"{who} is in {odd}, which is not in the templates")
        if station.kind != "endpoint" and len(station.subnets) and station.public:
            yield Reach(OUTSIDE, names.called(station.logical), "public address", station.public)
    yield from _subnets(names, net, stations)


def _links(names: Names, net: Net, stations: list[Station]) -> Iterator[Fact]:
    by_network: dict[str, list[Station]] = defaultdict(list)
    for station in stations:
        for vpc in dict.fromkeys(net.land.subnets[name].vpc for name in station.subnets):
            by_network[vpc].append(station)
    for inside in by_network.values():
        for source in inside:
            for target in inside:
                called = names.called(source.logical), names.called(target.logical)
                link = between(net, source, target, called)
                if link:
                    yield link
    listed = {r.peer for rules in net.rules.values() for r in rules if r.kind == "list"}
    for station in stations:
        name = names.called(station.logical)
        yield inward(net, station, (OUTSIDE, name))
        yield outward(net, station, (name, OUTSIDE))
        for one in sorted(_lists(station, net) & listed):
            yield inward(net, station, (_list(one, names), name), lists=(one,))
        for beyond, ranges in _beyond(station, net).items():
            yield inward(net, station, (beyond, name), ranges, OTHER_WAYS)
            yield outward(net, station, (name, beyond), ranges, OTHER_WAYS)
    for name, given in names.of_type("AWS::Lambda::Function").items():
        if not given.get("VpcConfig"):
            every = ports.EVERYTHING
            passed = ((f"{name} is in no network of ours", every),)
            yield Link(names.called(name), OUTSIDE, every, every, passed)


def _lists(station: Station, net: Net) -> set[str]:
    rules = (rule for group in station.groups for rule in net.rules.get(group, ()))
    return {rule.peer for rule in rules if rule.kind == "list" and not rule.out}


def _list(one: str, names: Names) -> str:
    return ANY_CDN if one in cdn_lists(names) else f"prefix list {one}"


def _beyond(station: Station, net: Net) -> dict[str, list[Range]]:
    """Other networks by what leads there, with their addresses."""
    found: dict[str, list[Range]] = defaultdict(list)
    for name in station.subnets:
        for route in net.land.subnets[name].routes:
            if route.kind in OTHER_WAYS:
                found[f"beyond {route.target}"].append(route.range)
    return found


def _doors(
    station: Station,
    names: Names,
    net: Net,
    stations: list[Station],
    links: dict[tuple[str, str], int],
) -> Iterator[Reach]:
    """What groups alone let through, though something else may stop it today."""
    own = names.called(station.logical)
    for peer, rule in doors(net, station):
        if peer == NOBODY:
            continue
        for who in _members(peer, rule.kind, names, stations):
            pair = (own, who) if rule.out else (who, own)
            sixth = " over IPv6" if rule.kind == "ipv6" else ""
            closed = rule.ports & ~(0 if sixth else links[pair])
            for said, _ in ports.runs(closed):
                yield Reach(*pair, f"{said}{sixth} by its group alone", (rule.name,))


def _members(peer: str, kind: str, names: Names, stations: list[Station]) -> list[str]:
    if kind == "list":
        return [_list(peer, names)]
    if kind != "group":
        return [peer]
    inside = [names.called(s.logical) for s in stations if peer in s.groups]
    return inside or [f"whoever is in {peer}"]


def _subnets(names: Names, net: Net, stations: list[Station]) -> Iterator[Reach]:
    """Where the subnets of each kind of component lead."""
    tiers: dict[str, dict[str, None]] = defaultdict(dict)
    for station in stations:
        tiers[names.called(station.logical)].update(dict.fromkeys(station.subnets))
    for name, subnet in net.land.nat.items():
        if subnet in net.land.subnets:
            tiers["NAT gateways"][subnet] = None
    housed = {name for tier in tiers.values() for name in tier}
    tiers["nobody"].update((name, None) for name in net.land.subnets if name not in housed)
    for who, subnets in tiers.items():
        ways: dict[tuple[str, str], list[str]] = defaultdict(list)
        for subnet in subnets:
            for route in net.land.subnets[subnet].routes:
                ways[_leads(route.kind, route.target)].append(subnet)
        for (target, how), some in ways.items():
            missing = [name for name in subnets if name not in some]
            but = f", but not from {', '.join(missing)}" if missing else ""
            yield Reach(f"subnets of {who}", target, f"{how}{but}", tuple(dict.fromkeys(some)))


def _leads(kind: str, target: str) -> tuple[str, str]:
    if kind == "internet":
        return OUTSIDE, "route by an internet gateway"
    if kind == "nat":
        return OUTSIDE, "route by a NAT gateway"
    return f"beyond {target}", "route"
