"""Subnets, their zones and tiers, and where their default routes lead."""

from __future__ import annotations

import re

from generator.checks.diagram.model import SubnetBox
from generator.model import network
from generator.model.network.addresses import EVERY
from generator.model.view import View
from generator.model.walk import text

WAYS = {"nat": "private", "internet": "public"}
ZONE_MARK = re.compile(r"(?<=[a-z])([A-Z]|\d+)$")
"""What tells a tier's subnets apart at the end of their ids: AppSubnetA, AppSubnet2."""


def subnet_boxes(view: View) -> tuple[SubnetBox, ...]:
    """Every subnet, in the order of the templates."""
    return tuple(_subnet(view, subnet) for subnet in view.network.topology.subnets.values())


def _subnet(view: View, subnet: network.routes.Subnet) -> SubnetBox:
    properties = view.references.of_type("AWS::EC2::Subnet")[subnet.name]
    zone = properties.get("AvailabilityZone", "")
    default = next((route for route in subnet.routes if route.range == EVERY), None)
    way = WAYS.get(default.kind) if default else None
    return SubnetBox(
        subnet.name,
        ZONE_MARK.sub("", subnet.name),
        zone if isinstance(zone, str) else view.references.owner_in(text(zone)),
        str(properties.get("CidrBlock", "")),
        way or "isolated",
        default.target if default and way else "",
    )
