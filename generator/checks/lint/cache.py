"""What the linters said about the same bytes earlier today.

An entry is only ever a shortcut: one that is missing, damaged or unwritable costs time, nothing
else. A new day starts afresh, since linters look at what AWS offers and retires.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from generator.checks.lint.finding import Finding


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where entries are kept; XDG_CACHE_HOME decides, else the platform's custom."""
    if xdg := environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "clinic"
    home = Path(os.path.expanduser("~"))
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "clinic"


def key(*parts: bytes | str) -> str:
    """A name for an entry: the same parts, and nothing else, give the same name."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


class Cache:
    """Findings by key, for one day."""

    def __init__(self, root: Path, day: str | None = None) -> None:
        self._root = root
        self._folder = root / f"lint-{day or datetime.now(UTC).date().isoformat()}"

    def get(self, name: str) -> list[Finding] | None:
        """The findings kept under ``name``; None if there are none or they cannot be trusted."""
        try:
            text = (self._folder / name).read_text("utf-8")
            check, _, body = text.partition("\n")
            return [Finding(*row) for row in json.loads(body)] if check == key(body) else None
        except (OSError, ValueError):
            return None

    def put(self, name: str, findings: Iterable[Finding]) -> None:
        """Keep ``findings``; on a disk that refuses, do without."""
        body = json.dumps(list(findings))
        unfinished = self._folder / f"{name}.{os.getpid()}"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(f"{key(body)}\n{body}", "utf-8")
            unfinished.replace(self._folder / name)
            self._forget_other_days()

    def _forget_other_days(self) -> None:
        for old in self._root.glob("lint-*"):
            if old != self._folder:
                for entry in old.iterdir():
                    entry.unlink(missing_ok=True)
                old.rmdir()
