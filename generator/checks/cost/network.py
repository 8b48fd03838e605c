"""What the network costs: NAT gateways, public addresses, endpoints, the load balancer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import LineItem, Month

Found = Mapping[str, Mapping[str, Any]]
"""Properties of the resources of one type, by logical id."""

NAT = "AWS::EC2::NatGateway"
ADDRESSES = "Public IPv4"
CONNECTIONS_PER_LCU = Decimal(25)
"""New ones a second that a capacity unit holds; or it holds 1 GB an hour."""


def nat_gateways(month: Month, resources: Found) -> Iterator[LineItem]:
    """Hours of each, and every GB through any of them."""
    yield month.hourly("NAT gateways", f"{len(resources)} x gateway", "nat/hour", len(resources))
    yield month.line("NAT gateways", "data through them", "nat/gb", month.usage.out_gb)


def elastic_addresses(month: Month, resources: Found) -> Iterator[LineItem]:
    """Every public address costs, in use or not."""
    yield month.hourly(ADDRESSES, f"{len(resources)} x Elastic IP", "ipv4/hour", len(resources))


def endpoints(month: Month, resources: Found) -> Iterator[LineItem]:
    """Interface endpoints, in each zone; the gateways to S3 and DynamoDB are free."""
    interfaces = {
        name: each for name, each in resources.items() if each.get("VpcEndpointType") == "Interface"
    }
    if not interfaces:
        return
    for name, each in interfaces.items():
        zones = each.get("SubnetIds")
        if isinstance(zones, list):
            item = f"{name}, in {len(zones)} x zone"
            yield month.hourly("Interface endpoints", item, "endpoint/hour", len(zones))
        else:
            yield month.line("Interface endpoints", f"{name}, in unknown zones", "", 1)
    if not month.view.of_type(NAT):
        yield month.line(
            "Interface endpoints", "data through them", "endpoint/gb", month.usage.out_gb
        )


def balancers(month: Month, resources: Found) -> Iterator[LineItem]:
    """Hours and capacity units of application balancers, and the addresses of public ones."""
    known = [
        each for each in resources.values() if each.get("Type", "application") == "application"
    ]
    if others := len(resources) - len(known):
        yield month.line("Load balancer", f"{others} x of another type", "", others)
    if known:
        yield month.hourly("Load balancer", f"{len(known)} x balancer", "alb/hour", len(known))
        yield month.line("Load balancer", "capacity units", "alb/lcu", _units(month))
    for each in known:
        if each.get("Scheme") != "internal":
            yield _addresses(month, each.get("Subnets"))


def classic_balancers(month: Month, resources: Found) -> Iterator[LineItem]:
    """Hours of each Classic balancer, every GB through any, and the addresses of public ones."""
    yield month.hourly("Load balancer", f"{len(resources)} x Classic", "elb/hour", len(resources))
    yield month.line("Load balancer", "data through Classic ones", "elb/gb", month.usage.traffic_gb)
    for each in resources.values():
        if each.get("Scheme") != "internal":
            yield _addresses(month, each.get("Subnets", each.get("AvailabilityZones")))


def _addresses(month: Month, zones: Any) -> LineItem:
    if not isinstance(zones, list):
        return month.line(ADDRESSES, "of the balancer, in unknown zones", "", 1)
    item = f"{len(zones)} x of the balancer, one a zone"
    return month.hourly(ADDRESSES, item, "ipv4/hour", len(zones))


def _units(month: Month) -> Decimal:
    """Capacity units times hours: whatever is larger of traffic and, at worst, new connections."""
    connections = month.usage.requests * 10**6 / CONNECTIONS_PER_LCU / 3600
    return max(month.usage.traffic_gb, connections)
