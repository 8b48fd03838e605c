"""How long an instance's boot takes, part by part: the rows of boot.toml."""

from __future__ import annotations

import tomllib
from functools import cache

from generator import shipped


@cache
def table() -> dict[str, dict[str, str | int]]:
    """Seconds and where they are from, by part."""
    return tomllib.loads(shipped.text(__package__, "boot.toml"))


def seconds(*parts: str) -> int:
    """Typical seconds of some parts together: start, build, pull, container, ..."""
    return sum(int(table()[part]["seconds"]) for part in parts)
