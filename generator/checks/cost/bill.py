"""A line item is a quantity times a unit price; a bill is the sum of its line items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from generator.checks.cost.prices import Price
from generator.checks.cost.usage import Usage
from generator.model.view import View

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")
MOST = 10**12


@dataclass(frozen=True)
class LineItem:
    """One charge of the bill."""

    component: str
    item: str
    key: str
    """Of the price."""
    quantity: Decimal
    price: Price | None
    """None: nobody knows, and the bill says "at least"."""
    note: str = ""

    @property
    def amount(self) -> Decimal:
        """USD, in whole cents, so that what is shown adds up; 0 without a price."""
        usd = self.quantity * self.price.usd if self.price else Decimal(0)
        return usd.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Bill:
    """A month of an environment."""

    lines: tuple[LineItem, ...]
    free: Mapping[str, int] = field(default_factory=dict)
    """Resources that cost nothing, by type."""

    @property
    def total(self) -> Decimal:
        """USD: the sum of the lines."""
        return sum((line.amount for line in self.lines), NOTHING)

    @property
    def unpriced(self) -> tuple[LineItem, ...]:
        return tuple(line for line in self.lines if line.price is None)

    @property
    def components(self) -> dict[str, Decimal]:
        """USD by component, in the bill's order."""
        sums: dict[str, Decimal] = {}
        for line in self.lines:
            sums[line.component] = sums.get(line.component, NOTHING) + line.amount
        return sums


@dataclass(frozen=True)
class Month:
    """The input of a pricer: resources, assumptions and prices."""

    view: View
    usage: Usage
    prices: Mapping[str, Price]

    def line(
        self, component: str, item: str, key: str, quantity: Decimal | int, note: str = ""
    ) -> LineItem:
        """A charge for a quantity that is what it is, however long the month."""
        return LineItem(component, item, key, Decimal(quantity), self.prices.get(key), note)

    def hourly(
        self, component: str, item: str, key: str, count: Decimal | int, note: str = ""
    ) -> LineItem:
        """A charge for each of ``count`` things by the hour."""
        return self.line(component, item, key, count * self.usage.hours, note)

    def monthly(
        self, component: str, item: str, key: str, count: Decimal | int, note: str = ""
    ) -> LineItem:
        """A charge for each of ``count`` things by the month, or the part of it."""
        return self.line(component, item, key, count * self.usage.months, note)


def number(value: Any) -> Decimal | None:
    """A property as a number; None while it is not known, none, or beyond all measure."""
    try:
        parsed = Decimal("NaN") if isinstance(value, (dict, list, bool)) else Decimal(str(value))
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() and 0 <= parsed <= MOST else None
