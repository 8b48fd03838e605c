"""HTML of which a report is made, escaped, and the same bytes on every run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from generator import svg
from generator.tables import Row


def element(tag: str, *inside: str, **attributes: str | int) -> str:
    """An element with an end tag, also where it is empty, which HTML asks for."""
    return svg.element(tag, *(inside or ("",)), **attributes)


def text(tag: str, words: str, **attributes: str | int) -> str:
    """An element around text."""
    return element(tag, svg.words(words), **attributes)


def bullets(sentences: Iterable[str]) -> str:
    """A list; nothing without a sentence."""
    items = [text("li", sentence) for sentence in sentences]
    return element("ul", *items) if items else ""


def section(name: str, heading: str, *inside: str) -> str:
    """A landmark with its heading, which the contents point at."""
    title = text("h2", heading, id=f"{name}-heading")
    return element("section", title, *inside, id=name, aria_labelledby=f"{name}-heading")


def figure(picture: str, label: str) -> str:
    """A picture in SVG that scrolls where it does not fit."""
    return element("figure", picture.strip(), class_="picture", tabindex=0, aria_label=label)


def table(caption: str, headings: Sequence[str], rows: Sequence[Row], wide: bool = False) -> str:
    """A table whose first cell heads its row; one that is empty repeats the one above it.

    ``wide`` gets a page across on paper. Numbers are aligned to the right.
    """
    numeric = [any(not isinstance(row[i], str) for row in rows) for i in range(len(headings))]
    heads = [
        text("th", heading or "note", scope="col", **_aligned(right))
        for heading, right in zip(headings, numeric, strict=True)
    ]
    body, head = list[str](), ""
    for row in rows:
        first = _shown(row[0])
        again = {} if first else {"class_": "again"}
        head = first or head
        cells = [
            text("td", _shown(cell), **_aligned(right))
            for cell, right in zip(row[1:], numeric[1:], strict=True)
        ]
        body.append(element("tr", text("th", head, scope="row", **again), *cells))
    whole = element(
        "table",
        text("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *body),
    )
    kind = "scroll wide" if wide else "scroll"
    return element("div", whole, class_=kind, tabindex=0, role="region", aria_label=caption)


def document(title: str, style: str, *inside: str) -> str:
    """The page: nothing is loaded, run or sent, and its policy says so to the browser."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = (
        svg.element("meta", charset="utf-8"),
        svg.element("meta", http_equiv="Content-Security-Policy", content=policy),
        svg.element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        svg.element("meta", name="color-scheme", content="light dark"),
        text("title", title),
        # A hash is of the bytes between the tags, so that nothing may be escaped there.
        f"<style>{style}</style>",
    )
    whole = element("html", element("head", *head), "\n", element("body", *inside), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _aligned(right: bool) -> dict[str, str]:
    return {"class_": "number"} if right else {}


def _shown(cell: object) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"
