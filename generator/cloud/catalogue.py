"""The traps that are known: what a service's message means here, and what to do about it."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import NamedTuple

from generator import shipped


class Trap(NamedTuple):
    """An entry of catalogue.toml, in its order."""

    says: re.Pattern[str]
    meaning: str
    advice: str


@cache
def traps() -> tuple[Trap, ...]:
    """All entries, the special before the general."""
    text = shipped.text(__package__, "catalogue.toml")
    return tuple(
        Trap(re.compile("|".join(entry["says"]), re.I | re.S), entry["meaning"], entry["advice"])
        for entry in tomllib.loads(text)["trap"]
    )


def look_up(*texts: str) -> Trap | None:
    """The first trap that one of the texts speaks of, its words filled in; None if there is none.

    A trap's place decides, not a text's: the log of a boot says more than the missing signal.
    """
    for trap in traps():
        for text in texts:
            if found := trap.says.search(text):
                words = found.groupdict()
                meaning, advice = trap.meaning.format(**words), trap.advice.format(**words)
                return Trap(trap.says, meaning, advice)
    return None
