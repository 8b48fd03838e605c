"""Tables for people: drawn on a terminal, plain aligned columns everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

Row = Sequence[str | int]


def show(headings: Sequence[str], rows: Sequence[Row]) -> None:
    """Print ``rows`` under ``headings`` on stdout; numbers are aligned to the right."""
    if sys.stdout.isatty():
        _draw(headings, rows)
    else:
        print("\n".join(align(headings, rows)))


def align(headings: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Plain lines, two spaces between the columns."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [any(isinstance(row[i], int) for row in rows) for i in range(len(headings))]
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
        numbers = any(isinstance(row[i], int) for row in rows)
        table.add_column(heading, justify="right" if numbers else "left")
    for row in rows:
        # As text: in a plain string rich would take [brackets] for its own markup.
        table.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else cell) for cell in row))
    Console().print(table)
