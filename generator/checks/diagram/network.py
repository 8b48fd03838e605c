"""Subnets, their zones and tiers, and where their default routes lead."""

from __future__ import annotations

import re
from typing import Any

from generator.checks.diagram.model import Subnet, name
from generator.model.view import View

EVERYWHERE = ("0.0.0.0/0", "::/0")
ZONE_MARK = re.compile(r"(?<=[a-z])([A-Z]|\d+)$")
"""What tells a tier's subnets apart at the end of their ids: AppSubnetA, AppSubnet2."""


def subnets(view: View) -> tuple[Subnet, ...]:
    """Every subnet, in the order of the templates."""
    return tuple(
        _subnet(view, logical, properties)
        for logical, properties in view.of_type("AWS::EC2::Subnet").items()
    )


def _subnet(view: View, logical: str, properties: dict[str, Any]) -> Subnet:
    way, gate = _way_out(view, logical)
    zone = properties.get("AvailabilityZone", "")
    return Subnet(
        logical,
        ZONE_MARK.sub("", logical),
        zone if isinstance(zone, str) else name(zone),
        str(properties.get("CidrBlock", "")),
        way,
        gate,
    )


def _way_out(view: View, subnet: str) -> tuple[str, str]:
    """The kind of way out, and the gateway that it leads through."""
    tables = [
        name(association.get("RouteTableId"))
        for association in view.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
        if name(association.get("SubnetId")) == subnet
    ]
    for route in view.of_type("AWS::EC2::Route").values():
        whither = route.get("DestinationCidrBlock", route.get("DestinationIpv6CidrBlock"))
        if name(route.get("RouteTableId")) in tables and whither in EVERYWHERE:
            if gate := name(route.get("NatGatewayId")):
                return "private", gate
            if gate := name(route.get("GatewayId")):
                return "public", gate
    return "isolated", ""
