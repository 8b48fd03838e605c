"""The pages of docs/ that are made from the templates: every parameter and layer, in English
and Spanish."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generator import architecture, console, files, shipped
from generator.errors import ClinicError, reason

Words = Mapping[str, Any]
"""One table of a TOML file beside this module."""
COLUMNS = "columns"
"""Stands for the head of a table."""

PAGES = {
    "parameters.md": ("parameters", "english"),
    "es/parameters.md": ("parameters", "spanish"),
    "layers.md": ("layers", "english"),
    "es/layers.md": ("layers", "spanish"),
}
"""Pages by their path under docs/: their table of words, and the file that has it."""

WITH_CONTROLS = {"security.md": "english", "es/security.md": "spanish"}
"""Pages that people write, in which only the table of controls is made."""


def folder(output: Path) -> Path | None:
    """docs/ beside the output folder, if these pages are there: nobody else's is written to."""
    docs = output.absolute().parent / "docs"
    return (
        docs if all(map(Path.is_file, (docs / page for page in (*PAGES, *WITH_CONTROLS)))) else None
    )


def render(root: Mapping[str, Any]) -> dict[str, bytes]:
    """The bytes of every page, from the nested form's root template."""
    made = {}
    for page, (table, language) in PAGES.items():
        words = tomllib.loads(shipped.text(__package__, f"{language}.toml"))[table]
        body = _parameters(root, language, words) if table == "parameters" else _layers(language)
        head = (f"# {words['title']}", "", words["links"], "", words["intro"], "")
        columns = f"| {' | '.join(words['columns'])} |\n|{'---|' * len(words['columns'])}"
        lines = (columns if line == COLUMNS else line for line in body)
        made[page] = "\n".join([*head, *lines, words["rules"], ""]).encode()
    return made


def controls(language: str = "english") -> Words:
    """The controls that are not met, in ``rows``: what is asked for and why it is not met."""
    words: Words = tomllib.loads(shipped.text(__package__, f"{language}.toml"))["controls"]
    return words


def render_controls(docs: Path) -> dict[str, bytes]:
    """The pages WITH_CONTROLS as they are in ``docs``, each with its table of controls as it has
    to be; ClinicError if a page or the heading before its table is not there."""
    made = {}
    for page, language in WITH_CONTROLS.items():
        words = controls(language)
        try:
            before, heading, after = (docs / page).read_text("utf-8").partition(words["heading"])
        except OSError as error:
            raise ClinicError(
                f"{docs / page} cannot be read ({reason(error)}): bring it back from git."
            ) from error
        intro, bar, rest = after.partition("\n|")
        if not bar:
            raise ClinicError(f"{docs / page} has no table under {words['heading']!r}: add both.")
        rows = (words["columns"], ["---"] * len(words["columns"]), *words["rows"])
        lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
        lines[1] = f"|{'---|' * len(words['columns'])}"
        end = rest.find("\n\n")
        made[page] = "\n".join([f"{before}{heading}{intro}", *lines]) + rest[end:]
    return {page: text.encode() for page, text in made.items()}


def compare(docs: Path, pages: Mapping[str, bytes]) -> None:
    """ClinicError, naming the pages that differ, unless ``docs`` holds all of ``pages``."""
    try:
        differing = [page for page, data in pages.items() if (docs / page).read_bytes() != data]
    except OSError as error:
        raise ClinicError(
            f"{error.filename} cannot be read ({reason(error)}): allow this user to read it."
        ) from error
    if differing:
        raise ClinicError(
            f"{docs} is not what the code builds ({', '.join(differing)}); run clinic generate.",
            exit_code=1,
        )


def write(docs: Path, pages: Mapping[str, bytes]) -> None:
    """Make ``docs`` hold ``pages``, each whole or not at all; ClinicError if that cannot be."""
    for page, data in pages.items():
        files.write(docs / page, data)


def _parameters(root: Mapping[str, Any], language: str, words: Words) -> Iterator[str]:
    if unused := console.spare(root["Parameters"]):
        raise ClinicError(f"{console.FILE} is about no parameter: remove {', '.join(unused)}.")
    for group in console.groups():
        yield from (f"## {group.get(language, group['label'])}", "", COLUMNS)
        for name, row in group["parameters"].items():
            declared = root["Parameters"][name]
            meaning = row.get(language, declared["Description"])
            yield f"| `{name}` | {_default(declared, words)} | {row['label']} | {_cell(meaning)} |"
        yield ""


def _layers(language: str) -> Iterator[str]:
    yield COLUMNS
    for layer in architecture.LAYERS:
        owns = layer.owns[architecture.LANGUAGES.index(language)]
        yield f"| {layer.title.lower()} | `{layer.file}` | {_cell(owns)} |"
    yield ""


def _default(declared: Mapping[str, Any], words: Words) -> str:
    if "Default" not in declared:
        return str(words["none"])
    text = str(declared["Default"])
    return f"`{text}`" if text else str(words["empty"])


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
