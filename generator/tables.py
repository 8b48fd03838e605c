"""Tables for people: drawn on a terminal, plain aligned columns everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal

Row = Sequence[str | int | Decimal]


def show(headings: Sequence[str], rows: Sequence[Row]) -> None:
    """Print ``rows`` under ``headings`` on stdout; numbers are aligned to the right."""
    if sys.stdout.isatty():
        _draw(headings, rows)
    else:
        print("\n".join(align(headings, rows)))


def align(headings: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Plain lines, two spaces between the columns."""
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [_is_numeric(rows, i) for i in range(len(headings))]
    return [
        "  ".join(
            cell.rjust(width) if to_the_right else cell.ljust(width)
            for cell, width, to_the_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [headings, *cells]
    ]


def _draw(headings: Sequence[str], rows: Sequence[Row]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="right" if _is_numeric(rows, i) else "left")
    for row in rows:
        # As text: in a plain string rich would take [brackets] for its own markup.
        table.add_row(*(Text(_text(cell)) for cell in row))
    Console().print(table)


def _text(cell: str | int | Decimal) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"


def _is_numeric(rows: Sequence[Row], column: int) -> bool:
    return any(not isinstance(row[column], str) for row in rows)
