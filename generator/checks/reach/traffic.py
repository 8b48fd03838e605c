"""All that moves in the networks of a view: between components, in from outside, out of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from generator.checks.reach import doors
from generator.checks.reach.facts import Facts, Link, Reach, Unknown
from generator.checks.reach.gates import Net
from generator.checks.reach.names import Names
from generator.checks.reach.network import OTHER_WAYS, OUTSIDE, between, inward, outward
from generator.model.network import ports
from generator.model.network.addresses import Range
from generator.model.network.stations import Station, listens


def facts(names: Names, net: Net, stations: list[Station]) -> Facts:
    """Links between components and with the world, open doors, ways out of subnets."""
    links: dict[tuple[str, str], int] = defaultdict(int)
    for link in _links(names, net, stations):
        links[link.source, link.target] |= link.may
        yield link
    yield from doors.facts(names, net, stations, links)
    for station in stations:
        who = names.called(station.logical)
        if not station.subnets:
            yield Unknown(who, f"{who} is in no subnet of the templates")
        for odd in station.odd:
            yield Unknown(who, f"{who} is in {odd}, which is not in the templates")
        if station.public:
            yield Reach(OUTSIDE, who, "public address", station.public)
    yield from _subnets(names, net, stations)


def _links(names: Names, net: Net, stations: list[Station]) -> Iterator[Link]:
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
                    yield _heard(link, target, names)
    for station in stations:
        name = names.called(station.logical)
        yield inward(net, station, (OUTSIDE, name))
        yield outward(net, station, (name, OUTSIDE))
        for one in sorted(_lists(station, net)):
            yield inward(net, station, (doors.list_name(one, names), name), on=(one,))
        for beyond, ranges in _beyond(station, net).items():
            yield inward(net, station, (beyond, name), ranges, OTHER_WAYS)
            yield outward(net, station, (name, beyond), ranges, OTHER_WAYS)
    for name, given in names.of_type("AWS::Lambda::Function").items():
        if not given.get("VpcConfig"):
            every = ports.EVERYTHING
            passed = ((f"{name} is in no network of ours", every),)
            yield Link(names.called(name), OUTSIDE, every, every, passed)


def _heard(link: Link, target: Station, names: Names) -> Link:
    """Without what arrives where nobody listens: it is let in all the same, but no use."""
    heard = listens(target, names)
    if heard == ports.EVERYTHING:
        return link
    deaf = f"{target.logical} listens to another port", heard
    return link._replace(must=link.must & heard, stopped=(*link.stopped, deaf))


def _lists(station: Station, net: Net) -> set[str]:
    rules = (rule for group in station.groups for rule in net.rules.get(group, ()))
    return {rule.peer for rule in rules if rule.kind == "list" and not rule.out}


def _beyond(station: Station, net: Net) -> dict[str, list[Range]]:
    """Other networks by what leads there, with their addresses."""
    found: dict[str, list[Range]] = defaultdict(list)
    for name in station.subnets:
        for route in net.land.subnets[name].routes:
            if route.kind in OTHER_WAYS:
                found[f"beyond {route.target}"].append(route.range)
    return found


def _subnets(names: Names, net: Net, stations: list[Station]) -> Iterator[Reach]:
    """Where the subnets of each kind of component lead."""
    tiers: dict[str, dict[str, None]] = defaultdict(dict)
    for station in stations:
        tiers[names.called(station.logical)].update(dict.fromkeys(station.subnets))
    for subnet in net.land.nat.values():
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
