"""Open ports in the networks of a view: between components, from outside and to outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from generator.checks.reach import open_ports
from generator.checks.reach.facts import Facts, Link, Reach, Unknown
from generator.checks.reach.names import Names
from generator.checks.reach.network import OTHER_WAYS, OUTSIDE, between, inbound, outbound
from generator.model.network import Network, ports
from generator.model.network.addresses import Range
from generator.model.network.components import Component, listening_ports


def facts(names: Names, network: Network, components: list[Component]) -> Facts:
    """Links between components and with the outside, open ports, default routes of subnets."""
    links: dict[tuple[str, str], int] = defaultdict(int)
    for link in _links(names, network, components):
        links[link.source, link.target] |= link.may
        yield link
    yield from open_ports.facts(names, network, components, links)
    for component in components:
        who = names.called(component.logical)
        if not component.subnets:
            yield Unknown(who, f"{who} is in no subnet of the templates")
        for unresolved in component.unresolved:
            yield Unknown(who, f"{who} is in {unresolved}, which is not in the templates")
        if component.public:
            yield Reach(OUTSIDE, who, "public address", component.public)
    yield from _subnets(names, network, components)


def _links(names: Names, network: Network, components: list[Component]) -> Iterator[Link]:
    by_network: dict[str, list[Component]] = defaultdict(list)
    for component in components:
        for vpc in dict.fromkeys(network.topology.subnets[name].vpc for name in component.subnets):
            by_network[vpc].append(component)
    for inside in by_network.values():
        for source in inside:
            for target in inside:
                called = names.called(source.logical), names.called(target.logical)
                link = between(network, source, target, called)
                if link:
                    yield _listened_to(link, target, names)
    for component in components:
        name = names.called(component.logical)
        yield inbound(network, component, (OUTSIDE, name))
        yield outbound(network, component, (name, OUTSIDE))
        for one in sorted(_lists(component, network)):
            yield inbound(network, component, (open_ports.list_name(one, names), name), on=(one,))
        for beyond, ranges in _beyond(component, network).items():
            yield inbound(network, component, (beyond, name), ranges, OTHER_WAYS)
            yield outbound(network, component, (name, beyond), ranges, OTHER_WAYS)
    for name, properties in names.of_type("AWS::Lambda::Function").items():
        if not properties.get("VpcConfig"):
            every = ports.EVERYTHING
            passed = ((f"{name} is in no network of ours", every),)
            yield Link(names.called(name), OUTSIDE, every, every, passed)


def _listened_to(link: Link, target: Component, names: Names) -> Link:
    """The link without ports at which the target does not listen, in ``must`` only."""
    open_ports = listening_ports(target, names)
    if open_ports == ports.EVERYTHING:
        return link
    deaf = f"{target.logical} listens to another port", open_ports
    return link._replace(must=link.must & open_ports, stopped=(*link.stopped, deaf))


def _lists(component: Component, network: Network) -> set[str]:
    rules = (rule for group in component.groups for rule in network.rules.get(group, ()))
    return {rule.peer for rule in rules if rule.kind == "list" and not rule.out}


def _beyond(component: Component, network: Network) -> dict[str, list[Range]]:
    """Other networks by what leads there, with their addresses."""
    by_target: dict[str, list[Range]] = defaultdict(list)
    for name in component.subnets:
        for route in network.topology.subnets[name].routes:
            if route.kind in OTHER_WAYS:
                by_target[f"beyond {route.target}"].append(route.range)
    return by_target


def _subnets(names: Names, network: Network, components: list[Component]) -> Iterator[Reach]:
    """Where the routes of each kind of component's subnets lead."""
    tiers: dict[str, dict[str, None]] = defaultdict(dict)
    for component in components:
        tiers[names.called(component.logical)].update(dict.fromkeys(component.subnets))
    for subnet in network.topology.nat.values():
        if subnet in network.topology.subnets:
            tiers["NAT gateways"][subnet] = None
    housed = {name for tier in tiers.values() for name in tier}
    tiers["nobody"].update((name, None) for name in network.topology.subnets if name not in housed)
    for who, subnets in tiers.items():
        ways: dict[tuple[str, str], list[str]] = defaultdict(list)
        for subnet in subnets:
            for route in network.topology.subnets[subnet].routes:
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
