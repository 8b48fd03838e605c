"""Where two properties differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MISSING = object()
"""Stands for a value that is not there."""


def leaves(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts that differ: objects are entered, lists only if of the same length."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not _is_function(old, new):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from leaves(f"{name}.{key}", old.get(key, MISSING), new.get(key, MISSING))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from leaves(f"{name}[{number}]", before, after)
    else:
        yield name, old, new


def _is_function(*nodes: dict[str, Any]) -> bool:
    return any(len(n) == 1 and next(iter(n)).startswith(("Fn::", "Ref")) for n in nodes)


def show(value: Any) -> str:
    """A value as text for people: text as it is, all else as JSON."""
    if value is MISSING:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
