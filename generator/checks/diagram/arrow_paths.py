"""The path of each arrow, at right angles, and the place of its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from generator.checks.diagram.layout import REGION_LEFT, ZONES_LEFT, Box, Layout
from generator.checks.diagram.model import INTERNET, Architecture, Arrow

Point = tuple[float, float]


class ArrowPath(NamedTuple):
    """The corners of an arrow from its beginning to its tip, and the middle of its text."""

    arrow: Arrow
    points: list[Point]
    text: Point
    joins: bool = False
    """Whether it ends in another arrow and so has no tip."""


def arrow_paths(model: Architecture, layout: Layout) -> Iterator[ArrowPath]:
    """A path for every arrow."""
    kinds = {name: part.kind for name, part in model.parts.items()}
    beside = {name for name, box in layout.boxes.items() if box.x > layout.network.right}
    into = Counter(arrow.target for arrow in model.arrows if arrow.target in beside)
    met = Counter[str]()
    for arrow in model.arrows:
        source, target = layout.boxes[arrow.source], layout.boxes[arrow.target]
        if arrow.source == arrow.target:
            yield _loop(arrow, source)
        elif arrow.target == INTERNET or arrow.source == INTERNET:
            yield _across_the_border(arrow, source, target, layout)
        elif kinds[arrow.target] == "gateway":
            gateways = [layout.boxes[name] for name, kind in kinds.items() if kind == "nat"]
            yield _to_gateway(arrow, source, target, layout, gateways)
        elif arrow.target in beside:
            met[arrow.target] += 1
            shift = 24 * (met[arrow.target] - (into[arrow.target] + 1) / 2)
            of_group = kinds[arrow.source] == "group"
            yield _to_service(arrow, source, target, layout, shift, 46 if of_group else 26)
        elif source.right < target.x:
            y = target.centre
            yield ArrowPath(
                arrow, [(source.right, y), (target.x, y)], ((source.right + target.x) / 2, y)
            )
        else:
            yield _vertical(arrow, source, target, layout)


def _loop(arrow: Arrow, box: Box) -> ArrowPath:
    right, top = box.right - 30, box.y
    points = [(right - 60, top), (right - 60, top - 16), (right, top - 16), (right, top)]
    return ArrowPath(arrow, points, (right - 30, top - 16))


def _across_the_border(arrow: Arrow, source: Box, target: Box, layout: Layout) -> ArrowPath:
    """In from the internet at the height of what it reaches; out of the gateway below that."""
    if arrow.source == INTERNET:
        y = target.centre
        if source.y <= y <= source.bottom:
            begin = [(source.right, y)]
        else:
            begin = [(source.middle, source.bottom), (source.middle, y)]
        return ArrowPath(arrow, [*begin, (target.x, y)], ((source.right + REGION_LEFT) / 2, y))
    y = layout.way_out
    return ArrowPath(arrow, [(source.x, y), (target.right, y)], ((source.x + target.right) / 2, y))


def _to_gateway(
    arrow: Arrow, source: Box, gateway: Box, layout: Layout, gateways: list[Box]
) -> ArrowPath:
    """From above a NAT gateway, joining the way of the next one; else from the left side."""
    if source in gateways:
        x, y = source.middle, layout.way_out
        others = [box.middle for box in gateways if box.middle < x]
        end = max(others, default=gateway.right)
        return ArrowPath(arrow, [(x, source.y), (x, y), (end, y)], ((end + x) / 2, y), bool(others))
    x = (gateway.middle + ZONES_LEFT) / 2 - 6
    points = [(source.x, source.centre), (x, source.centre), (x, gateway.bottom)]
    return ArrowPath(arrow, points, (x, (source.centre + gateway.bottom) / 2))


def _to_service(
    arrow: Arrow, source: Box, target: Box, layout: Layout, shift: float, lane: float
) -> ArrowPath:
    """To the right along a lane of the source's own; from above the network straight down."""
    if source.bottom < layout.region.y:
        y, x = source.centre, target.middle
        return ArrowPath(
            arrow, [(source.right, y), (x, y), (x, target.y)], ((source.right + x) / 2, y)
        )
    x, y = layout.network.right + lane, target.centre + shift
    points = [(source.right, source.centre), (x, source.centre), (x, y), (target.x, y)]
    return ArrowPath(arrow, points, ((layout.network.right + 46 + target.x) / 2, y))


def _vertical(arrow: Arrow, source: Box, target: Box, layout: Layout) -> ArrowPath:
    """Down the lane where both are in it, else where the smaller of them is."""
    down = source.bottom <= target.y
    begin, end = (source.bottom, target.y) if down else (source.y, target.bottom)
    smaller = min(source, target, key=lambda box: box.width)
    x = layout.lane if smaller.x < layout.lane < smaller.right else smaller.middle
    text = (begin if down else end) + min(23, abs(end - begin) / 2 - 6)
    return ArrowPath(arrow, [(x, begin), (x, end)], (x, text))
