"""Whether the table of resource types says all that is asked of the types in our templates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from generator import resource_types
from generator.checks.lint.finding import Finding
from generator.model.walk import STACK

PRICED_IN = "generator/checks/cost/components.py"
DRAWN_IN = "generator/checks/diagram/icons.py"


def check(templates: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Findings about the rows of the types that ``templates`` hold, each where it is to be mended.

    Nested stacks have no row of that kind: they are how the others are assembled.
    """
    used: dict[str, set[str]] = defaultdict(set)
    for template in templates.values():
        for resource in template["Resources"].values():
            used[resource["Type"]].update(resource_types.properties(resource.get("Properties", {})))
    for kind in sorted(used.keys() - {STACK}):
        for lack in resource_types.lacks(kind, used[kind]):
            yield _finding(resource_types.FILE, lack.sentence, lack.line)
        yield from _logic(kind)


def _logic(kind: str) -> Iterator[Finding]:
    """What the row promises and the code that has to do it does not know."""
    from generator.checks.cost.components import PRICED
    from generator.checks.diagram.icons import SHAPES

    row = resource_types.rows().get(kind, {})
    if row.get("priced") and kind not in PRICED:
        yield _finding(PRICED_IN, f"{kind} is priced, and PRICED has no lines of the bill for it.")
    if (sign := row.get("drawn")) and sign not in SHAPES:
        yield _finding(DRAWN_IN, f"{kind} is drawn as {sign!r}, which SHAPES does not have.")


def _finding(file: str, message: str, line: int = 1) -> Finding:
    return Finding("clinic", "resource-type", "error", file, "", message, line)
