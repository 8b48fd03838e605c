"""Where two properties differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any

from generator.model.walk import json_of

MISSING = object()
"""Stands for a value that is not there."""


BEGINNING = 12
"""Characters before the first difference of two long values."""


def leaves(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts that differ: objects, lists and JSON in texts are entered."""
    if old == new:
        return
    parsed = json_of(old), json_of(new)
    if None not in parsed:
        old, new = parsed
    if isinstance(old, dict) and isinstance(new, dict) and not _is_function(old, new):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from leaves(f"{name}.{key}", old.get(key, MISSING), new.get(key, MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for label, before, after in _pairs(old, new):
            yield from leaves(f"{name}[{label}]", before, after)
    else:
        yield name, old, new


def _pairs(old: list[Any], new: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """The items of two lists side by side, with a label: those of one length by their place, of
    others what was put in and taken out, as statements are put into a policy."""
    if len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield str(number), before, after
        return
    was, will = ([json.dumps(item, sort_keys=True) for item in side] for side in (old, new))
    for kind, i, k, j, m in SequenceMatcher(None, was, will, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for number in range(max(k - i, m - j)):
            before = old[i + number] if i + number < k else MISSING
            after = new[j + number] if j + number < m else MISSING
            # A statement's own name says more than its place, which moves.
            item = before if after is MISSING else after
            place = i + number if after is MISSING else j + number
            sid = item.get("Sid") if isinstance(item, dict) else None
            yield (sid if isinstance(sid, str) else str(place)), before, after


def apart(before: str, after: str, width: int) -> tuple[str, str]:
    """Both without most of a long beginning that they share."""
    pairs = zip(before, after, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - BEGINNING
    if shared <= 0 or max(len(before), len(after)) <= width:
        return before, after
    return f"...{before[shared:]}", f"...{after[shared:]}"


def _is_function(*nodes: dict[str, Any]) -> bool:
    return any(len(n) == 1 and next(iter(n)).startswith(("Fn::", "Ref")) for n in nodes)


def show(value: Any) -> str:
    """A value as text for people: text as it is, all else as JSON."""
    if value is MISSING:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
