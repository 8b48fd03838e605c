"""What another value would cost is found by resolving the templates with it."""

from __future__ import annotations

from decimal import Decimal

from generator.checks.cost.choices import by_load, choices
from generator.checks.cost.components import bill
from generator.checks.cost.usage import Usage


def _differences(view, listed, usage=None):
    found = choices(view, listed, usage or Usage())
    return {(each.parameter, each.instead): each.difference for each in found}


def test_every_choice_that_costs_is_in_the_table(views, listed):
    named = {name for name, _ in _differences(views["seed"], listed)}
    assert named >= {
        "NatGateways",
        "MultiAz",
        "MetricPeriod",
        "WarmPoolSize",
        "CustomerKey",
        "FlowLogs",
        "Zones",
        "DatabaseMonitoring",
        "DatabaseClass",
        "InstanceType",
        "CpuCredits",
        "BackupPlan",
        "AlbExposure",
        "PriceClass",
        "WebAclArn",
        "AlbWebAclArn",
    }
    assert not named & {"HealthCheckPath", "DatabaseName", "DeletionProtection", "Release"}


def test_differences_are_those_of_the_bills(views, listed):
    found = _differences(views["seed"], listed)
    assert found["NatGateways", "per-zone"] == Decimal("36.50")
    assert found["NatGateways", "none"] == Decimal("-31.45")  # 38.75 less two addresses
    assert found["CpuCredits", "standard"] == Decimal("-7.30")
    assert found["MultiAz", "true"] == Decimal("13.98")
    assert found["WarmPoolSize", "1"] == Decimal("1.28")
    for (name, value), difference in found.items():
        changed = bill(views["seed"].changed(**{name: value}), listed, Usage())
        assert bill(views["seed"], listed, Usage()).total + difference == changed.total


def test_the_way_back_costs_the_opposite(views, listed):
    there = _differences(views["seed"], listed)["NatGateways", "per-zone"]
    two = views["seed"].changed(NatGateways="per-zone")
    assert _differences(two, listed)["NatGateways", "one"] == -there


def test_a_choice_that_cannot_stand_alone_says_why(views, listed):
    notes = {
        (each.parameter, each.instead): each.note
        for each in choices(views["seed"], listed, Usage())
    }
    assert "WarmPoolSize needs BackendImage" in notes["WarmPoolSize", "1"]
    assert notes["NatGateways", "none"] == ""


def test_a_choice_without_a_price_has_no_difference(views, listed):
    shorter = {key: price for key, price in listed.items() if key != "ec2/t3.large"}
    [large] = [
        each
        for each in choices(views["seed"], shorter, Usage())
        if (each.parameter, each.instead) == ("InstanceType", "t3.large")
    ]
    assert large.difference is None
    assert large.unpriced == ("2 x t3.large (2 to 4)",)


def test_long_lists_are_tried_at_their_ends_and_beside_the_present_value(views, listed):
    days = [
        value
        for name, value in _differences(views["seed"], listed, Usage(logs_gb=Decimal(50)))
        if name == "LogRetentionDays"
    ]
    assert days == ["7", "90", "3653"]


def test_the_loads_go_from_a_quiet_month_to_one_at_the_largest(views, listed):
    quiet, assumed, target, largest = by_load(views["seed"], listed, Usage())
    assert (quiet.instances, quiet.cpu, quiet.surplus) == (Decimal(2), Decimal(0), Decimal(0))
    assert assumed.total == bill(views["seed"], listed, Usage()).total
    assert (target.instances, target.cpu, target.surplus) == (
        Decimal(2),
        Decimal(40),
        Decimal("43.80"),
    )
    assert (largest.instances, largest.cpu, largest.surplus) == (
        Decimal(4),
        Decimal(40),
        Decimal("87.60"),
    )
    assert quiet.total < assumed.total < target.total < largest.total
