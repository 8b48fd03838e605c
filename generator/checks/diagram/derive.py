"""From a view of the templates to what a picture of them shows."""

from __future__ import annotations

from dataclasses import replace

from generator.checks.diagram import connections, network
from generator.checks.diagram.model import BROWSER, INTERNET, Architecture, Part, SubnetBox
from generator.checks.diagram.parts import HOUSED, parts
from generator.model.view import View

UNKNOWN = "?"
"""A zone that the templates do not name."""


def derive(view: View) -> Architecture:
    """The architecture that ``view`` would create."""
    subnets = network.subnet_boxes(view)
    made = {part.id: part for part in parts(view)}
    arrows = tuple(connections.arrows(view, made, subnets))
    outside = {
        end: Part(end, end)
        for end in (BROWSER, INTERNET)
        if any(end in (arrow.source, arrow.target) for arrow in arrows)
    }
    if homeless := [part for part in made.values() if part.kind in HOUSED and not part.subnets]:
        theirs = _elsewhere(subnets)
        subnets += theirs
        ids = tuple(subnet.id for subnet in theirs)
        made |= {part.id: replace(part, subnets=ids[: _room(part)]) for part in homeless}
    cidrs = [str(vpc.get("CidrBlock", "")) for vpc in view.of_type("AWS::EC2::VPC").values()]
    return Architecture(
        view.env, view.region, ", ".join(cidrs), subnets, {**outside, **made}, arrows
    )


def _elsewhere(subnets: tuple[SubnetBox, ...]) -> tuple[SubnetBox, ...]:
    """A tier of the subnets that another template made, and of which nothing is known here."""
    zones = sorted({subnet.zone for subnet in subnets}) or [UNKNOWN]
    return tuple(
        SubnetBox(f"elsewhere{zone}", "elsewhere", zone, "", "elsewhere") for zone in zones
    )


def _room(part: Part) -> int | None:
    return 1 if part.kind == "nat" else None
