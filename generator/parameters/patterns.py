"""AllowedPattern as CloudFormation reads it: a regular expression of Java's, over ASCII.

Python refuses some of what Java takes and reads some of it in another way. What both read alike is
taken as it is, the commonest differences are rewritten, and what is left is refused, since a value
that was held against another pattern was held against none.
Source: java.util.regex.Pattern, Java SE 17 (predefined and POSIX character classes).
"""

from __future__ import annotations

import re
import warnings
from functools import cache

POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\s",
    "XDigit": "0-9a-fA-F",
    "ASCII": r"\x00-\x7f",
}
ESCAPES = {r"\z": r"\Z", r"\Z": r"(?=\n?\Z)", r"\h": r"[ \t]", r"\e": r"\x1b"}
"""Those that Java and Python spell differently, outside brackets."""
BETWEEN = re.compile(r"&&|\[")
"""Inside brackets Java intersects and nests sets; Python takes the characters."""
TOKEN = re.compile(r"\\p\{(\w+)\}|\\[\s\S]|\(\?<(?=[A-Za-z])|[\s\S]")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """``pattern`` for Python; ValueError with the reason if Python cannot say what Java would."""
    try:
        with warnings.catch_warnings():
            # "Possible nested set" and its like: Java would read it in another way.
            warnings.simplefilter("error")
            return re.compile(_translated(pattern), re.ASCII)
    except (re.error, ArithmeticError, RecursionError, Warning) as error:
        raise ValueError(str(error)) from error


def _translated(pattern: str) -> str:
    translated: list[str] = []
    inside = False
    for token in TOKEN.finditer(pattern):
        text, name = token[0], token[1]
        if text.startswith(r"\p") and name not in POSIX:
            raise ValueError(f"only Java knows {text}")
        if inside and BETWEEN.match(pattern, token.start()):
            raise ValueError("sets in a set are read by Java only")
        if name:
            text = POSIX[name] if inside else f"[{POSIX[name]}]"
        elif text == "(?<":
            text = "(?P<"
        elif text == "-" and inside and re.fullmatch(r"\\[wdsWDS]", translated[-1]):
            text = r"\-"  # no range can start with a class: Java takes the character
        elif not inside:
            text = ESCAPES.get(text, text)
        inside = text != "]" if inside else text == "["
        translated.append(text)
    return "".join(translated)
