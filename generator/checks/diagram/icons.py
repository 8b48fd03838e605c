"""A small sign for each kind of part, of lines on a grid of 24."""

from __future__ import annotations

from generator import svg

COLOURS = {
    "browser": "#475569",
    "internet": "#475569",
    "cdn": "#7a4fbf",
    "gateway": "#7a4fbf",
    "nat": "#7a4fbf",
    "endpoint": "#7a4fbf",
    "flow-log": "#7a4fbf",
    "balancer": "#7a4fbf",
    "classic": "#7a4fbf",
    "group": "#c9620b",
    "instance": "#c9620b",
    "registry": "#c9620b",
    "database": "#2860ad",
    "standby": "#2860ad",
    "files": "#3c8031",
    "bucket": "#3c8031",
    "vault": "#3c8031",
    "secret": "#b8324a",
    "key": "#b8324a",
    "topic": "#a93280",
    "dashboard": "#a93280",
}
"""By what a part is for: network, computing, data, files, secrets, watching."""

GLOBE = "M4 12a8 8 0 1 0 16 0a8 8 0 1 0-16 0M4 12h16M12 4c-5 5-5 11 0 16c5-5 5-11 0-16"
SERVER = "M5 5h14v6h-14zM5 13h14v6h-14zM8 8h.1M8 16h.1"
CYLINDER = "M5 7c0-4 14-4 14 0v10c0 4-14 4-14 0zM5 7c0 4 14 4 14 0M5 12c0 4 14 4 14 0"
BUCKET = "M5 7l2 11c1 2 9 2 10 0l2-11M5 7c0-3 14-3 14 0c0 3-14 3-14 0"
BALANCER = "M12 5v4M5 18v-5h14v5M12 9v9M10 5h4M3 18h4M10 18h4M17 18h4"
ARROWS = "M4 9h13l-3-3M20 15h-13l3 3"

SHAPES = {
    "browser": "M3 5h18v14h-18zM3 9h18M6 7h.1M9 7h.1",
    "internet": GLOBE,
    "cdn": "M7 18a4 4 0 0 1 0-8a5 5 0 0 1 10-1a4.500 4.500 0 0 1 0 9z",
    "gateway": "M5 20v-9a7 7 0 0 1 14 0v9M3 20h18M12 20v-8M9 15l3-3l3 3",
    "nat": ARROWS,
    "endpoint": "M4 12h10M10 8l4 4l-4 4M18 5v14",
    "flow-log": "M5 4h14v16h-14zM8 9h8M8 13h8M8 17h4",
    "balancer": BALANCER,
    "classic": BALANCER,
    "group": "M4 4h7v7h-7zM13 13h7v7h-7zM13 8h4v2M11 16h-4v-2",
    "instance": SERVER,
    "registry": "M12 3l8 4v10l-8 4l-8-4v-10zM4 7l8 4l8-4M12 11v10",
    "database": CYLINDER,
    "standby": CYLINDER,
    "files": "M4 6h6l2 3h8v10h-16zM8 13h8M8 16h5",
    "bucket": BUCKET,
    "vault": "M4 5h16v14h-16zM9 12a3 3 0 1 0 6 0a3 3 0 1 0-6 0M12 9v-1M12 16v-1M9 12h-1M16 12h-1",
    "secret": "M6 11h12v9h-12zM8.500 11v-3a3.500 3.500 0 0 1 7 0v3M12 15v2",
    "key": "M4 9a4 4 0 1 0 8 0a4 4 0 1 0-8 0M11 12l8 8M16 17l2-2",
    "topic": "M6 16v-5a6 6 0 0 1 12 0v5l2 2h-16zM10 20h4",
    "dashboard": "M4 19h16M7 19v-6M12 19v-12M17 19v-9",
}


def sign(kind: str, x: float, y: float, size: float) -> str:
    """The sign of a kind, white on its colour."""
    scale = size / 24 * 0.72
    inset = size * 0.14
    return svg.rectangle(x, y, size, size, rx=size / 5, fill=COLOURS[kind]) + svg.element(
        "path",
        d=SHAPES[kind],
        transform=f"translate({x + inset:.1f} {y + inset:.1f}) scale({scale:.3f})",
        fill="none",
        stroke="#fff",
        stroke_width=1.8,
        stroke_linecap="round",
        stroke_linejoin="round",
    )
