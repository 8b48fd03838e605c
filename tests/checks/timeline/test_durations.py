"""The table of durations says where each figure is from, and none of its rows is dead."""

from __future__ import annotations

import pytest

from generator.checks.timeline.durations import CREATE, UPDATE, seconds, table
from generator.model import boot
from tests.resolved import flat


def test_every_row_and_every_part_of_the_boot_has_its_reason() -> None:
    assert all(row.why for row in table())
    assert all(part["why"] for part in boot.table().values())


def test_no_row_is_hidden_by_a_more_general_one_above_it() -> None:
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for row in table():
        assert (row.type, ()) not in seen, row.type
        seen.add((row.type, tuple(row.when.items())))


def test_every_row_is_of_a_type_that_the_templates_have() -> None:
    types = {resource["Type"] for resource in flat()["Resources"].values()}
    assert {row.type for row in table()} <= types | {"AWS::CloudFormation::Stack"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AWS::RDS::DBInstance", 480),
        ("AWS::CloudFront::Distribution", 240),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", 150),
        ("AWS::IAM::InstanceProfile", 130),
        ("AWS::EC2::NatGateway", 110),
        ("AWS::Nobody::Knows", 5),
    ],
)
def test_the_figures_of_the_design_stand(kind: str, expected: int) -> None:
    assert seconds({"Type": kind}, CREATE) == expected


def test_a_standby_takes_longer_whether_the_value_is_text_or_not() -> None:
    for value in ("true", True):
        database = {"Type": "AWS::RDS::DBInstance", "Properties": {"MultiAZ": value}}
        assert seconds(database, CREATE) == 900
        assert seconds(database, UPDATE) == 300


def test_a_boot_with_a_build_takes_the_design_s_360_seconds() -> None:
    assert boot.seconds("start", "packages", "build", "container", "signal") == 360
