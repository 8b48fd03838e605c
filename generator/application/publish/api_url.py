"""Which backend a build would call.

A bundler writes the value of VITE_API_URL into the scripts, where no later change reaches it. The
application adds ``/api`` itself, so an address is taken for a backend's when ``/api`` follows it:
at once, in a template literal, by a plus, or through a name that it was given in the same script.
Where no script says so, or says that ``/api`` is on the site itself, bare addresses may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

NAME = r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
HOST = rf"(?:{NAME}|localhost|\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?::\d+)?"
ADDRESS = rf"(?:https?:)?//{HOST}|{NAME}(?::\d+)?"
"""With a scheme or, as in a fallback that somebody forgot it in, without."""
QUOTE = """["'`]"""
LITERAL = rf"{QUOTE}({ADDRESS})/?{QUOTE}"
JOIN = rf"(?:\s*\+\s*{QUOTE}|\.concat\({QUOTE})"
OTHERWISE = r"(?:(?:\"\"|''|``|[\w$.\s]+)\s*(?:\|\||\?\?)\s*)?"
API = re.compile(rb"/api(?![\w-])")
AT_ONCE = re.compile(rf"{QUOTE}({ADDRESS})/?(?:{QUOTE}(?:{JOIN}|\}}))?$")
THROUGH = re.compile(rf"(?:\$\{{\s*([\w$.]+)\s*\}}|([\w$.]+){JOIN})$")
GIVEN = re.compile(rf"VITE_API_URL{QUOTE}?\s*[:=]\s*{LITERAL}")
BARE = re.compile(rf"(?<={QUOTE})(https?://{HOST})(?=/?{QUOTE})".encode())
NOBODY = "http://localhost"
"""What axios takes for the page's address where there is none."""
WINDOW = 300
"""Bytes in which an address lies."""


@dataclass
class Backends:
    """What the scripts of a build say about backends."""

    called: set[str] = field(default_factory=set)
    """Addresses to which ``/api`` is added, as they are written there."""
    bare: set[str] = field(default_factory=set)
    """Addresses without a path."""
    relative: bool = False
    """Whether ``/api`` of the site itself is called."""

    def read(self, script: bytes) -> None:
        """Take in one script."""
        # Whole scripts are only searched for short fixed texts, which takes next to no time.
        self.bare |= set(_bare(script)) - {NOBODY}
        names = set[str]()
        for match in API.finditer(script):
            before = _before(script, match.start())
            if literal := AT_ONCE.search(before):
                self.called.add(literal[1])
            elif through := THROUGH.search(before):
                names.add((through[1] or through[2]).rpartition(".")[2])
            else:
                self.relative |= before.endswith(tuple("\"'`"))
        if names or b"VITE_API_URL" in script:
            text = script.decode("utf-8", "replace")
            self.called |= set(GIVEN.findall(text))
            self.called |= {address for name in names for address in _values(text, name)}

    def foreign(self, own: str) -> list[str]:
        """Addresses of backends that are not the origin of ``own``."""
        unknown = not self.called and not self.relative
        addresses = self.bare if unknown else self.called
        if unknown and _origin(own) in map(_origin, addresses):
            return []
        return sorted(address for address in addresses if _origin(address) != _origin(own))


def _bare(script: bytes) -> Iterator[str]:
    for match in re.finditer(rb"://", script):
        around = script[max(0, match.start() - 6) : match.end() + WINDOW]
        yield from (address.decode() for address in BARE.findall(around))


def _before(script: bytes, end: int) -> str:
    return script[max(0, end - WINDOW) : end].decode("utf-8", "ignore")


def _values(text: str, name: str) -> Iterator[str]:
    """What a name is given: of ``"a" || "b"`` the first, which wins at run time."""
    default = rf"(?<![\w$]){re.escape(name)}{QUOTE}?\s*[:=]\s*{OTHERWISE}{LITERAL}"
    return (match[1] for match in re.finditer(default, text))


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.lower()
