"""The picture in SVG, for a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from generator import svg
from generator.checks.diagram.arrow_paths import ArrowPath, Point, arrow_paths
from generator.checks.diagram.icons import COLOURS, sign
from generator.checks.diagram.labels import Labels
from generator.checks.diagram.layout import MARGIN, NAT_ROOM, Box, Layout, place, short
from generator.checks.diagram.model import Architecture, Part, SubnetBox

INK, FAINT, FRAME = "#1b2733", "#5d6b78", "#94a3b1"
TIERS = {
    "public": ("#eef7ec", "#b5d5ad"),
    "private": ("#edf3fb", "#b4cae6"),
    "isolated": ("#f6f3ea", "#d8cda9"),
    "elsewhere": ("#f4f5f7", "#cbd2d9"),
}
"""Fill and border of a subnet, by its way out."""


class LineStyle(NamedTuple):
    """Colour, width in pixels and dash pattern of a kind of arrow."""

    colour: str
    width: float
    dash: str

    def through(self, points: list[Point]) -> str:
        """The line without its tip."""
        return svg.path(
            points,
            stroke=self.colour,
            stroke_width=self.width,
            stroke_dasharray=self.dash,
            stroke_linejoin="round",
        )


LINES = {"request": LineStyle("#1b2733", 2.0, "none"), "out": LineStyle("#7a4fbf", 1.5, "6 4")}
USE = LineStyle("#b8324a", 1.5, "2 3")
"""Of all other kinds."""


def draw(model: Architecture, words: Labels) -> str:
    """The architecture on a page of its own."""
    layout = place(model, words)
    paths = list(arrow_paths(model, layout))
    facts = {"env": model.env, "region": model.region}
    name = words.picture("title", **facts)
    description = words.picture("description", **facts)
    return svg.document(
        layout.page.width,
        layout.page.height,
        name,
        description,
        svg.label(MARGIN, 44, name, 22, font_weight="bold", fill=INK),
        svg.label(MARGIN, 68, description, 13, fill=FAINT),
        *_frames(model, words, layout),
        *(_line(path) for path in paths),
        *(_part(model.parts[part], words, layout) for part in layout.boxes),
        *(_text(path, words) for path in paths),
        *_legend(words, layout),
    )


def _frames(model: Architecture, words: Labels, layout: Layout) -> Iterator[str]:
    yield _frame(layout.region, words.picture("region", region=model.region), dash="8 5")
    if model.subnets:
        text = words.picture("network", cidr=model.cidr)
        yield _frame(layout.network, text, colour=COLOURS["nat"], fill="#fcfbff")
    for zone, box in layout.zones.items():
        wide = box.width + 16
        yield svg.rectangle(
            box.x - 8,
            box.y,
            wide,
            box.height,
            rx=8,
            fill="#fff",
            stroke=FRAME,
            stroke_dasharray="3 4",
        )
        text = svg.fit(words.picture("zone", zone=zone), box.width, 12)
        yield svg.label(box.middle, box.y + 20, text, 12, fill=FAINT, text_anchor="middle")
    for subnet in model.subnets:
        yield from _cell(layout.cells[subnet.id], subnet, words.picture(subnet.way))
    if layout.also:
        y = layout.boxes[layout.also[0]].y - 10
        yield svg.label(layout.network.x, y, words.picture("also"), 12, fill=FAINT)


def _frame(box: Box, text: str, colour: str = FRAME, fill: str = "none", dash: str = "none") -> str:
    return svg.rectangle(
        *box.place, rx=10, fill=fill, stroke=colour, stroke_width=1.5, stroke_dasharray=dash
    ) + svg.label(box.x + 16, box.y + 22, text, 13, fill=colour, font_weight="bold")


def _cell(box: Box, subnet: SubnetBox, text: str) -> Iterator[str]:
    fill, stroke = TIERS[subnet.way]
    yield svg.rectangle(*box.place, rx=6, fill=fill, stroke=stroke)
    room = box.width - max(svg.width(subnet.cidr, 11) + 36, NAT_ROOM + 20)
    yield svg.label(box.x + 12, box.y + 17, svg.fit(text, room, 11), 11, fill=FAINT)
    yield svg.label(box.right - 12, box.y + 17, subnet.cidr, 11, fill=FAINT, text_anchor="end")


def _part(part: Part, words: Labels, layout: Layout) -> str:
    box = layout.boxes[part.id]
    lines = words.lines(part)
    title = svg.title(f"{part.id}: {', '.join(lines)}")
    if part.id in layout.also:
        inside = _small(part.kind, box, short(lines))
    elif layout.chips.get(part.id):
        inside = _holder(part, words, layout, lines)
    elif part.kind in ("gateway", "internet"):
        inside = _tall(part.kind, box, lines[0])
    else:
        inside = _box(part.kind, box, lines)
    return svg.element("g", title, *inside, data_part=part.id)


def _paper(box: Box, colour: str, width: float = 1.5, fill: str = "#fff") -> str:
    return svg.rectangle(*box.place, rx=8, fill=fill, stroke=colour, stroke_width=width)


def _box(kind: str, box: Box, lines: list[str]) -> Iterator[str]:
    """Sign, name and what else there is to say."""
    yield _paper(box, COLOURS[kind])
    size = 32
    yield sign(kind, box.x + 10, box.centre - size / 2, size)
    yield from _lines(lines, box.x + 52, box.centre, box.right - box.x - 60)


def _lines(lines: list[str], x: float, centre: float, room: float) -> Iterator[str]:
    """A bold line and one with the rest, half of them above ``centre``."""
    rest = " · ".join(lines[1:])
    y = centre - 3 if rest else centre + 5
    name = svg.fit(lines[0], room, 13)
    yield svg.label(x, y, name, 13, fill=INK, font_weight="bold")
    if rest:
        yield svg.label(x, y + 17, svg.fit(rest, room, 11.5), 11.5, fill=FAINT)


def _small(kind: str, box: Box, text: str) -> Iterator[str]:
    yield _paper(box, COLOURS[kind], 1)
    yield sign(kind, box.x + 6, box.y + 6, 22)
    yield svg.label(box.x + 36, box.centre + 4, svg.fit(text, box.width - 42, 12), 12, fill=INK)


def _tall(kind: str, box: Box, text: str) -> Iterator[str]:
    """Sign above, words below."""
    yield _paper(box, COLOURS[kind])
    words = text.split()
    top = box.centre - (40 + 15 * len(words)) / 2
    yield sign(kind, box.middle - 16, top, 32)
    for number, word in enumerate(words):
        y, label = top + 50 + 15 * number, svg.fit(word, box.width - 8, 12)
        yield svg.label(
            box.middle, y, label, 12, fill=INK, font_weight="bold", text_anchor="middle"
        )


def _holder(part: Part, words: Labels, layout: Layout, lines: list[str]) -> Iterator[str]:
    """A frame over all zones, with what runs in each."""
    box, colour = layout.boxes[part.id], COLOURS[part.kind]
    yield _paper(box, colour)
    yield sign(part.kind, box.x + 10, box.y + 9, 32)
    yield from _lines(lines, box.x + 52, box.y + 25, box.width - 62)
    for number, chip in enumerate(layout.chips[part.id]):
        kind, text = "instance", "instance"
        if part.kind == "database":
            kind = ("database", "standby")[min(number, 1)]
            text = ("primary", "standby")[number] if "standby" in part.facts else "single"
        label = svg.fit(words.picture(text), chip.width - 52, 12)
        yield svg.element(
            "g",
            _paper(chip, colour, 1, "#fdfdfd"),
            sign(kind, chip.x + 9, chip.centre - 13, 26),
            svg.label(chip.x + 44, chip.centre + 4, label, 12, fill=INK),
            data_subnet=part.subnets[number] if number < len(part.subnets) else "",
        )


def _line(path: ArrowPath) -> str:
    line = LINES.get(path.arrow.kind, USE)
    if path.joins:
        return line.through(path.points)
    tip = svg.element("polygon", points=_head(path.points), fill=line.colour)
    return line.through([*path.points[:-1], _short_of(path.points, 7)]) + tip


def _short_of(points: list[Point], length: float) -> Point:
    """The last corner, drawn back along its line."""
    (x0, y0), (x1, y1) = points[-2:]
    far = max(abs(x1 - x0) + abs(y1 - y0), 0.1)
    return x1 - (x1 - x0) / far * length, y1 - (y1 - y0) / far * length


def _head(points: list[Point]) -> str:
    (x1, y1), (x0, y0) = points[-1], _short_of(points, 10)
    across = (y1 - y0) * 0.5, (x0 - x1) * 0.5
    corners = [(x1, y1), (x0 + across[0], y0 + across[1]), (x0 - across[0], y0 - across[1])]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _text(path: ArrowPath, words: Labels) -> str:
    text = words.arrow(path.arrow)
    if not text:
        return ""
    colour = LINES.get(path.arrow.kind, USE).colour
    x, y = path.text
    wide = svg.width(text, 11.5) + 14
    return svg.rectangle(
        *(x - wide / 2, y - 9, wide, 18), rx=9, fill="#fff", stroke=colour, stroke_width=0.8
    ) + svg.label(x, y + 4, text, 11.5, fill=colour, text_anchor="middle")


def _legend(words: Labels, layout: Layout) -> Iterator[str]:
    x, y = float(MARGIN), layout.page.height - 26
    for kind in ("request", "out", "use"):
        yield LINES.get(kind, USE).through([(x, y - 4), (x + 34, y - 4)])
        text = words.picture(kind)
        yield svg.label(x + 42, y, text, 12, fill=FAINT)
        x += 42 + svg.width(text, 12) + 26
