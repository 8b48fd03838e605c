"""Ranges of IPv4 addresses, and where on the way from one end to the other something changes."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any, NamedTuple


class Range(NamedTuple):
    """Addresses as whole numbers, both ends among them."""

    first: int
    last: int

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and self.first <= address <= self.last

    def covers(self, other: Range) -> bool:
        """Whether all of ``other`` is inside."""
        return self.first <= other.first and other.last <= self.last

    def overlaps(self, other: Range) -> bool:
        """Whether any of ``other`` is inside."""
        return self.first <= other.last and other.first <= self.last


def parse(text: Any) -> Range | None:
    """The addresses of a CIDR block; None for anything else, IPv6 too."""
    if not isinstance(text, str) or "." not in text:
        return None
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        return None
    return Range(int(network.network_address), int(network.broadcast_address))


def _ranges(*blocks: str) -> tuple[Range, ...]:
    return tuple(Range(int(n[0]), int(n[-1])) for n in map(IPv4Network, blocks))


EVERY = Range(0, 2**32 - 1)
PRIVATE = _ranges("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
NOWHERE = _ranges("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
"""Addresses that no router carries."""


def without(whole: Iterable[Range], parts: Iterable[Range]) -> list[Range]:
    """``whole`` but for ``parts``."""
    left = list(whole)
    for part in parts:
        left = [piece for old in left for piece in _cut(old, part)]
    return left


def _cut(old: Range, part: Range) -> list[Range]:
    if not old.overlaps(part):
        return [old]
    before, after = Range(old.first, part.first - 1), Range(part.last + 1, old.last)
    return [piece for piece in (before, after) if piece.first <= piece.last]


INTERNET = tuple(without([EVERY], (*PRIVATE, *NOWHERE)))


def samples(ranges: Iterable[Range], borders: Iterable[Range]) -> list[int]:
    """One address out of each piece of ``ranges`` in which none of ``borders`` begins or ends.

    Whatever asks only whether an address is inside one of ``borders`` treats a piece alike.
    """
    starts = {edge for border in borders for edge in (border.first, border.last + 1)}
    return [
        address
        for piece in ranges
        for address in sorted({piece.first} | {start for start in starts if start in piece})
    ]
