"""The month of one environment, with what another choice would make of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from generator.checks.cost import choices, components, prices
from generator.checks.cost.prices import Price
from generator.checks.cost.report import Estimate, Moved
from generator.checks.cost.usage import Usage
from generator.model import view


def estimate(
    loaded: view.View,
    current: Mapping[str, Price],
    usage: Usage,
    moved: Moved,
    today: date,
) -> Estimate:
    """All that is said of one environment; ``current`` are the prices, ``moved`` those that AWS has
    changed since they were listed."""
    month = components.bill(loaded, current, usage)
    keys = {line.key for line in month.lines}
    return Estimate(
        env=loaded.env,
        region=loaded.region,
        usage=usage,
        bill=month,
        scenarios=choices.by_load(loaded, current, usage),
        choices=choices.choices(loaded, current, usage),
        old=prices.old(current, keys, today),
        moved={key: pair for key, pair in moved.items() if key in keys},
    )
