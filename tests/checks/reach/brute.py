"""Tries a network packet by packet, as slowly and as literally as AWS describes it.

Knows nothing of the proof that it checks: addresses are those of ``ipaddress``, ports are tried
one by one, and every answer is sent back.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import Any, NamedTuple

ip_network = cache(IPv4Network)
UNROUTED = [
    ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"),
    )
]
NUMBERS = {"tcp": "6", "udp": "17", "icmp": "1"}

Resources = dict[str, dict[str, Any]]


class Host(NamedTuple):
    """One address of an instance, or (without a name) of somebody on the internet."""

    name: str
    subnet: str
    address: IPv4Address


class Packet(NamedTuple):
    """What is sent."""

    protocol: str
    port: int


def is_internet(address: IPv4Address) -> bool:
    return not any(address in block for block in UNROUTED)


class World:
    """The resources of a template, asked in the plainest way."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self._of: dict[str, dict[str, dict[str, Any]]] = {}

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        if kind not in self._of:
            self._of[kind] = {
                name: resource["Properties"]
                for name, resource in self.resources.items()
                if resource["Type"] == f"AWS::EC2::{kind}"
            }
        return self._of[kind]

    def arrives(self, sender: Host, receiver: Host, packet: Packet) -> bool:
        """Whether a packet gets there."""
        return (
            self._let_out(sender, receiver, packet)
            and self._let_in(receiver, sender, packet)
            and self._carried(sender, receiver, packet)
        )

    # Groups

    def _rules(self, host: Host, kind: str) -> Iterable[dict[str, Any]]:
        groups = self._groups(host)
        for rule in self.of(f"SecurityGroup{kind}").values():
            if rule["GroupId"]["Ref"] in groups:
                yield rule

    def _groups(self, host: Host) -> list[str]:
        if not host.name:
            return []
        return [group["Ref"] for group in self.of("Instance")[host.name]["SecurityGroupIds"]]

    def _let_out(self, own: Host, other: Host, packet: Packet) -> bool:
        return not own.name or any(
            self._speaks(rule, "Destination", other, packet) for rule in self._rules(own, "Egress")
        )

    def _let_in(self, own: Host, other: Host, packet: Packet) -> bool:
        return not own.name or any(
            self._speaks(rule, "Source", other, packet) for rule in self._rules(own, "Ingress")
        )

    def _speaks(self, rule: dict[str, Any], side: str, other: Host, packet: Packet) -> bool:
        if rule["IpProtocol"] not in ("-1", packet.protocol):
            return False
        whole = packet.protocol == "icmp" or rule["IpProtocol"] == "-1"
        if not whole and not rule["FromPort"] <= packet.port <= rule["ToPort"]:
            return False
        if "CidrIp" in rule:
            return other.address in ip_network(rule["CidrIp"])
        return rule[f"{side}SecurityGroupId"]["Ref"] in self._groups(other)

    # Lists

    def _listed(
        self, subnet: str, out: bool, protocol: str, port: int, address: IPv4Address
    ) -> bool:
        chosen = [
            association["NetworkAclId"]["Ref"]
            for association in self.of("SubnetNetworkAclAssociation").values()
            if association["SubnetId"]["Ref"] == subnet
        ]
        if not chosen:
            return True
        entries = [
            entry
            for entry in self.of("NetworkAclEntry").values()
            if entry["NetworkAclId"]["Ref"] == chosen[0] and entry["Egress"] == out
        ]
        for entry in sorted(entries, key=lambda entry: entry["RuleNumber"]):
            if entry["Protocol"] not in ("-1", NUMBERS[protocol]):
                continue
            span = entry.get("PortRange")
            if span and not span["From"] <= port <= span["To"]:
                continue
            if address in ip_network(entry["CidrBlock"]):
                return bool(entry["RuleAction"] == "allow")
        return False

    # Routes

    def _route(self, subnet: str, address: IPv4Address) -> dict[str, Any] | None:
        tables = [
            association["RouteTableId"]["Ref"]
            for association in self.of("SubnetRouteTableAssociation").values()
            if association["SubnetId"]["Ref"] == subnet
        ]
        fitting = [
            route
            for route in self.of("Route").values()
            if route["RouteTableId"]["Ref"] in tables
            and address in ip_network(route["DestinationCidrBlock"])
        ]
        return max(
            fitting,
            key=lambda route: ip_network(route["DestinationCidrBlock"]).prefixlen,
            default=None,
        )

    def _has_public_address(self, host: Host) -> bool:
        card = self.of("Instance")[host.name]["NetworkInterfaces"][0]
        return bool(card["AssociatePublicIpAddress"])

    def _gateway(self, subnet: str, address: IPv4Address) -> bool:
        route = self._route(subnet, address)
        attached = bool(self.of("VPCGatewayAttachment"))
        return route is not None and "GatewayId" in route and attached

    def _nat(self, host: Host, far: IPv4Address) -> str | None:
        """The subnet of the NAT gateway that the host's packets for ``far`` go through."""
        route = self._route(host.subnet, far)
        if route is None or "NatGatewayId" not in route:
            return None
        gateway = self.of("NatGateway")[route["NatGatewayId"]["Ref"]]
        return str(gateway["SubnetId"]["Ref"])

    def _carried(self, sender: Host, receiver: Host, packet: Packet) -> bool:
        protocol, port = packet.protocol, packet.port
        if sender.name and receiver.name:
            return sender.subnet == receiver.subnet or (
                self._listed(sender.subnet, True, protocol, port, receiver.address)
                and self._listed(receiver.subnet, False, protocol, port, sender.address)
            )
        if receiver.name:
            return (
                self._has_public_address(receiver)
                and self._gateway(receiver.subnet, sender.address)
                and self._listed(receiver.subnet, False, protocol, port, sender.address)
            )
        if not self._listed(sender.subnet, True, protocol, port, receiver.address):
            return False
        nat = self._nat(sender, receiver.address)
        if nat is None:
            return self._has_public_address(sender) and self._gateway(
                sender.subnet, receiver.address
            )
        return (
            self._gateway(nat, receiver.address)
            and (nat == sender.subnet or self._listed(nat, False, protocol, port, sender.address))
            and self._listed(nat, True, protocol, port, receiver.address)
        )

    def answered(self, sender: Host, receiver: Host, protocol: str, port: int) -> bool:
        """Whether an answer gets back to the port at which the sender waits."""
        if sender.name and receiver.name:
            return sender.subnet == receiver.subnet or (
                self._listed(receiver.subnet, True, protocol, port, sender.address)
                and self._listed(sender.subnet, False, protocol, port, receiver.address)
            )
        if receiver.name:
            return self._listed(receiver.subnet, True, protocol, port, sender.address)
        nat = self._nat(sender, receiver.address)
        home = self._listed(sender.subnet, False, protocol, port, receiver.address)
        if nat is None or not home:
            return home
        return nat == sender.subnet or self._listed(nat, True, protocol, port, sender.address)

    def nat_hears(self, sender: Host, receiver: Host, protocol: str, port: int) -> bool:
        """Whether a NAT gateway on the way, if there is one, hears answers at one of its ports."""
        nat = self._nat(sender, receiver.address) if sender.name and not receiver.name else None
        return nat is None or self._listed(nat, False, protocol, port, receiver.address)
