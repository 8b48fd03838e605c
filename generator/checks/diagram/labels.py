"""The texts of a picture in one language, from labels.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from string import Formatter
from typing import Any

from generator import shipped
from generator.checks.diagram.model import Arrow, Part

LANGUAGES = ("en", "es")


class Labels:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self._texts = _file()[language]

    def name(self, text: str) -> str:
        """The translation of a word of the templates; the word itself if the table lacks it."""
        label: str = self._texts["name"].get(text, text)
        return label

    def picture(self, key: str, **facts: Any) -> str:
        """A text of the picture itself."""
        text: str = self._texts["picture"][key]
        return text.format(**facts)

    def row(self, way: str) -> str:
        """The name of a tier by the kind of its default route: public, private, isolated."""
        text: str = self._texts["row"][way]
        return text

    def lines(self, part: Part) -> list[str]:
        """The lines of text of a part, its name first."""
        facts = {fact: self.name(value) for fact, value in part.facts.items()}
        # A fact that is only true or not says so by whether its line is there.
        values = {fact: "" if value == "True" else value for fact, value in facts.items()}
        name, *rest = self._texts["part"][part.kind]
        lines = [line.format(**values) for line in rest if _fields(line) <= facts.keys()]
        return [name.format(**values) if _fields(name) <= facts.keys() else part.id, *lines]

    def arrow(self, arrow: Arrow) -> str:
        """The label of an arrow; empty if it has none."""
        text: str = self._texts["arrow"][arrow.kind]
        return text.format(text=self.name(arrow.text))


def _fields(line: str) -> set[str]:
    """The facts that a line names."""
    return {field for _, field, _, _ in Formatter().parse(line) if field}


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(shipped.text(__package__, "labels.toml"))
