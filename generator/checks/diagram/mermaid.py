"""The picture as Mermaid text, which GitHub and many editors draw."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.checks.diagram.labels import Labels
from generator.checks.diagram.model import BROWSER, INTERNET, Architecture, Arrow, Part

SHAPES = {
    "browser": ("([", "])"),
    "internet": ("([", "])"),
    "bucket": ("[(", ")]"),
    "database": ("[(", ")]"),
    "vault": ("[(", ")]"),
}
"""Brackets that draw a kind of part; others are boxes."""

RESERVED = {"class", "click", "default", "direction", "end", "graph", "style", "subgraph", "vpc"}
"""Names that mean something else in a flowchart, or that it has already."""


def draw(model: Architecture, words: Labels) -> str:
    """A flowchart from the browser to the database."""
    lines = ["flowchart LR"]
    lines += (f"    {_part(part, words)}" for part in model.of_kind(BROWSER, "cdn"))
    if model.subnets:
        text = words.picture("zones", cidr=model.cidr, count=len(model.zones)).removeprefix(", ")
        lines += ["    subgraph vpc [" + _quoted(f"VPC {text}") + "]"]
        lines += (f"        {line}" for line in _inside(model, words))
        lines += ["    end"]
    lines += (f"    {_part(part, words)}" for part in _beside(model))
    lines += (f"    {_arrow(arrow, words)}" for arrow in _arrows(model))
    return "\n".join(lines) + "\n"


def _inside(model: Architecture, words: Labels) -> Iterator[str]:
    """Parts in subnets, each with its tier as a last line: a frame for each would hide the rest."""
    for subnets in model.rows.values():
        tier = words.row(subnets[0].way)
        here = {subnet.id for subnet in subnets}
        for part in model.parts.values():
            if part.subnets and part.subnets[0] in here:
                yield _part(part, words, tier)


def _beside(model: Architecture) -> Iterator[Part]:
    """Parts in no subnet that an arrow leads to or from."""
    joined = {end for arrow in _arrows(model) for end in (arrow.source, arrow.target)}
    for part in model.parts.values():
        if part.id in joined and not part.subnets and part.kind not in (BROWSER, "cdn"):
            yield part


def _arrows(model: Architecture) -> Iterator[Arrow]:
    """Requests first, as they travel. The internet gateway is left out: what it passes on goes to
    the internet."""
    gates = {part.id for part in model.of_kind("gateway")}
    ahead = [BROWSER, *(part.id for part in model.of_kind("cdn")), INTERNET]
    order = [*ahead, *(part.id for part in model.of_kind("balancer"))]
    for arrow in sorted(
        model.arrows,
        key=lambda a: (a.kind != "request", order.index(a.source) if a.source in order else 99),
    ):
        if arrow.source not in gates:
            end = INTERNET if arrow.target in gates else arrow.target
            yield Arrow(arrow.source, end, arrow.kind, arrow.text)


def _part(part: Part, words: Labels, *more: str) -> str:
    first, last = SHAPES.get(part.kind, ("[", "]"))
    lines = "<br>".join(map(_plain, [*words.lines(part), *more]))
    return f"{_id(part.id)}{first}{_quoted(lines)}{last}"


def _arrow(arrow: Arrow, words: Labels) -> str:
    line = "-->" if arrow.kind == "request" else "-.->"
    text = _plain(words.arrow(arrow))
    label = f"|{_quoted(text)}|" if text else ""
    return f"{_id(arrow.source)} {line}{label} {_id(arrow.target)}"


def _id(logical: str) -> str:
    plain = re.sub(r"\W", "_", logical)
    return f"{plain}_" if plain in RESERVED else plain


def _plain(text: str) -> str:
    """Text in which nothing is Mermaid's or HTML's own.

    Nor a star in front, in which Mermaid 11.0 to 11.9 see a list and draw "Unsupported markdown".
    """
    own = '#&<>"`'
    escaped = "".join(f"#{ord(c)};" if c in own else c for c in " ".join(text.split()))
    return f"#{ord('*')};{escaped[1:]}" if escaped.startswith("*") else escaped


def _quoted(text: str) -> str:
    return f'"{text}"'
