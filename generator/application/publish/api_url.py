"""Which backend a build would call.

A bundler writes the value of VITE_API_URL into the scripts, where no later change reaches it. The
application adds ``/api`` itself, so an address is taken for a backend's when ``/api`` follows it:
at once, in a template literal, by a plus, or through one variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

HOST = r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|localhost|\d{1,3}(?:\.\d{1,3}){3}"
ADDRESS = rf"(?:(?:https?:)?//)(?:{HOST})(?::\d+)?|(?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}(?::\d+)?"
"""With a scheme or, as in a fallback that somebody forgot it in, without."""
API = re.compile(rb"/api(?![\w-])")
AT_ONCE = re.compile(
    rf"""["'`]({ADDRESS})/?(?:["'`]\s*\+\s*["'`]|["'`]\}}|["'`]\.concat\(["'`])?$"""
)
THROUGH = re.compile(r"""(?:\$\{\s*([\w$]+)\s*\}|([\w$]+)\s*\+\s*["'`]|([\w$]+)\.concat\(["'`])$""")
LITERAL = rf"""["'`]({ADDRESS})/?["'`]"""
BEFORE = 300
"""Characters before ``/api`` in which its address would end."""


def named(script: bytes) -> set[str]:
    """Addresses in a script to which it adds ``/api``, as they are written there."""
    found, variables = set[str](), set[str]()
    for match in API.finditer(script):
        start = max(0, match.start() - BEFORE)
        before = script[start : match.start()].decode("utf-8", "replace")
        if literal := AT_ONCE.search(before):
            found.add(literal[1])
        elif variable := THROUGH.search(before):
            variables.add(next(name for name in variable.groups() if name))
    if variables:
        text = script.decode("utf-8", "replace")
        found |= {address for name in variables for address in _values(text, name)}
    return found


def foreign(addresses: Iterable[str], own: str) -> list[str]:
    """Those that are not the origin of ``own``, an https address."""
    return sorted(address for address in addresses if _origin(address) != _origin(own))


def _values(text: str, name: str) -> Iterator[str]:
    """What is assigned to a variable: of ``"a" || "b"`` the first, which wins at run time."""
    assigned = re.compile(rf"(?<![\w$.]){re.escape(name)}\s*=\s*(?:\w+\s*\|\|\s*)?(?:{LITERAL})")
    for match in assigned.finditer(text):
        yield match[1]


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.lower()
