"""The traps that are known: what a service's message means here, and what to do about it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from generator import shipped


class KnownFailure(NamedTuple):
    """An entry of instance.toml or catalogue.toml, in its order."""

    says: re.Pattern[str]
    meaning: str
    advice: str
    name: str = ""
    """A short one, for programs; only what goes wrong on an instance has one."""
    passing: bool = False
    """Whether it is no reason to act while the boot still tries."""
    always: bool = False
    """Whether it counts even if the balancer is content with the instance."""


@cache
def traps() -> tuple[KnownFailure, ...]:
    """All entries, the special before the general."""
    return (*on_instances(), *_read("catalogue.toml"))


@cache
def on_instances() -> tuple[KnownFailure, ...]:
    """What goes wrong on an instance, causes before their consequences."""
    return _read("instance.toml")


def _read(file: str) -> tuple[KnownFailure, ...]:
    entries = tomllib.loads(shipped.text(__package__, file))["trap"]
    return tuple(
        KnownFailure(**entry | {"says": re.compile("|".join(entry["says"]), re.I | re.S)})
        for entry in entries
    )


def look_up(*texts: str, among: Sequence[KnownFailure] | None = None) -> KnownFailure | None:
    """The first trap that one of the texts speaks of, its words filled in; None if there is none.

    A trap's place decides, not a text's: the log of a boot says more than the missing signal.
    """
    for trap in traps() if among is None else among:
        for text in texts:
            if match := trap.says.search(text):
                words = match.groupdict()
                meaning, advice = trap.meaning.format(**words), trap.advice.format(**words)
                return trap._replace(meaning=meaning, advice=advice)
    return None
