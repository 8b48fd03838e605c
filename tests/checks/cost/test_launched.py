"""Instances under a load: how many, how busy, and what their credits cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.checks.cost.components import bill
from generator.checks.cost.launched import LaunchedInstances, launched_groups
from generator.checks.cost.usage import Usage
from generator.model import instance_types

loads = st.decimals(0, 1000, places=1)
MICRO = LaunchedInstances(
    type="t3.micro",
    least=Decimal(2),
    most=Decimal(4),
    target=Decimal(40),
    credits="unlimited",
    volumes=(("gp3", Decimal(16)),),
    public=False,
    detailed=True,
)


def test_the_group_of_the_templates_is_read(views):
    assert launched_groups(views["seed"]) == {"BackendGroup": MICRO}
    dev = launched_groups(views["dev"])["BackendGroup"]
    assert dev == replace(MICRO, least=Decimal(1), most=Decimal(2), credits="standard", public=True)


@pytest.mark.parametrize(
    ("load", "count", "cpu"), [(0, 2, 0), (15, 2, 15), (40, 2, 40), (60, 3, 40), (80, 4, 40)]
)
def test_the_group_grows_to_keep_to_its_target(load, count, cpu):
    assert MICRO.count(Decimal(load)) == count
    assert MICRO.cpu(Decimal(load)) == cpu


def test_a_group_at_its_largest_gets_busier_and_never_more_than_busy():
    assert MICRO.cpu(Decimal(120)) == 60
    assert MICRO.cpu(Decimal(1000)) == 100


def test_surplus_credits_at_the_target_cost_three_tenths_of_both_processors():
    assert MICRO.surplus(Decimal(40)) == Decimal("0.6")  # 2 x (40 % - 10 %)
    assert MICRO.surplus(Decimal(10)) == 0


def test_the_target_costs_more_credits_than_the_instances_themselves(views, listed):
    month = bill(views["seed"], listed, Usage(load=Decimal(40)))
    [credits] = [line for line in month.lines if line.key == "ec2/credit/t3"]
    assert credits.amount == Decimal("43.80")  # 2 x 730 h x 0.6 vCPU x 0.05
    assert credits.item == "surplus credits: 40 % CPU, 10 % included"


def test_standard_instances_cost_no_credits_are_throttled_and_never_grow(views, listed):
    tired = replace(MICRO, credits="standard")
    assert not tired.grows
    assert tired.count(Decimal(80)) == 2
    assert tired.surplus(Decimal(80)) == 0
    month = bill(views["dev"], listed, Usage(load=Decimal(30)))
    [instances] = [line for line in month.lines if line.key == "ec2/t3.micro"]
    assert "throttled to 10 % although 30 % is asked for" in instances.note
    assert "never grows" in instances.note


def test_standard_instances_within_their_baseline_are_not_throttled(views, listed):
    month = bill(views["dev"], listed, Usage(load=Decimal(10)))
    assert not [line for line in month.lines if line.note]
    assert replace(MICRO, credits="standard", target=Decimal(10)).grows


def test_a_type_that_is_not_burstable_has_no_credits():
    steady = replace(MICRO, type="m7i.large", credits="standard")
    assert steady.baseline is None
    assert steady.grows
    assert steady.surplus(Decimal(100)) == 0


@given(one=loads, other=loads)
def test_a_larger_load_is_never_fewer_or_calmer_instances(one, other):
    less, more = sorted((one, other))
    assert MICRO.count(less) <= MICRO.count(more)
    assert MICRO.count(less) * MICRO.cpu(less) <= MICRO.count(more) * MICRO.cpu(more)
    assert MICRO.least <= MICRO.count(one) <= MICRO.most


def test_burstable_types_earn_what_aws_documents():
    # Credits an hour, of which 60 are a vCPU: 12 for t3.micro, 24 for t3.small, 36 for t3.large.
    earned = {
        kind: of.vcpus * of.baseline * 60 / 100
        for kind, of in instance_types.table().items()
        if of.baseline
    }
    wanted = {"t3.micro": 12, "t3.small": 24, "t3.large": 36, "t2.micro": 6, "t4g.medium": 24}
    assert {kind: earned[kind] for kind in wanted} == wanted


def test_a_group_without_a_known_template_has_no_price(views, listed):
    seen = views["seed"]
    group = seen.resources["BackendGroup"]
    properties = {**group["Properties"], "LaunchTemplate": {"LaunchTemplateName": "elsewhere"}}
    changed = seen.resources | {"BackendGroup": {**group, "Properties": properties}}
    month = bill(replace(seen, resources=changed), listed, Usage())
    assert "BackendGroup: of no known type and number" in [line.item for line in month.unpriced]
