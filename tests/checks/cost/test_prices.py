"""The price list: dated, sourced, exact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from generator.checks.cost import prices
from generator.checks.cost.prices import Price
from generator.errors import ClinicError


def _dated(day: str) -> Price:
    return Price(Decimal("0.1"), "hour", date.fromisoformat(day), "https://aws.amazon.com/")


@pytest.mark.parametrize("region", ["us-east-1", "sa-east-1"])
def test_every_price_has_a_day_an_address_and_costs_something(region):
    for key, price in prices.listed(region).items():
        assert type(price.as_of) is date, key
        assert price.source.startswith("https://"), key
        assert "{" not in price.source, key
        assert price.usd > 0, key
        assert price.unit, key


@pytest.mark.parametrize("region", ["us-east-1", "sa-east-1"])
def test_no_price_is_listed_twice(region):
    rows = [row for row in prices.rows() if region in row or prices.EVERYWHERE in row]
    keys = [row["key"] for row in rows]
    assert len(keys) == len(set(keys))
    assert not [row for row in prices.rows() if prices.EVERYWHERE in row and len(row) > 5]


def test_a_version_of_the_price_list_is_dated_by_its_publication():
    for row in prices.rows():
        version = row["source"].split("/")[-3]
        if version.isdigit():
            assert version.startswith(row["as_of"].strftime("%Y%m%d")), row["key"]


def test_prices_are_exact():
    assert prices.listed("us-east-1")["lambda/gb-second"].usd == Decimal("0.0000166667")
    assert prices.listed("sa-east-1")["nat/hour"].usd == Decimal("0.093")


def test_a_region_that_is_not_listed_is_one_sentence():
    assert prices.regions() == ["sa-east-1", "us-east-1"]
    with pytest.raises(ClinicError, match=r'no prices of "eu-west-1".*--live') as told:
        prices.require("eu-west-1")
    assert told.value.exit_code == 2


def test_prices_get_old_after_half_a_year_and_the_oldest_is_named_first():
    rows = {"a": _dated("2026-05-01"), "b": _dated("2026-01-01"), "c": _dated("2026-06-01")}
    day = date(2026, 11, 28)  # 180 days after the first of June
    assert prices.old(rows, rows, day) == ["b", "a"]
    assert prices.old(rows, rows, date(2026, 11, 29)) == ["b", "a", "c"]
    assert prices.old(rows, ["c", "not listed"], day) == []
    assert prices.old(rows, rows, day, days=400) == []
