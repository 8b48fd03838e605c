"""A report, read as a browser or a screen reader would."""

from __future__ import annotations

import html.parser
from dataclasses import dataclass, field

VOID = {"meta"}


@dataclass
class Table:
    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    scopes: list[list[str | None]] = field(default_factory=list)


class Page(html.parser.HTMLParser):
    """Its elements, tables and text; an element that is not closed in its place is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, Table] = {}
        self.words: list[str] = []
        self._table = Table()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._table = Table()
        if tag == "tr":
            self._table.rows.append([])
            self._table.scopes.append([])
        if tag in ("th", "td"):
            self._table.rows[-1].append("")
            self._table.scopes[-1].append(dict(attrs).get("scope"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "table":
            self.tables[self._table.caption] = self._table

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if "caption" in self.open:
            self._table.caption += data
        elif "th" in self.open or "td" in self.open:
            self._table.rows[-1][-1] += data

    def attributes(self, name: str) -> list[str]:
        return [value for _, given in self.elements if (value := given.get(name)) is not None]
