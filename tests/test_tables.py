"""Plain tables."""

from __future__ import annotations

from decimal import Decimal

from generator import tables


def test_numbers_of_both_kinds_are_aligned_to_the_right() -> None:
    rows: list[list[str | int | Decimal]] = [["a", 1, Decimal("1234.50")], ["bc", 1000, "unknown"]]
    assert tables.align(["name", "count", "USD"], rows) == [
        "name  count       USD",
        "a         1  1,234.50",
        "bc    1,000   unknown",
    ]
