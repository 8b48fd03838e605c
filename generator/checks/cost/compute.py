"""What the instances cost: hours, surplus CPU credits, volumes, addresses, the warm pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from generator.checks.cost.bill import LineItem, Month, number
from generator.checks.cost.launched import LaunchedInstances, launched_groups, standalone
from generator.checks.cost.network import ADDRESSES, Found
from generator.model import instance_types

DETAILED_METRICS = 7
"""Metrics that EC2 reports every minute of an instance, each charged as a custom one."""


def groups(month: Month, resources: Found) -> Iterator[LineItem]:
    """Every group at the average size that the load gives it."""
    yield from _all(month, launched_groups(month.view))


def instances(month: Month, resources: Found) -> Iterator[LineItem]:
    """Every instance that is a resource of its own."""
    yield from _all(month, standalone(month.view))


def volumes(month: Month, resources: Found) -> Iterator[LineItem]:
    """Volumes that are resources of their own."""
    for name, volume in resources.items():
        kind, gib = str(volume.get("VolumeType", "gp2")), number(volume.get("Size"))
        if gib is None:
            yield month.line("Volumes", f"{name}, {kind}, of unknown size", "", 1)
        else:
            yield month.monthly("Volumes", f"{name}, {plain(gib)} GiB {kind}", f"ebs/{kind}", gib)


def _all(month: Month, known: Mapping[str, LaunchedInstances | None]) -> Iterator[LineItem]:
    for name, launched in known.items():
        if launched is None:
            yield month.line("Instances", f"{name}: of no known type and number", "", 1)
            continue
        yield from _instances(month, launched)
        yield from _volumes(month, launched, launched.count(month.usage.load), "Volumes", "running")


def _instances(month: Month, launched: LaunchedInstances) -> Iterator[LineItem]:
    count = launched.count(month.usage.load)
    size = f"{plain(count)} x {launched.type}"
    if launched.least != launched.most:
        size += f" ({plain(launched.least)} to {plain(launched.most)})"
    yield month.hourly(
        "Instances", size, f"ec2/{launched.type}", count, _throttled(month, launched)
    )
    if launched.type not in instance_types.table():
        yield month.line("Instances", instance_types.unknown(launched.type), "", 1)
    elif launched.baseline is not None:
        yield _credits(month, launched, count)
    if launched.public:
        yield month.hourly(ADDRESSES, f"{plain(count)} x of an instance", "ipv4/hour", count)
    if launched.detailed:
        item = f"{DETAILED_METRICS} x metric of each instance, every minute"
        yield month.monthly("Metrics", item, "cloudwatch/metric", count * DETAILED_METRICS)


def _credits(month: Month, launched: LaunchedInstances, count: Decimal) -> LineItem:
    cpu = plain(launched.cpu(month.usage.load))
    item = f"surplus credits: {cpu} % CPU, {plain(launched.baseline)} % included"
    if launched.credits != "unlimited":
        item = f"no surplus credits: {launched.credits}"
    key = f"ec2/credit/{launched.type.partition('.')[0]}"
    return month.hourly("Instances", item, key, count * launched.surplus(month.usage.load))


def _throttled(month: Month, launched: LaunchedInstances) -> str:
    cpu, baseline = launched.cpu(month.usage.load), launched.baseline
    if launched.credits == "unlimited" or baseline is None or cpu <= baseline:
        return ""
    stuck = (
        ""
        if launched.grows or launched.target is None
        else f", so the group never grows to keep to {launched.target} %"
    )
    return (
        f"standard credits: once they are spent, {launched.type} is throttled to "
        f"{plain(baseline)} % although {plain(cpu)} % is asked for{stuck}"
    )


def warm_pools(month: Month, resources: Found) -> Iterator[LineItem]:
    """Stopped instances cost their volumes only."""
    of_group = launched_groups(month.view)
    for pool in resources.values():
        size = number(pool.get("MinSize"))
        launched = of_group.get(month.view.references.target(pool.get("AutoScalingGroupName")))
        if launched is None or size is None:
            yield month.line("Warm pool", "of no known type and number", "", 1)
        elif pool.get("PoolState", "Stopped") == "Stopped":
            yield from _volumes(month, launched, size, "Warm pool", "stopped")
        else:
            state = str(pool["PoolState"]).lower()
            item = f"{plain(size)} x {launched.type}, {state}"
            yield month.hourly("Warm pool", item, f"ec2/{launched.type}", size)


def _volumes(
    month: Month, launched: LaunchedInstances, count: Decimal, component: str, state: str
) -> Iterator[LineItem]:
    for kind, gib in launched.volumes:
        if gib is None:
            yield month.line(component, f"{plain(count)} x {kind} as large as the image", "", count)
        else:
            item = f"{plain(count)} x {plain(gib)} GiB {kind}, {state}"
            yield month.monthly(component, item, f"ebs/{kind}", count * gib)


def plain(value: Decimal | None) -> str:
    """A quantity as people write it: at most two decimals, none for nothing."""
    text = f"{value or Decimal(0):,.2f}"
    return text.rstrip("0").rstrip(".")
