"""Security groups: every rule of every group, written inside it or beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from generator.model.network import addresses, ports
from generator.model.network.addresses import Range
from generator.model.references import References
from generator.model.unknown import Unknown

PEERS = {
    "SecurityGroupId": "group",
    "SecurityGroupName": "group",
    "CidrIp": "range",
    "CidrIpv6": "ipv6",
    "PrefixListId": "list",
}
"""Kinds of peers by the property, without Source or Destination, that names them."""
GROUP, DEFAULT = "AWS::EC2::SecurityGroup", "DefaultSecurityGroup"


class Rule(NamedTuple):
    """One rule of a group."""

    name: str
    out: bool
    ports: int
    known: bool
    """Whether the ports are known; if not, ``ports`` are all that it may be."""
    kind: str
    """``group``, ``range``, ``ipv6``, ``list`` or ``unknown``."""
    peer: str
    range: Range | None = None

    def admits(self, address: int, groups: Iterable[str]) -> bool:
        """Whether the rule matches ``address``, which is in ``groups`` (or on prefix lists)."""
        if self.kind in ("group", "list"):
            return self.peer in groups
        return self.range is not None and address in self.range


Rules = Mapping[str, list[Rule]]


def rules(names: References) -> tuple[Rules, list[Unknown]]:
    """Rules by group, and what could not be judged of them."""
    by_group: dict[str, list[Rule]] = defaultdict(list)
    lists = _prefix_lists(names)
    for group, out, name, properties in (*declared_rules(names), *_implied(names)):
        by_group[group] += _rule(name, out, properties, names, lists)
    unknown = [
        Unknown(rule.name, f"{rule.name}: {_doubt(rule)} cannot be resolved")
        for rules in by_group.values()
        for rule in rules
        if not rule.known or rule.kind == "unknown"
    ]
    return by_group, unknown


def _doubt(rule: Rule) -> str:
    return f"its other end, {rule.peer}," if rule.kind == "unknown" else "its ports"


def without_egress_rules(names: References) -> set[str]:
    """Groups without egress rules: AWS gives them one that allows everything."""
    with_egress = {
        names.target(properties.get("GroupId"))
        for properties in names.of_type(f"{GROUP}Egress").values()
    }
    return {
        name
        for name, properties in names.of_type(GROUP).items()
        if not properties.get("SecurityGroupEgress") and name not in with_egress
    }


def declared_rules(names: References) -> Iterator[tuple[str, bool, str, Mapping[str, Any]]]:
    """Every rule that the templates have: its group, whether it is of what leaves, its name and
    what it says."""
    for group, properties in names.of_type(GROUP).items():
        for out, key in ((False, "SecurityGroupIngress"), (True, "SecurityGroupEgress")):
            for number, settings in enumerate(properties.get(key, [])):
                yield group, out, f"{group}.{key}[{number}]", settings
    for out, kind in ((False, "Ingress"), (True, "Egress")):
        for name, settings in names.of_type(f"{GROUP}{kind}").items():
            yield (
                names.target(settings.get("GroupId", settings.get("GroupName"))),
                out,
                name,
                settings,
            )


def _implied(names: References) -> Iterator[tuple[str, bool, str, Mapping[str, Any]]]:
    """As ``declared_rules``, the rules that AWS makes itself."""
    everything = {"IpProtocol": -1, "CidrIp": "0.0.0.0/0"}
    for group in sorted(without_egress_rules(names)):
        yield group, True, f"{group} without a rule for what leaves", everything
    for vpc in names.of_type("AWS::EC2::VPC"):
        group = f"{vpc}.{DEFAULT}"
        itself = {"IpProtocol": -1, "SourceSecurityGroupId": group}
        yield group, False, f"{group}'s own rule", itself
        yield group, True, f"{group}'s own rule", everything


def _rule(
    name: str,
    out: bool,
    properties: Mapping[str, Any],
    names: References,
    lists: Mapping[str, list[str]],
) -> Iterator[Rule]:
    let = ports.of_rule(
        properties.get("IpProtocol"), properties.get("FromPort"), properties.get("ToPort")
    )
    known, let = let is not None, ports.EVERYTHING if let is None else let
    prefix = "Destination" if out else "Source"
    for key, kind in PEERS.items():
        value = properties.get(key, properties.get(prefix + key))
        if value is None:
            continue
        peer = names.target(value)
        if kind == "range" and addresses.parse(peer) is None:
            kind = "unknown"
        if kind == "ipv6" and ":" not in peer:
            kind = "unknown"
        blocks = lists.get(peer, []) if kind == "list" else []
        for block in blocks:
            inside = "ipv6" if ":" in block else "range"
            yield Rule(name, out, let, known, inside, block, addresses.parse(block))
        if not blocks:
            yield Rule(name, out, let, known, kind, peer, addresses.parse(peer))


def _prefix_lists(names: References) -> dict[str, list[str]]:
    return {
        name: [str(entry.get("Cidr")) for entry in properties.get("Entries", [])]
        for name, properties in names.of_type("AWS::EC2::PrefixList").items()
    }
