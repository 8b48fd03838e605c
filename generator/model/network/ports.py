"""Sets of ports: one integer, one bit for each port of each protocol.

So that union, intersection and difference are Python's own ``|``, ``&`` and ``& ~``, exact for
any mixture of ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

SIZES = {"tcp": 65536, "udp": 65536, "icmp": 1, "icmpv6": 1, "other": 1}
"""Bits of each protocol; ICMP's types are not told apart, nor are protocols of other numbers."""
NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
FIRST = {name: sum(list(SIZES.values())[:i]) for i, name in enumerate(SIZES)}
EVERYTHING = (1 << sum(SIZES.values())) - 1
TEXT = re.compile(r"(tcp|udp)(?: (\d+)(?:-(\d+))?)?|icmp|icmpv6|other|any protocol")


def some(protocol: str, first: int = 0, last: int = 65535) -> int:
    """The ports from ``first`` to ``last`` of a protocol; all of one that has none."""
    if SIZES[protocol] == 1:
        first = last = 0
    return ((1 << (last - first + 1)) - 1) << (FIRST[protocol] + first) if first <= last else 0


def of_rule(protocol: Any, first: Any, last: Any) -> int | None:
    """The port set of a security group rule or an ACL entry; None if that is not known."""
    name = str(protocol).lower()
    name = NUMBERS.get(name, name)
    if name in ("-1", "all"):
        return EVERYTHING
    if not isinstance(protocol, str | int):
        return None
    if SIZES.get(name, 1) == 1:
        return some(name if name in SIZES else "other")
    ends = [_number(first, 0), _number(last, 65535)]
    return None if None in ends else some(name, *[end or 0 for end in ends])


def _number(value: Any, nothing: int) -> int | None:
    if value is None:
        return nothing
    text = str(value)
    if text == "-1":
        return nothing
    return int(text) if text.isdigit() and int(text) < 65536 else None


def runs(ports: int) -> Iterator[tuple[str, int]]:
    """Every range in words, such as ``tcp 80`` or ``udp 1-9``, and as a set of its own."""
    if ports == EVERYTHING:
        yield "any protocol", ports
        return
    for name, size in SIZES.items():
        rest = (ports >> FIRST[name]) & ((1 << size) - 1)
        while rest:
            first = (rest & -rest).bit_length() - 1
            last = first + _ones(rest >> first) - 1
            yield _text(name, first, last), some(name, first, last)
            rest &= ~(((1 << (last - first + 1)) - 1) << first)


def _ones(value: int) -> int:
    """How many ones stand together at the low end."""
    return (~value & (value + 1)).bit_length() - 1


def _text(name: str, first: int, last: int) -> str:
    if last - first + 1 == SIZES[name]:
        return name
    return f"{name} {first}" if first == last else f"{name} {first}-{last}"


def parse(text: str) -> int | None:
    """The port set of one text of ``runs``; None for any other text."""
    match = TEXT.fullmatch(text)
    if not match:
        return None
    if text == "any protocol":
        return EVERYTHING
    if not match[2]:
        return some(match[1] or text)
    return some(match[1], int(match[2]), int(match[3] or match[2]))
