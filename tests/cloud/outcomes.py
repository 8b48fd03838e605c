"""What became of the runs that were broken, as a table of calls by faults."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from typing import Any

from generator import tables

from .faults import Outcome


def show(title: str, outcomes: Sequence[Outcome]) -> int:
    """Print how each call took each fault, and what was wrong; how many outcomes that are."""
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    print(f"\n{title}: {len(outcomes)} runs, {len(wrong)} wrong")
    tables.show(*table(outcomes))
    for outcome in wrong:
        print(f"WRONG: {outcome.call}, {outcome.fault}: {outcome.wrong}")
    return len(wrong)


def table(outcomes: Sequence[Outcome]) -> tuple[list[str], list[list[str]]]:
    """Headings and a row for each operation: how often it was broken, and how that ended."""
    names = list(dict.fromkeys(str(outcome.fault) for outcome in outcomes))
    rows = []
    for call in dict.fromkeys(outcome.call for outcome in outcomes):
        cells = [[o for o in outcomes if o.call == call and str(o.fault) == name] for name in names]
        rows.append([call, *(_cell(cell) for cell in cells)])
    return ["call", *names], rows


def _cell(outcomes: Sequence[Outcome]) -> str:
    """``3 alone``, ``3 again`` (by the second run), ``1 WRONG``."""
    counts = {
        "WRONG": sum(bool(o.wrong) for o in outcomes),
        "alone": sum(not o.wrong and o.alone for o in outcomes),
        "again": sum(not o.wrong and not o.alone for o in outcomes),
    }
    return ", ".join(f"{number} {word}" for word, number in counts.items() if number)


def quietly(do: Callable[[], Any]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        do()
