"""The three environments, and the listed prices of the region that has most."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.checks.cost import prices
from generator.checks.cost.prices import Price
from generator.model import view

PARAMS = Path(__file__).parents[3] / "params"
ENVIRONMENTS = ("seed", "dev", "prod")


@pytest.fixture(scope="session")
def views() -> dict[str, view.View]:
    return {env: view.load(env, PARAMS) for env in ENVIRONMENTS}


@pytest.fixture(scope="session")
def listed() -> dict[str, Price]:
    return prices.listed("us-east-1")
