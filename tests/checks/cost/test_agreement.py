"""The totals that were worked out by hand before, with their assumptions.

Two t3.micro, db.t4g.micro, 730 hours, 50 GB through NAT, us-east-1, no free tier. By hand: two NAT
gateways about 150 USD, one 119, public application subnets 87, eight interface endpoints instead of
NAT 197. Not written down then, and assumed here: 15 % CPU on average, which costs 7.30 USD of
surplus credits, and 50 GB and a million requests through the CDN, 5.35 USD. A second gateway costs
32.85 and its address 3.65, so that "about 150" is 155 here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from generator.checks.cost.components import bill
from generator.checks.cost.usage import Usage
from tests.checks.cost.conftest import ENVIRONMENTS, PARAMS

TOLERANCE = Decimal("0.04")


def _within(total: Decimal, by_hand: int) -> bool:
    return abs(total - by_hand) <= by_hand * TOLERANCE


def _with_endpoints(view: Any, count: int) -> Any:
    """Instances without a way out but through interface endpoints in both zones."""
    inside = view.changed(NatGateways="one").resources
    nat = ("AWS::EC2::NatGateway", "AWS::EC2::EIP")
    kept = {name: each for name, each in inside.items() if each["Type"] not in nat}
    endpoint = {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "VpcEndpointType": "Interface",
            "SubnetIds": [{"Ref": "AppSubnetA"}, {"Ref": "AppSubnetB"}],
        },
    }
    return replace(view, resources=kept | {f"Endpoint{i}": endpoint for i in range(count)})


@pytest.mark.parametrize(("gateways", "by_hand"), [("per-zone", 150), ("one", 119), ("none", 87)])
def test_the_documented_shape_costs_what_was_worked_out(views, listed, gateways, by_hand):
    month = bill(views["seed"].changed(NatGateways=gateways), listed, Usage())
    assert _within(month.total, by_hand), month.total


def test_eight_interface_endpoints_cost_more_than_two_gateways(views, listed):
    endpoints = bill(_with_endpoints(views["seed"], 8), listed, Usage())
    assert _within(endpoints.total, 197), endpoints.total
    assert endpoints.components["Interface endpoints"] == Decimal("117.30")  # 8 x 2 x 7.30 + 0.50
    two = bill(views["seed"].changed(NatGateways="per-zone"), listed, Usage())
    assert endpoints.total > two.total


def test_a_second_gateway_costs_its_hours_and_its_address(views, listed):
    one, two = (
        bill(views["seed"].changed(NatGateways=each), listed, Usage()).total
        for each in ("one", "per-zone")
    )
    assert two - one == Decimal("32.85") + Decimal("3.65")


@pytest.mark.parametrize("page", ["docs/environments.md", "docs/es/environments.md"])
def test_the_environments_cost_what_their_page_says(views, listed, page):
    totals = [str(round(bill(views[env], listed, Usage()).total)) for env in ENVIRONMENTS]
    [sentence] = re.findall(
        r"15 % .*`seed`(?:.|\n)*?`prod` \d+", (PARAMS.parent / page).read_text()
    )
    assert re.findall(r"\d+", sentence)[2:] == totals
