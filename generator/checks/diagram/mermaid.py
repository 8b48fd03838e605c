"""The picture as Mermaid text, which GitHub and many editors draw."""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.diagram.model import BROWSER, INTERNET, Architecture, Arrow, Part
from generator.checks.diagram.words import Words

SHAPES = {
    "browser": ("([", "])"),
    "internet": ("([", "])"),
    "bucket": ("[(", ")]"),
    "database": ("[(", ")]"),
    "vault": ("[(", ")]"),
}
"""Brackets that draw a kind of part; others are boxes."""

MARGINS = '%%{init: {"flowchart": {"subGraphTitleMargin": {"top": 6, "bottom": 18}}}}%%'
"""Keeps the titles of a subgraph and of one inside it apart."""


def draw(found: Architecture, words: Words) -> str:
    """A flowchart from the browser to the database."""
    lines = [MARGINS, "flowchart LR"]
    lines += (f"    {_part(part, words)}" for part in found.of_kind(BROWSER, "cdn"))
    if found.subnets:
        text = words.picture("zones", cidr=found.cidr, count=len(found.zones))
        lines += ["    subgraph vpc [" + _quoted(f"VPC {text}") + "]"]
        lines += (f"        {line}" for line in _inside(found, words))
        lines += ["    end"]
    lines += (f"    {_part(part, words)}" for part in _beside(found))
    lines += (f"    {_arrow(arrow, words)}" for arrow in _arrows(found))
    return "\n".join(lines) + "\n"


def _inside(found: Architecture, words: Words) -> Iterator[str]:
    for row, subnets in found.rows.items():
        here = [
            part
            for part in found.parts.values()
            if {subnet.id for subnet in subnets} & set(part.subnets)
        ]
        if here:
            yield f"subgraph {row} [" + _quoted(words.row(subnets[0].way)) + "]"
            yield from (f"    {_part(part, words)}" for part in here)
            yield "end"


def _beside(found: Architecture) -> Iterator[Part]:
    """Parts in no subnet that an arrow leads to or from."""
    joined = {end for arrow in _arrows(found) for end in (arrow.source, arrow.target)}
    for part in found.parts.values():
        if part.id in joined and not part.subnets and part.kind not in (BROWSER, "cdn"):
            yield part


def _arrows(found: Architecture) -> Iterator[Arrow]:
    """Arrows with the internet gateway left out: what it passes on goes to the internet."""
    gates = {part.id for part in found.of_kind("gateway")}
    for arrow in found.arrows:
        if arrow.source not in gates:
            end = INTERNET if arrow.target in gates else arrow.target
            yield Arrow(arrow.source, end, arrow.kind, arrow.text)


def _part(part: Part, words: Words) -> str:
    first, last = SHAPES.get(part.kind, ("[", "]"))
    return f"{_id(part.id)}{first}{_quoted('<br>'.join(map(_plain, words.lines(part))))}{last}"


def _arrow(arrow: Arrow, words: Words) -> str:
    line = "-->" if arrow.kind == "request" else "-.->"
    text = _plain(words.arrow(arrow))
    said = f"|{_quoted(text)}|" if text else ""
    return f"{_id(arrow.source)} {line}{said} {_id(arrow.target)}"


def _id(logical: str) -> str:
    # "end" closes a subgraph wherever it stands.
    return f"{logical}_" if logical.lower() == "end" else logical


def _plain(text: str) -> str:
    """Text in which nothing is Mermaid's or HTML's own."""
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")


def _quoted(text: str) -> str:
    return f'"{text}"'
