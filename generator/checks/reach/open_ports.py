"""Ports that security group rules alone open, though a route or an ACL stops packets today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from generator.checks.reach.cdn import cdn_lists
from generator.checks.reach.facts import Reach
from generator.checks.reach.names import Names
from generator.checks.reach.network import OUTSIDE
from generator.checks.reach.storage import ANY_CDN
from generator.model.network import Network, ports
from generator.model.network.addresses import INTERNET, NOWHERE, Range
from generator.model.network.components import Component
from generator.model.network.groups import Rule

NOBODY = "nobody"

Members = Mapping[str, Sequence[str]]


def facts(
    names: Names,
    network: Network,
    components: Sequence[Component],
    passing: Mapping[tuple[str, str], int],
) -> Iterator[Reach]:
    """Ports that rules open beyond those in ``passing``: the ports by source and target."""
    members: dict[str, list[str]] = defaultdict(list)
    for component in components:
        for group in component.groups:
            members[group].append(names.called(component.logical))
    for component in components:
        own = names.called(component.logical)
        for group in component.groups:
            for rule in network.rules.get(group, ()):
                for peer in _peers(rule, _networks(network, component), members, names):
                    pair = (own, peer) if rule.out else (peer, own)
                    yield from _open_ports(rule, pair, passing.get(pair, 0))


def _open_ports(rule: Rule, pair: tuple[str, str], passing: int) -> Iterator[Reach]:
    sixth = " over IPv6" if rule.kind == "ipv6" else ""
    for text, _ in ports.runs(rule.ports & ~(0 if sixth else passing)):
        yield Reach(*pair, f"{text}{sixth} by its group alone", (rule.name,))


def _networks(network: Network, component: Component) -> list[Range]:
    vpcs = dict.fromkeys(network.topology.subnets[name].vpc for name in component.subnets)
    return [block for vpc in vpcs for block in network.topology.networks.get(vpc, ())]


def _peers(rule: Rule, own: Sequence[Range], members: Members, names: Names) -> Sequence[str]:
    """The sources or destinations that a rule names, as they are called in the report."""
    if rule.kind == "group":
        return members.get(rule.peer) or [f"whoever is in {rule.peer}"]
    if rule.kind == "list":
        return [list_name(rule.peer, names)]
    if rule.kind == "ipv6":
        return [] if rule.peer.startswith("::1") else [OUTSIDE]
    if rule.range is None:
        return [rule.peer]
    if any(block.covers(rule.range) for block in own):
        return ["the network"]
    if any(block.overlaps(rule.range) for block in INTERNET):
        return [OUTSIDE]
    return [] if any(block.covers(rule.range) for block in NOWHERE) else ["other networks"]


def list_name(prefix_list: str, names: Names) -> str:
    """What a prefix list is called in the report."""
    return ANY_CDN if prefix_list in cdn_lists(names) else f"prefix list {prefix_list}"
