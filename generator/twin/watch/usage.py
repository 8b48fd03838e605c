"""CPU seconds of instances: of everything that runs below each one's first process."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds(roots: Iterable[int], proc: Path = Path("/proc")) -> dict[int, float]:
    """CPU seconds used below each process of ``roots``, with those of children that ended."""
    used: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        pid = int(folder.name)
        children.setdefault(int(fields[1]), []).append(pid)
        # utime, stime, cutime, cstime of proc(5)
        used[pid] = sum(map(int, fields[11:15])) / TICKS
    return {root: _below(root, used, children) for root in roots}


def _below(root: int, used: dict[int, float], children: dict[int, list[int]]) -> float:
    total, left = 0.0, [root]
    while left:
        one = left.pop()
        total += used.get(one, 0.0)
        left += children.get(one, [])
    return total
