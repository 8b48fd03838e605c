"""Unit prices: the dated list that ships with the package, and which of them are old."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from generator import shipped
from generator.errors import ClinicError, quote

EVERYWHERE = "everywhere"
OLD_DAYS = 180
_ABOUT = {"key", "unit", "as_of", "source", EVERYWHERE}


@dataclass(frozen=True)
class Price:
    """What one unit costs."""

    usd: Decimal
    unit: str
    """Singular: hour, GB, GB-month, ..."""
    as_of: date
    """When AWS published it, or when the source was read."""
    source: str
    """The address of AWS's price list or page."""


def listed(region: str) -> dict[str, Price]:
    """The prices that hold in ``region``, by key; few or none if the list does not know it."""
    prices: dict[str, Price] = {}
    for row in rows():
        usd = row.get(region, row.get(EVERYWHERE))
        if usd is not None:
            source = row["source"].replace("{region}", region)
            prices[row["key"]] = Price(Decimal(usd), row["unit"], row["as_of"], source)
    return prices


def regions() -> list[str]:
    """The regions that the list knows."""
    return sorted({name for row in rows() for name in row} - _ABOUT)


def require(region: str) -> None:
    """ClinicError if the list has no price of ``region``."""
    if region not in regions():
        raise ClinicError(
            f"there are no prices of {quote(region)} in the list: choose {' or '.join(regions())} "
            "with --region, or ask AWS for them with --live."
        )


def old(
    prices: Mapping[str, Price], keys: Iterable[str], today: date, days: int = OLD_DAYS
) -> list[str]:
    """Which of ``keys`` have a price from more than ``days`` before ``today``, oldest first."""
    limit = today - timedelta(days=days)
    stale = {key for key in keys if key in prices and prices[key].as_of < limit}
    return sorted(stale, key=lambda key: (prices[key].as_of, key))


@cache
def rows() -> list[dict[str, Any]]:
    """The list as it is written: key, unit, as_of, source, and USD by region."""
    text = shipped.text(__package__, "prices.toml")
    written: list[dict[str, Any]] = tomllib.loads(text, parse_float=Decimal)["price"]
    return written
