"""What a command says: text for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator import tables

DONE = "done"


@dataclass
class Report:
    """Where everything is said. One for each run of a command; `main` makes it and ends it."""

    json: bool = False
    brief: bool = False
    """Spare people the events of single resources that did not fail, and the outputs."""
    _done: dict[str, Any] = field(default_factory=dict, repr=False)
    """The newest object of kind done, until something follows it: the last one of a run gets the
    exit code, which is known at the end."""

    def say(self, text: str = "") -> None:
        """A line for people."""
        if not self.json:
            print(text, flush=True)

    def table(self, headings: Sequence[str], rows: Sequence[tables.Row]) -> None:
        """A table for people."""
        if not self.json:
            tables.show(headings, rows)

    def tell(self, kind: str, **fields: Any) -> None:
        """An object for programs; ``kind`` says which fields it has."""
        if not self.json:
            return
        if self._done:
            _print(self._done)
        self._done = {}
        if kind == DONE:
            self._done = {"kind": kind, **fields}
        else:
            _print({"kind": kind, **fields})

    def tell_all(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Objects for programs, each with its kind. They are not asked for where nobody listens."""
        for fields in objects if self.json else ():
            self.tell(**fields)

    def end(self, exit_code: int, trouble: str = "") -> None:
        """Tell programs what went wrong, if anything did, and last that the run is done."""
        if not self.json:
            return
        if trouble:
            _print({"kind": "error", "message": trouble, "exit_code": exit_code})
        _print({"kind": DONE, **self._done, "exit_code": exit_code})
        self._done = {}


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line, default=str), flush=True)
