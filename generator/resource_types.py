"""The one table of what is known by resource type, resource_types.toml, and what a row lacks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from generator import shipped
from generator.errors import ClinicError

NAME = "resource_types.toml"
FILE = f"generator/{NAME}"
ANY = "*"

TREATMENTS = ("enacted", "approximated", "ignored")
"""What the twin does with a property; a row lists names in ``twin_<treatment>``."""
INSIDE = ("DistributionConfig", "LaunchTemplateData", "VpcOriginEndpointConfig")
"""Properties whose own properties are treated one by one."""
EVERYWHERE = ("Tags", "Description")
"""Properties that the twin ignores in whatever resource they are."""

Row = Mapping[str, Any]

FIELDS: Mapping[str, tuple[str, ...]] = {
    'reach = "judged" or "none"': ("reach",),
    'priced = true, or free = "why"': ("priced", "free"),
    'seconds = "short", or [{ create = 60, update = 60, why = "from where" }]': ("seconds",),
    'read_back = ["service operation Argument"] or []': ("read_back",),
    'drawn = false or "a sign"': ("drawn",),
    'data = false or "what it holds"': ("data",),
    'emulated = "ministack" or "here"': ("emulated",),
    'twin_ignored = ["*"], or twin_enacted, twin_approximated, twin_ignored by property': tuple(
        f"twin_{treatment}" for treatment in TREATMENTS
    ),
}
"""What a row of a type in the templates has, by what to write where all of these are missing."""
ALLOWED: Mapping[str, tuple[Any, ...]] = {
    "reach": ("judged", "none"),
    "emulated": ("ministack", "here"),
    "priced": (True,),
}
"""The values of the fields that take only some."""


class Lack(NamedTuple):
    """Something that a row has to say and does not."""

    line: int
    """Of FILE: the row, or where it belongs."""
    sentence: str


@cache
def rows() -> Mapping[str, Row]:
    """Every row by its type, or by the beginning of types and ANY."""
    try:
        return tomllib.loads(_text())
    except tomllib.TOMLDecodeError as error:
        raise ClinicError(f"{FILE} is no TOML: {error}.") from error


def column(field: str) -> dict[str, Any]:
    """What each type's own row says of ``field``, where it is there and not false."""
    return {
        name: row[field]
        for name, row in rows().items()
        if row.get(field, False) is not False and not name.endswith(ANY)
    }


def reach(kind: str) -> str:
    """ "judged", "none", or "" if no row says what the type reaches."""
    own = rows().get(kind, {}).get("reach", "")
    beginnings = (name for name in rows() if name.endswith(ANY) and kind.startswith(name[:-1]))
    return str(own or next((rows()[name]["reach"] for name in beginnings), ""))


def properties(given: Mapping[str, Any]) -> Iterator[str]:
    """The names by which rows list the properties of a resource: those of INSIDE with a dot."""
    for name, value in given.items():
        if name in INSIDE and isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner in value)
        else:
            yield name


def treatment(kind: str, name: str) -> str:
    """What the twin does with a property, one of TREATMENTS, or "" if the row does not say it."""
    row = rows().get(kind, {})
    listed = (each for each in TREATMENTS if {name, ANY} & {*row.get(f"twin_{each}", ())})
    return next(listed, TREATMENTS[-1] if name in EVERYWHERE else "")


def is_treated(kind: str) -> bool:
    """Whether the row says anything of the twin."""
    return any(f"twin_{each}" in rows().get(kind, {}) for each in TREATMENTS)


def lacks(kind: str, used: Iterable[str] = ()) -> Iterator[Lack]:
    """What to write, so that the row of ``kind`` says all that a type in our templates needs.

    ``used`` are the ``properties`` that its resources have.
    """
    row = rows().get(kind)
    if row is None:
        yield Lack(
            line(kind), f'{kind} has no row: write ["{kind}"] here, and {"; ".join(FIELDS)}.'
        )
        return
    for words, fields in FIELDS.items():
        if not any(field in row for field in fields):
            yield Lack(line(kind), f'["{kind}"] lacks a field: write {words}.')
    for field, values in ALLOWED.items():
        if field in row and row[field] not in values:
            expected = " or ".join(json.dumps(value) for value in values)
            yield Lack(line(kind), f'["{kind}"] has a wrong {field}: write {field} = {expected}.')
    known = {
        "deployer",
        "name",
        "roles",
        *(field for fields in FIELDS.values() for field in fields),
    }
    for field in sorted(row.keys() - known):
        yield Lack(line(kind), f'["{kind}"] has {field}, which nobody reads: remove it.')
    missing = [name for name in used if is_treated(kind) and not treatment(kind, name)]
    if missing:
        names = ", ".join(json.dumps(name) for name in sorted(set(missing)))
        words = "twin_enacted, twin_approximated or twin_ignored"
        yield Lack(
            line(kind), f'["{kind}"] does not say what the twin does: put {names} in {words}.'
        )


def line(kind: str) -> int:
    """The line of FILE at which the row of ``kind`` begins, or would in alphabetical order."""
    lines = _text().splitlines()
    heads = [(text[2:-2], number) for number, text in enumerate(lines, 1) if text[:2] == '["']
    return next((number for name, number in heads if name >= kind), len(lines) + 1)


def _text() -> str:
    return shipped.text(__package__, NAME)
