"""Functions of a template that are decided once their arguments are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from itertools import islice
from typing import Any


def _join(argument: Any) -> str | None:
    separator, items = argument
    if isinstance(items, list) and all(isinstance(item, str) for item in items):
        return str(separator.join(items))
    return None


def _select(argument: Any) -> Any:
    index, items = argument
    return items[int(index)] if isinstance(items, list) and int(index) < len(items) else None


def _split(argument: Any) -> list[str] | None:
    separator, text = argument
    return text.split(separator) if isinstance(text, str) else None


def _cidr(argument: Any) -> list[str] | None:
    block, count, bits = argument
    if not isinstance(block, str) or "/" not in block:
        return None
    subnets = IPv4Network(block).subnets(new_prefix=32 - int(bits))
    return [str(subnet) for subnet in islice(subnets, int(count))]


def _zones(region: Any) -> list[str] | None:
    return [f"{region}{letter}" for letter in "abc"] if isinstance(region, str) else None


FOLDS: Mapping[str, Callable[[Any], Any]] = {
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _zones,
}
"""What each makes of its argument; None: it cannot be decided yet."""
