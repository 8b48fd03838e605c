"""Text of a service, made safe to print on a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: object) -> str:
    """``text`` on one line, without control characters.

    Control characters, and those that hide or reorder others, are written as ``\\x1b`` would be.
    """
    return "".join(
        " " if c in "\n\t" else c if _is_printable(c) else c.encode("unicode_escape").decode()
        for c in str(text)
    )


def _is_printable(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
