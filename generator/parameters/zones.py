"""The zones that an operator names against the number of zones, which no rule can count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES, NUMBER = "ZoneNames", "Zones"


def mismatch(declared: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """What is wrong with valid values, and what to do; empty if nothing."""
    if not {NAMES, NUMBER} <= declared.keys():
        return ""
    names, number = (str(values.get(key, declared[key].get("Default"))) for key in (NAMES, NUMBER))
    count = len(names.split(",")) if names else int(number)
    if count == int(number):
        return ""
    return f"{NAMES} names {count} zones and {NUMBER} is {number}: name as many, or set {NUMBER}."
