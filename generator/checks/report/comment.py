"""What changed since another revision, as a short comment of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from generator.checks.changes.forecast.report import alert, code, escaped, markdown_row, summary
from generator.checks.changes.stateful import losing, sentence
from generator.checks.cost import components, prices
from generator.checks.cost.bill import NOTHING
from generator.checks.reach import expectations, facts_by_role
from generator.checks.reach.facts import Reach
from generator.checks.report.results import Results
from generator.errors import ClinicError
from generator.model.view import View

MOST = 10
"""Lines of one kind; GitHub takes 65,536 characters, and nobody reads them."""


def render(results: Results, base: View | None) -> str:
    """Markdown: resources, reach, cost and data, first in a table and then line by line."""
    if not results.forecast:
        raise ClinicError(f"there is nothing to comment on: {results.no_forecast}")
    usd, moved = _cost(results, base)
    more, fewer = _reach(results, base)
    expected = results.forecast
    lost = [sentence(change) for change in losing(expected.changes, ())]
    rows = [
        ["resources", summary(expected).partition(": ")[2]],
        [
            "reach",
            f"{len(more)} more ways, {len(fewer)} fewer; "
            f"{len(results.checked.proof.differences) or 'no'} differences from what is expected",
        ],
        ["cost", usd],
        ["data", f"{len(lost)} resources with data leave the stack" if lost else "none leaves"],
    ]
    changes = [f"{change.verb}: {change.path}" for change in expected.changes]
    return "\n".join(
        [
            f"### {escaped(results.view.env)}",
            "",
            f"Compared with {code(results.base)}.",
            "",
            markdown_row(["what", "change"]),
            markdown_row(["---"] * 2),
            *map(markdown_row, rows),
            *alert("CAUTION", [*lost, *(one.sentence for one in expected.refused)]),
            *_details("Resources", changes),
            *_details(
                "Reach",
                [*(f"new: {_way(one)}" for one in more), *(f"gone: {_way(one)}" for one in fewer)],
            ),
            *_details("Cost by component", moved),
            "",
        ]
    )


def _cost(results: Results, base: View | None) -> tuple[str, list[str]]:
    """The two months in words, and the components that differ."""
    estimate = results.estimate
    if base is None:
        return f"{estimate.total} (new)", []
    before = components.bill(base, prices.listed(results.view.region), estimate.usage)
    old, new = before.components, estimate.bill.components
    moved = [
        f"{name}: {usd(old.get(name, NOTHING), new.get(name, NOTHING))}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name, NOTHING) != new.get(name, NOTHING)
    ]
    least = "at least " if before.unpriced or estimate.bill.unpriced else ""
    return f"{least}{usd(before.total, estimate.bill.total)} a month", moved


def usd(before: Decimal, after: Decimal) -> str:
    """80.00 to 95.00 USD (+15.00)."""
    return f"{before:,} to {after:,} USD ({after - before:+,})"


def _reach(results: Results, base: View | None) -> tuple[list[Reach], list[Reach]]:
    """Ways that there are now and were not, and the other way round."""
    now = {one[:3]: one for one in results.checked.proof.reaches}
    before = {}
    if base is not None:
        before = {one[:3]: one for one in expectations.reaches(facts_by_role(base)[1])}
    more = [one for way, one in now.items() if way not in before]
    return more, [one for way, one in before.items() if way not in now]


def _way(reach: Reach) -> str:
    return f"{reach.source} to {reach.target}: {reach.what}"


def _details(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = list(lines)
    if items:
        yield from ("", f"<details><summary>{title}</summary>", "")
        yield from (f"- {escaped(line)}" for line in items[:MOST])
        if len(items) > MOST:
            yield f"- and {len(items) - MOST} more"
        yield from ("", "</details>")
