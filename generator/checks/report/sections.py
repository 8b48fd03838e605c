"""A section of the report for each check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version

from generator import __version__, pages
from generator.checks.changes.forecast import report as changes
from generator.checks.changes.stateful import losing, sentence
from generator.checks.cost import report as money
from generator.checks.diagram import draw
from generator.checks.diagram.labels import Labels
from generator.checks.lint import formats
from generator.checks.lint.finding import TOOLS
from generator.checks.preflight import screen
from generator.checks.reach import report as reach
from generator.checks.report.html import bullets, figure, section, table, text
from generator.checks.report.results import Results, digest
from generator.checks.timeline import gantt
from generator.checks.timeline.report import NOTE, PATH, path_rows
from generator.model import guard
from generator.suppressions import SUPPRESSIONS
from generator.tables import Row


def summary(results: Results) -> str:
    """What somebody who reads nothing else should know."""
    checked = results.checked
    verdict = "Nothing was found." if not checked.count else f"{checked.count} findings."
    rows = [
        ["Checks", verdict],
        ["Cost", results.estimate.total],
        ["Time", results.creation.heading],
        ["Change", changes.summary(results.forecast) if results.forecast else results.no_forecast],
        ["Data", data(results)],
        ["Revision", results.commit or "not known to git"],
    ]
    return section(
        "summary", "At a glance", table("The environment in short", ["what", "result"], rows)
    )


def data(results: Results) -> str:
    """What becomes of data by the change."""
    if not results.forecast:
        return "nothing to compare with"
    lost = [sentence(change) for change in losing(results.forecast.changes, ())]
    return " ".join(lost) or "none leaves a stack"


def picture(results: Results) -> str:
    """The SVG of `clinic diagram`."""
    drawn = draw.draw(results.architecture, Labels("en"))
    return section("picture", "Architecture", figure(drawn, "The architecture"))


def ways(results: Results) -> str:
    """Who reaches whom, as `clinic prove` says it."""
    proof = results.checked.proof
    count = len(proof.differences)
    verdict = "all as expected" if not count else f"{count} not as expected"
    return section(
        "reach",
        "Who reaches whom",
        text(
            "p",
            f"{len(proof.reaches)} ways, {verdict} (held against {proof.expectations}).",
        ),
        bullets(f"{one.problem}: {one.sentence}" for one in proof.differences),
        table("Packets and requests", *reach.matrix(proof.reaches), wide=True),
        table("Buckets, secrets, registry and key", *reach.stores(proof.reaches)),
        table("Every way and what lets it through", *reach.why(proof.reaches)),
    )


def controls(results: Results) -> str:
    """What is met, as far as it was checked, and what is not, with the reason."""
    checked = results.checked
    words = pages.controls()
    met = [
        [
            "Linters",
            _counted(len(checked.lint)),
            f"{checked.suppressed} suppressions, all with a reason, were used",
        ],
        [
            "Who reaches whom",
            _counted(len(checked.proof.differences)),
            f"{len(checked.proof.reaches)} ways held against {checked.proof.expectations}",
        ],
        ["Limits", _counted(len(checked.broken)), f"{len(checked.tightest)} limits of AWS"],
    ]
    parts = [
        table("What was checked", ["check", "result", "of what"], met),
        bullets(formats.text(finding) for finding in checked.lint),
    ]
    # The table is about our own templates; what others leave out is not known.
    if results.checked.name == guard.OURS:
        parts += [
            text(
                "p",
                "Counted with the parameters of prod against AWS Foundational Security Best "
                "Practices and the HIPAA safeguards; the other ids are those of the judges whose "
                "objections remain.",
            ),
            table("Controls that are not met", words["columns"], _plain(words["rows"])),
            table("What judges are told to leave out", *_left_out(results)),
        ]
    return section("controls", "Controls", *parts)


def _plain(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """Without the marks of Markdown's code."""
    return [[cell.replace("`", "") for cell in row] for row in rows]


def _counted(count: int) -> str:
    return "met" if not count else f"not met: {count}"


def _left_out(results: Results) -> tuple[list[str], list[list[str]]]:
    rows: dict[tuple[str, str], None] = {}
    for one in SUPPRESSIONS:
        resource = one.place.removeprefix("Resources/")
        if one.judge and resource in results.view.resources:
            rows[one.reason, resource] = None
    reasons: dict[str, list[str]] = {}
    for reason, resource in rows:
        reasons.setdefault(reason, []).append(resource)
    return ["reason", "resources"], [[why, ", ".join(names)] for why, names in reasons.items()]


def cost(results: Results) -> str:
    """A month, as `clinic cost` says it."""
    estimate = results.estimate
    sums: list[Row] = [[name, usd] for name, usd in estimate.bill.components.items()]
    dates = sorted({line.price.as_of for line in estimate.bill.lines if line.price})
    return section(
        "cost",
        "Cost per month",
        text(
            "p",
            f"{estimate.env} in {estimate.region}: {estimate.total}. Prices of "
            f"{dates[0]} to {dates[-1]}."
            if dates
            else f"{estimate.total}.",
        ),
        bullets([f"{len(estimate.old)} prices are old: clinic cost --live."] * bool(estimate.old)),
        table("By component", ["component", "USD"], [*sums, ["total", estimate.bill.total]]),
        table("Line by line", *money.lines(estimate.bill)),
        table("Under other loads", *money.loads(estimate.scenarios)) if estimate.scenarios else "",
        table("What another choice costs or saves", *money.options(estimate.choices))
        if estimate.choices
        else "",
        bullets(money.notes(estimate)),
        text("p", f"Assumed: {'; '.join(money.assumptions(estimate.usage).values())}."),
        text("p", "Not counted:"),
        bullets(money.NOT_COUNTED),
    )


def timeline(results: Results) -> str:
    """A creation, as `clinic timeline` says it."""
    made = results.creation
    return section(
        "timeline",
        "How long a creation takes",
        text("p", f"{made.heading}. {NOTE}"),
        figure(gantt.draw(made.steps, made.heading, NOTE), "The creation over time"),
        table("The critical path, in seconds", PATH, path_rows(made.steps)),
        bullets(each.heading for each in results.releases),
    )


def forecast(results: Results) -> str:
    """What the change does to a stack that runs, as `clinic forecast` says it."""
    expected = results.forecast
    if not expected:
        return section("forecast", "Change of a live stack", text("p", results.no_forecast))
    return section(
        "forecast",
        "Change of a live stack",
        text("p", f"Compared with {results.base}. {changes.summary(expected)}."),
        bullets(sentence(change) for change in losing(expected.changes, ())),
        bullets(f"AWS would refuse: {one.sentence}" for one in expected.refused),
        bullets(expected.notes),
        *(table(title, changes.HEADINGS, rows) for title, rows in changes.phases(expected)),
    )


def limits(results: Results) -> str:
    """AWS's limits, as `clinic check` says them."""
    rows = screen.rows(results.checked)
    return section("limits", "Limits", table("The tightest place of each", screen.HEADINGS, rows))


def proofs(results: Results) -> str:
    """What was run on which bytes."""
    tools = [[tool, __version__ if tool == "clinic" else version(tool)] for tool in TOOLS]
    rows: list[Row] = [[source.name, source.size, source.sha256] for source in results.sources]
    return section(
        "proofs",
        "What was run",
        text(
            "p",
            "Lint, reachability, limits, cost, timeline and forecast, offline. Nothing here "
            "was measured on AWS; clinic rehearse, twin and accept are not part of this page.",
        ),
        bullets([results.checked.note] * bool(results.checked.note)),
        table("Programs", ["program", "version"], tools),
        text("p", f"SHA-256 of all files together: {digest(results)}", class_="digest"),
        table("Files", ["file", "bytes", "SHA-256"], rows),
    )
