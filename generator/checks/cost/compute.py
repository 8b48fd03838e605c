"""What the instances cost: hours, surplus CPU credits, volumes, addresses, the warm pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from generator.checks.cost.bill import Line, Month, number, referred
from generator.checks.cost.fleet import Fleet, alone, fleets
from generator.checks.cost.network import ADDRESSES, Found
from generator.model import instance_types

DETAILED_METRICS = 7
"""Metrics that EC2 reports every minute of an instance, each charged as a custom one."""


def groups(month: Month, found: Found) -> Iterator[Line]:
    """Every group at the average size that the load gives it."""
    yield from _all(month, fleets(month.view))


def instances(month: Month, found: Found) -> Iterator[Line]:
    """Every instance that is a resource of its own."""
    yield from _all(month, alone(month.view))


def volumes(month: Month, found: Found) -> Iterator[Line]:
    """Volumes that are resources of their own."""
    for name, volume in found.items():
        kind, gib = str(volume.get("VolumeType", "gp2")), number(volume.get("Size"))
        if gib is None:
            yield month.line("Volumes", f"{name}, {kind}, of unknown size", "", 1)
        else:
            yield month.monthly("Volumes", f"{name}, {plain(gib)} GiB {kind}", f"ebs/{kind}", gib)


def _all(month: Month, known: Mapping[str, Fleet | None]) -> Iterator[Line]:
    for name, fleet in known.items():
        if fleet is None:
            yield month.line("Instances", f"{name}: of no known type and number", "", 1)
            continue
        yield from _instances(month, fleet)
        yield from _volumes(month, fleet, fleet.count(month.usage.load), "Volumes", "running")


def _instances(month: Month, fleet: Fleet) -> Iterator[Line]:
    count = fleet.count(month.usage.load)
    size = f"{plain(count)} x {fleet.type}"
    if fleet.least != fleet.most:
        size += f" ({plain(fleet.least)} to {plain(fleet.most)})"
    yield month.hourly("Instances", size, f"ec2/{fleet.type}", count, _throttled(month, fleet))
    if fleet.type not in instance_types.table():
        yield month.line("Instances", instance_types.unknown(fleet.type), "", 1)
    elif fleet.baseline is not None:
        yield _credits(month, fleet, count)
    if fleet.public:
        yield month.hourly(ADDRESSES, f"{plain(count)} x of an instance", "ipv4/hour", count)
    if fleet.detailed:
        item = f"{DETAILED_METRICS} x metric of each instance, every minute"
        yield month.monthly("Metrics", item, "cloudwatch/metric", count * DETAILED_METRICS)


def _credits(month: Month, fleet: Fleet, count: Decimal) -> Line:
    cpu = plain(fleet.cpu(month.usage.load))
    item = f"surplus credits: {cpu} % CPU, {plain(fleet.baseline)} % included"
    if fleet.credits != "unlimited":
        item = f"no surplus credits: {fleet.credits}"
    key = f"ec2/credit/{fleet.type.partition('.')[0]}"
    return month.hourly("Instances", item, key, count * fleet.surplus(month.usage.load))


def _throttled(month: Month, fleet: Fleet) -> str:
    cpu, baseline = fleet.cpu(month.usage.load), fleet.baseline
    if fleet.credits == "unlimited" or baseline is None or cpu <= baseline:
        return ""
    stuck = (
        ""
        if fleet.grows or fleet.target is None
        else f", so the group never grows to keep to {fleet.target} %"
    )
    return (
        f"standard credits: once they are spent, {fleet.type} is throttled to {plain(baseline)} % "
        f"although {plain(cpu)} % is asked for{stuck}"
    )


def warm_pools(month: Month, found: Found) -> Iterator[Line]:
    """Stopped instances cost their volumes only."""
    of_group = fleets(month.view)
    for pool in found.values():
        size = number(pool.get("MinSize"))
        fleet = of_group.get(referred(pool.get("AutoScalingGroupName")))
        if fleet is None or size is None:
            yield month.line("Warm pool", "of no known type and number", "", 1)
        elif pool.get("PoolState", "Stopped") == "Stopped":
            yield from _volumes(month, fleet, size, "Warm pool", "stopped")
        else:
            state = str(pool["PoolState"]).lower()
            item = f"{plain(size)} x {fleet.type}, {state}"
            yield month.hourly("Warm pool", item, f"ec2/{fleet.type}", size)


def _volumes(
    month: Month, fleet: Fleet, count: Decimal, component: str, state: str
) -> Iterator[Line]:
    for kind, gib in fleet.volumes:
        if gib is None:
            yield month.line(component, f"{plain(count)} x {kind} as large as the image", "", count)
        else:
            item = f"{plain(count)} x {plain(gib)} GiB {kind}, {state}"
            yield month.monthly(component, item, f"ebs/{kind}", count * gib)


def plain(value: Decimal | None) -> str:
    """A quantity as people write it: at most two decimals, none for nothing."""
    text = f"{value or Decimal(0):,.2f}"
    return text.rstrip("0").rstrip(".")
