"""The tables of AWS's facts cover what the templates may have, and say what they lack."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from generator.application.stress.settings import settings
from generator.application.stress.simulate import simulate
from generator.application.stress.timeline import Load
from generator.checks.cost.components import bill
from generator.checks.cost.prices import listed, rows
from generator.checks.cost.usage import Usage
from generator.errors import ClinicError
from generator.model import boot, instance_types, view
from tests.model.test_view import ROOT
from tests.resolved import flat


def test_every_type_that_has_a_price_has_its_vcpus_and_baseline() -> None:
    kinds = {
        key.split("/")[1].removeprefix("db.")
        for key in (row["key"] for row in rows())
        if key.startswith(("ec2/", "rds/db.")) and not key.startswith("ec2/credit")
    }
    assert kinds <= instance_types.table().keys()


def test_every_type_that_the_form_offers_is_known() -> None:
    parameters = flat()["Parameters"]
    for name in ("InstanceType", "DatabaseClass"):
        for kind in parameters[name].get("AllowedValues", [parameters[name]["Default"]]):
            assert instance_types.require(kind.removeprefix("db.")).vcpus > 0


def test_only_burstable_families_have_a_baseline() -> None:
    burstable = {name for name, of in instance_types.table().items() if of.baseline is not None}
    assert burstable == {name for name in instance_types.table() if name.startswith("t")}
    assert instance_types.require("t3.micro") == (2, Decimal(10))
    assert instance_types.require("m7i.large").share == 100


def test_a_type_that_nobody_wrote_down_is_said_and_never_guessed() -> None:
    seen = view.load("seed", ROOT / "params")
    with pytest.raises(ClinicError, match=r'"t9\.micro".* write them into .*instance_types\.toml'):
        simulate(replace(settings(seen), instance_type="t9.micro"), Load())


def test_the_bill_of_such_a_type_says_at_least_and_which_table_lacks_it() -> None:
    seen = view.load("seed", ROOT / "params").changed(InstanceType="t9.micro", DatabaseClass="db.x")
    items = [line.item for line in bill(seen, listed("us-east-1"), Usage()).unpriced]
    assert [item for item in items if "instance_types.toml" in item] == [
        instance_types.unknown("t9.micro"),
        instance_types.unknown("db.x"),
    ]


def test_every_part_of_a_boot_has_its_reason() -> None:
    assert all(part["why"] for part in boot.table().values())
    assert boot.seconds("start", "pull") == boot.seconds("start") + boot.seconds("pull")
