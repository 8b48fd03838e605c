"""The pages of docs/ that are made from the templates: every parameter, in English and Spanish."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generator import console, files, shipped
from generator.errors import ClinicError, reason

Words = Mapping[str, Any]
"""One of the TOML files beside this module."""

LANGUAGES = {"parameters.md": "english", "es/parameters.md": "spanish"}
"""Pages by their path under docs/, and the file that holds their words."""


def folder(output: Path) -> Path | None:
    """docs/ beside the output folder, if these pages are there: nobody else's is written to."""
    docs = output.absolute().parent / "docs"
    return docs if all((docs / page).is_file() for page in LANGUAGES) else None


def render(root: Mapping[str, Any]) -> dict[str, bytes]:
    """The bytes of every page, from the nested form's root template."""
    return {
        page: "\n".join(_page(root, language, _words(language))).encode()
        for page, language in LANGUAGES.items()
    }


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


def _words(language: str) -> Words:
    return tomllib.loads(shipped.text(__package__, f"{language}.toml"))


def _page(root: Mapping[str, Any], language: str, words: Words) -> Iterator[str]:
    if unused := console.spare(root["Parameters"]):
        raise ClinicError(f"{console.FILE} is about no parameter: remove {', '.join(unused)}.")
    yield from (f"# {words['title']}", "", words["links"], "", words["intro"], "")
    for group in console.groups():
        yield from (f"## {group.get(language, group['label'])}", "")
        yield f"| {' | '.join(words['columns'])} |"
        yield "|---|---|---|---|"
        for name, row in group["parameters"].items():
            declared = root["Parameters"][name]
            meaning = row.get(language, declared["Description"])
            yield f"| `{name}` | {_default(declared, words)} | {row['label']} | {_cell(meaning)} |"
        yield ""
    yield from (words["rules"], "")


def _default(declared: Mapping[str, Any], words: Words) -> str:
    if "Default" not in declared:
        return str(words["none"])
    text = str(declared["Default"])
    return f"`{text}`" if text else str(words["empty"])


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
