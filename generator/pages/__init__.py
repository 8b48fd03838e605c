"""The pages of docs/ that are made from the templates: every parameter, in English and Spanish."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generator import files, shipped
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
        page: "\n".join(_page(root, _words(language))).encode()
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


def _page(root: Mapping[str, Any], words: Words) -> Iterator[str]:
    form = root["Metadata"]["AWS::CloudFormation::Interface"]
    groups = {group["Label"]["default"]: group["Parameters"] for group in form["ParameterGroups"]}
    meanings = _meanings(root["Parameters"], words)
    _complete("groups", words.get("groups"), groups)
    yield from (f"# {words['title']}", "", words["links"], "", words["intro"], "")
    for group, names in groups.items():
        yield from (f"## {words.get('groups', {}).get(group, group)}", "")
        yield f"| {' | '.join(words['columns'])} |"
        yield "|---|---|---|---|"
        for name in names:
            label = form["ParameterLabels"][name]["default"]
            default = _default(root["Parameters"][name], words)
            yield f"| `{name}` | {default} | {label} | {_cell(meanings[name])} |"
        yield ""
    yield from (words["rules"], "")


def _meanings(parameters: Mapping[str, Any], words: Words) -> Mapping[str, str]:
    """What each parameter is, by its name: in English the templates say it themselves."""
    said: Mapping[str, str] | None = words.get("parameters")
    _complete("parameters", said, parameters)
    return said or {name: declared["Description"] for name, declared in parameters.items()}


def _complete(table: str, words: Mapping[str, str] | None, wanted: Mapping[str, Any]) -> None:
    """ClinicError unless a table of words is about exactly what is wanted, or there is none."""
    if words is None:
        return
    missing, spare = sorted(wanted.keys() - words.keys()), sorted(words.keys() - wanted.keys())
    if missing or spare:
        raise ClinicError(
            f"[{table}] of generator/pages/spanish.toml has to be about the form's {table}: "
            + "; ".join(
                f"{verb} {', '.join(names)}"
                for verb, names in (("add", missing), ("remove", spare))
                if names
            )
            + "."
        )


def _default(declared: Mapping[str, Any], words: Words) -> str:
    if "Default" not in declared:
        return str(words["none"])
    text = str(declared["Default"])
    return f"`{text}`" if text else str(words["empty"])


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
