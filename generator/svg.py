"""Elements of an SVG picture, escaped, the same bytes on every run."""

from __future__ import annotations

import re
from html import escape

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML has no way to write."""

WIDTHS = {"ijl|'.,:;!": 0.26, 'ft()[]{}/\\-Ir "': 0.34, "mM%W@": 0.89, "w&": 0.74}
"""How wide characters are at most in the fonts of FONT, as a part of the font's size."""

Number = int | float


def element(tag: str, *inside: str, **attributes: str | Number) -> str:
    """An element around others; ``stroke_width`` becomes stroke-width."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
    )
    return f"<{tag}{named}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{named}/>"


def words(text: str) -> str:
    """Text as an element's inside."""
    return escape(FORBIDDEN.sub("", text), quote=False)


def rectangle(
    x: Number, y: Number, width: Number, height: Number, *inside: str, **attributes: str | Number
) -> str:
    """A rectangle; ``rx`` rounds its corners."""
    return element("rect", *inside, x=x, y=y, width=width, height=height, **attributes)


def label(x: Number, y: Number, text: str, size: Number = 12, **attributes: str | Number) -> str:
    """A line of text on the baseline ``y``; ``text_anchor`` says which end is at ``x``."""
    return element("text", words(text), x=x, y=y, font_size=size, **attributes)


def path(points: list[tuple[Number, Number]], **attributes: str | Number) -> str:
    """A line through ``points``."""
    drawn = " ".join(f"{_value(x)},{_value(y)}" for x, y in points)
    return element("polyline", points=drawn, fill="none", **attributes)


def title(text: str) -> str:
    """What is read aloud, or shown when the pointer rests on the element around it."""
    return element("title", words(text))


def width(text: str, size: Number = 12) -> float:
    """Roughly how wide a text is, rather too much than too little."""
    return size * sum(_width(character) for character in text)


def fit(text: str, room: Number, size: Number = 12) -> str:
    """``text``, or as much of its beginning as ``room`` has place for."""
    if width(text, size) <= room:
        return text
    while text and width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def document(
    wide: Number, high: Number, name: str, description: str, *inside: str, background: str = "#fff"
) -> str:
    """A picture with a background of its own, so that it is legible on a dark page too."""
    return (
        element(
            "svg",
            title(name),
            element("desc", words(description)),
            rectangle(0, 0, wide, high, rx=12, fill=background),
            *inside,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {_value(wide)} {_value(high)}",
            width=wide,
            height=high,
            role="img",
            font_family=FONT,
        )
        + "\n"
    )


def _width(character: str) -> float:
    for characters, wide in WIDTHS.items():
        if character in characters:
            return wide
    if character.isupper() or ord(character) > 0x2E80:
        return 1.0 if ord(character) > 0x2E80 else 0.72
    return 0.57


def _value(value: str | Number) -> str:
    if isinstance(value, str):
        return escape(FORBIDDEN.sub("", value))
    return f"{value:.1f}".removesuffix(".0")
