"""The whole report."""

from __future__ import annotations

import re

from generator import __version__, shipped
from generator.checks.report import sections
from generator.checks.report.html import document, element, text
from generator.checks.report.results import Results

SECTIONS = (
    *(sections.summary, sections.picture, sections.ways, sections.controls, sections.cost),
    *(sections.timeline, sections.forecast, sections.limits, sections.proofs),
)


def render(results: Results) -> str:
    """HTML in one file that needs no other."""
    parts = [make(results) for make in SECTIONS]
    title = f"{results.view.env} in {results.view.region}"
    of = f"Report of {results.checked.name}" + (f", {results.day}" if results.day else "")
    return document(
        title,
        shipped.text(__package__, "style.css"),
        text("a", "To the content", href="#content", class_="skip"),
        element("header", text("h1", title), text("p", of)),
        _contents(parts),
        element("main", *parts, id="content"),
        element("footer", text("p", f"Made by clinic report, clinic-stack {__version__}.")),
    )


def _contents(parts: list[str]) -> str:
    links = []
    for part in parts:
        # The heading is the first element of a section, and escaped already.
        [(name, heading)] = re.findall(r'<h2 id="([a-z]+)-heading">(.*?)</h2>', part)
        links.append(element("li", element("a", heading, href=f"#{name}")))
    return element("nav", element("ol", *links), aria_label="Contents")
