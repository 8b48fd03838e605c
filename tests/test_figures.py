"""Figures in docs/ are those that commands and tables give now, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ended
from tests.mutations import MUTATIONS

DOCS = Path(__file__).parents[1] / "docs"
Clinic = Callable[..., Ended]


def said(page: str, pattern: str) -> list[int]:
    """The numbers of the first place that matches, without the commas of thousands."""
    found = re.search(pattern, " ".join((DOCS / page).read_text().split()))
    assert found, pattern
    return [int(number.replace(",", "")) for number in found.groups()]


def seconds(clinic: Clinic, *arguments: str) -> int:
    lines = map(json.loads, clinic("stress", *arguments, "--simulate", "--json").out.splitlines())
    return int(*(line["seconds"] for line in lines if line["kind"] == "figure"))


@pytest.mark.parametrize(
    ("page", "pattern"),
    [
        ("proven.md", r"comes ([\d,]+) s after .* `seed` after (\d+), .* `prod`, after (\d+)"),
        ("es/proven.md", r"llega (\d+) s después .* `seed`, a los (\d+); .* `prod`, a los (\d+)"),
    ],
)
def test_new_capacity_comes_when_the_simulation_says(clinic: Clinic, page: str, pattern: str):
    documented = seconds(clinic, "seed", "--metric-period", "300")
    assert said(page, pattern) == [documented, seconds(clinic, "seed"), seconds(clinic, "prod")]


@pytest.mark.parametrize(
    ("page", "pattern"),
    [
        ("environments.md", r"`prod` has new capacity (\d+) s"),
        ("es/environments.md", r"`prod` tiene capacidad nueva (\d+) s"),
    ],
)
def test_prod_scales_as_its_page_says(clinic: Clinic, page: str, pattern: str):
    assert said(page, pattern) == [seconds(clinic, "prod")]


@pytest.mark.parametrize(
    ("page", "pattern"),
    [
        ("proven.md", r"(\d+) deliberate breakages"),
        ("es/proven.md", r"(\d+) daños deliberados"),
    ],
)
def test_as_many_breakages_are_planted_as_the_page_says(page: str, pattern: str):
    assert said(page, pattern) == [len(MUTATIONS)]


def test_both_languages_number_the_same_decisions():
    """A record is known by its number; titles that are code are the same in both."""
    titles = [
        re.findall(r"^(\d+)\. \*\*(.*?)\*\*", (DOCS / page).read_text(), re.M | re.DOTALL)
        for page in ("decisions.md", "es/decisions.md")
    ]
    numbers = [[int(number) for number, _ in records] for records in titles]
    assert numbers[0] == numbers[1] == list(range(1, len(numbers[0]) + 1))
    codes = [[re.findall(r"`[^`]+`", title) for _, title in records] for records in titles]
    assert codes[0] == codes[1]
