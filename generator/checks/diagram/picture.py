"""The picture as Mermaid text or SVG."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from generator.checks.diagram import draw, mermaid
from generator.checks.diagram.labels import Labels
from generator.checks.diagram.model import Architecture
from generator.errors import ClinicError

SUFFIXES = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".md": "mermaid"}
SUFFIXES |= {".txt": "mermaid", "": "mermaid"}


def picture(model: Architecture, form: str | None, output: Path | None, language: str) -> str:
    """Mermaid text or SVG; without a ``form`` as ``output`` ends, else Mermaid. ClinicError for
    another ending."""
    if form is None and output is not None:
        form = _form(output)
    words = Labels(language)
    return draw.draw(model, words) if form == "svg" else mermaid.draw(model, words)


def lines(records: Iterable[Mapping[str, object]]) -> str:
    """One JSON object a line."""
    return "".join(f"{json.dumps(one)}\n" for one in records)


def _form(output: Path) -> str:
    if output.suffix not in SUFFIXES:
        raise ClinicError(
            f"{output} ends like no format that this can draw: call it .svg or .mmd, or give "
            "--format."
        )
    return SUFFIXES[output.suffix]
