"""Where everything is on the paper: zones are columns, tiers are rows, services stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from generator import svg
from generator.checks.diagram.labels import Labels
from generator.checks.diagram.model import BROWSER, INTERNET, Architecture, Part, SubnetBox

MARGIN, HEAD = 28, 96
OUTSIDE_WIDTH, CDN_WIDTH, SERVICE_WIDTH, SERVICES_GAP = 132, 250, 260, 168
REGION_LEFT, VPC_LEFT, ZONES_LEFT, ZONE_GAP = 238, 296, 366, 28
ZONE_WIDTHS = {0: 300, 1: 420, 2: 290}
"""Pixels of a zone's column by how many there are; 270 for more."""
REGION_TOP, VPC_TOP, ROWS_TOP = 200, 240, 308
CELL_HEAD, ROW_GAP, BAND_GAP, INSET = 26, 18, 46, 14
HEIGHTS = {"balancer": 54, "classic": 54, "nat": 46, "group": 116, "instance": 66, "database": 116}
BOX_HEIGHT, GATE_WIDTH, GATE_HEIGHT = 58, 92, 96
NAT_WIDTH, NAT_ROOM, NAT_BUS = 158, 112, 18
"""A NAT gateway's width, the room of a subnet's range to the right of its middle, and how far
above it its way out turns to the internet gateway."""
BANDS = tuple(HEIGHTS)
"""Kinds that are in subnets, in the order in which they stand in a tier."""


@dataclass(frozen=True)
class Box:
    """A rectangle on the paper, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def place(self) -> tuple[float, float, float, float]:
        """All four, as a rectangle takes them."""
        return self.x, self.y, self.width, self.height

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def centre(self) -> float:
        """Half-way down."""
        return self.y + self.height / 2


@dataclass
class Layout:
    """The places of everything."""

    lane: float
    """Where the way of a request goes down: between the first two zones."""
    zones: dict[str, Box] = field(default_factory=dict)
    cells: dict[str, Box] = field(default_factory=dict)
    """Subnets by logical id."""
    boxes: dict[str, Box] = field(default_factory=dict)
    """Parts by id."""
    chips: dict[str, list[Box]] = field(default_factory=dict)
    """Where the instances of a group or a database are."""
    also: list[str] = field(default_factory=list)
    """Parts of the strip below, to which no arrow leads."""
    way_out: float = 0
    """The height at which ways out run to the internet gateway."""
    network: Box = Box(0, 0, 0, 0)
    region: Box = Box(0, 0, 0, 0)
    page: Box = Box(0, 0, 0, 0)


def place(model: Architecture, words: Labels) -> Layout:
    """Give everything in the picture its place."""
    count = len(model.zones)
    zone = ZONE_WIDTHS.get(count, 270)
    columns: dict[str, float] = {
        name: ZONES_LEFT + number * (zone + ZONE_GAP) for number, name in enumerate(model.zones)
    }
    right = ZONES_LEFT + max(count, 1) * (zone + ZONE_GAP) - ZONE_GAP
    lane = ZONES_LEFT + zone + ZONE_GAP / 2 if count > 1 else ZONES_LEFT + 0.62 * zone
    layout = Layout(lane)
    bottom = _rows(model, layout, columns, zone)
    layout.zones = {
        name: Box(x, VPC_TOP + 36, zone, bottom - VPC_TOP - 36) for name, x in columns.items()
    }
    layout.network = Box(VPC_LEFT, VPC_TOP, right + 24 - VPC_LEFT, bottom + 16 - VPC_TOP)
    _outside(model, layout)
    low = max(_services(model, layout), layout.network.bottom)
    wide = layout.network.right + SERVICES_GAP + SERVICE_WIDTH + 24
    low = _strip(model, words, layout, low + 24, wide - 24)
    layout.region = Box(REGION_LEFT, REGION_TOP, wide - REGION_LEFT, low + 20 - REGION_TOP)
    layout.page = Box(0, 0, wide + MARGIN, layout.region.bottom + 64)
    return layout


def _rows(model: Architecture, layout: Layout, columns: dict[str, float], zone: float) -> float:
    """Place tiers from top to bottom, with what is in them; where the last one ends."""
    y = float(ROWS_TOP)
    for subnets in model.rows.values():
        bottom = y + CELL_HEAD
        cells = {s.id: Box(columns[s.zone], y, zone, 0) for s in subnets}
        for band in _bands(model, subnets):
            # The way out must not run through the subnets' names.
            if band[0].kind == "nat" and bottom == y + CELL_HEAD:
                bottom += NAT_BUS
            for part in band:
                layout.boxes[part.id] = box = _in_tier(part, cells, bottom)
                layout.chips[part.id] = list(_chips(part, cells, box))
            bottom += HEIGHTS[band[0].kind] + BAND_GAP
        bottom = max(bottom - BAND_GAP, y + CELL_HEAD + 20) + INSET
        for subnet, cell in cells.items():
            layout.cells[subnet] = Box(cell.x, y, zone, bottom - y)
        y = bottom + ROW_GAP
    return y - ROW_GAP + INSET


def _bands(model: Architecture, subnets: list[SubnetBox]) -> Iterator[list[Part]]:
    """The parts of a tier, those that stand side by side together: NAT gateways of its zones."""
    ids = {subnet.id for subnet in subnets}
    here = [part for part in model.of_kind(*BANDS) if part.subnets and part.subnets[0] in ids]
    gateways = [part for part in here if part.kind == "nat"]
    for kind in BANDS:
        if kind == "nat" and gateways:
            yield gateways
        yield from ([part] for part in here if part.kind == kind != "nat")


def _in_tier(part: Part, cells: dict[str, Box], y: float) -> Box:
    """Over all cells that a part is in; a NAT gateway above where the texts below leave room."""
    own = [cells[subnet] for subnet in part.subnets if subnet in cells]
    left, right = min(cell.x for cell in own), max(cell.right for cell in own)
    if part.kind == "nat":
        return Box(right - NAT_ROOM - NAT_WIDTH / 2, y, NAT_WIDTH, HEIGHTS["nat"])
    return Box(left + INSET, y, right - left - 2 * INSET, HEIGHTS[part.kind])


def _chips(part: Part, cells: dict[str, Box], box: Box) -> Iterator[Box]:
    """The places of a group's instances, or of a database and its standby."""
    if part.kind not in ("group", "database"):
        return
    own = [cells[subnet] for subnet in part.subnets if subnet in cells]
    count = len(own) if part.kind == "group" else 2 if "standby" in part.facts else 1
    for cell in own[:count]:
        yield Box(cell.x + 2 * INSET, box.bottom - 58, cell.width - 4 * INSET, 46)


def _outside(model: Architecture, layout: Layout) -> None:
    """Browser and distribution on top, the internet and its gateway to the left."""
    if BROWSER in model.parts:
        layout.boxes[BROWSER] = Box(MARGIN, HEAD, OUTSIDE_WIDTH, BOX_HEIGHT + 6)
    for number, part in enumerate(model.of_kind("cdn")):
        x = layout.lane - CDN_WIDTH / 2 + number * (CDN_WIDTH + 24)
        layout.boxes[part.id] = Box(x, HEAD, CDN_WIDTH, BOX_HEIGHT + 6)
    first = [layout.cells[s.id] for subnets in list(model.rows.values())[:1] for s in subnets]
    y = first[0].y + 6 if first else VPC_TOP
    high = max(first[0].height - 6 - INSET if first else 0, GATE_HEIGHT)
    for part in model.of_kind("gateway"):
        layout.boxes[part.id] = Box(VPC_LEFT - GATE_WIDTH / 2, y, GATE_WIDTH, high)
    if INTERNET in model.parts:
        layout.boxes[INTERNET] = Box(MARGIN, y, OUTSIDE_WIDTH, high)
    gateways = [layout.boxes[p.id].y for p in model.of_kind("nat") if p.id in layout.boxes]
    layout.way_out = min([y + high - 20, *(top - NAT_BUS + 2 for top in gateways)])


def _services(model: Architecture, layout: Layout) -> float:
    """Place what the network's parts use in a column beside it; where it ends."""
    joined = {end for arrow in model.arrows for end in (arrow.source, arrow.target)}
    there = [part for part in model.parts.values() if part.id in joined - layout.boxes.keys()]
    asked = {a.target for a in model.arrows if a.source in layout.boxes and a.kind == "request"}
    # The CDN's line comes down from above, so what it asks is the first.
    outside = {a.target for a in model.arrows if model.parts[a.source].kind == "cdn"}
    order = ("files", "registry", "bucket", "secret", "vault")
    there.sort(
        key=lambda p: (
            p.id not in outside,
            p.id not in asked,
            order.index(p.kind) if p.kind in order else 9,
        )
    )
    room = max(layout.network.height - BOX_HEIGHT, 0) / max(len(there) - 1, 1)
    step = min(max(room, BOX_HEIGHT + 18), 150)
    y = layout.network.y
    for part in there:
        x = layout.network.right + SERVICES_GAP
        layout.boxes[part.id] = Box(x, y, SERVICE_WIDTH, BOX_HEIGHT)
        y += step
    return y - step + BOX_HEIGHT if there else 0


def _strip(model: Architecture, words: Labels, layout: Layout, y: float, right: float) -> float:
    """Place what no arrow leads to, line after line; where the last line ends."""
    x, y = float(VPC_LEFT), y + 22
    layout.also = [name for name in model.parts if name not in layout.boxes]
    for name in layout.also:
        wide = 46 + svg.width(short(words.lines(model.parts[name])), 12)
        if x + wide > right:
            x, y = float(VPC_LEFT), y + 44
        layout.boxes[name] = Box(x, y, min(wide, right - x), 34)
        x += wide + 14
    return y + 34 if layout.also else y - 22


def short(lines: list[str]) -> str:
    """What is said of a part where there is room for one line."""
    return " · ".join(lines[:2])
