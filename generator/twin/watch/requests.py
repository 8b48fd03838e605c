"""Requests by path and status, from the CDN's access log."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator.twin.network import EDGE

LINE = re.compile(r"([\d.]+) (\S+) (\S+) (\S*) (\d{3}) ([\d.]+) (.*)")
"""What cdn.py logs: seconds, client, method, path with query, status, duration, origin."""
PATHS, ROWS, LENGTH = 500, 12, 80
"""Paths that are told apart, those that are shown, and characters of each."""
REST = "other paths"
SECONDS = 10.0
"""What the rate is an average of."""


@dataclass
class Requests:
    """All that the log has had so far."""

    log: Path
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """By path, then by status."""
    recent: deque[float] = field(default_factory=deque)
    offset: int = 0

    def read(self) -> None:
        """Take in the lines that are new; one that is not whole yet waits."""
        with self.log.open("rb") as stream:
            stream.seek(self.offset)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._add(line)

    def _add(self, line: str) -> None:
        parts = LINE.fullmatch(line)
        # What the browser's way in passes on, the CDN itself logs too.
        if not parts or parts[7].startswith(f"{EDGE}:"):
            return
        path = parts[4].partition("?")[0][:LENGTH] or "-"
        if path not in self.counts and len(self.counts) >= PATHS:
            path = REST
        self.counts.setdefault(path, Counter())[parts[5]] += 1
        self.recent.append(float(parts[1]))

    def state(self, now: float) -> dict[str, Any]:
        """Totals, requests a second, and the paths that are asked for most. ``now``: Unix time."""
        while self.recent and self.recent[0] < now - SECONDS:
            self.recent.popleft()
        statuses = sum(self.counts.values(), Counter[str]())
        most = sorted(self.counts.items(), key=lambda one: (-one[1].total(), one[0]))
        rest = sum((counts for _, counts in most[ROWS:]), Counter[str]())
        rows = [*most[:ROWS], *([(REST, rest)] if rest else [])]
        return {
            "total": statuses.total(),
            "per_second": round(len(self.recent) / SECONDS, 1),
            "statuses": dict(sorted(statuses.items())),
            "paths": [{"path": path, "statuses": dict(sorted(c.items()))} for path, c in rows],
        }
