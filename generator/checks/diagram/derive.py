"""From a view of the templates to what a picture of them shows."""

from __future__ import annotations

from generator.checks.diagram import network, talk
from generator.checks.diagram.model import BROWSER, INTERNET, Architecture, Part
from generator.checks.diagram.parts import parts
from generator.checks.view import View


def derive(view: View) -> Architecture:
    """The architecture that ``view`` would create."""
    subnets = network.subnets(view)
    made = {part.id: part for part in parts(view)}
    arrows = tuple(talk.arrows(view, made, subnets))
    outside = {
        end: Part(end, end)
        for end in (BROWSER, INTERNET)
        if any(end in (arrow.source, arrow.target) for arrow in arrows)
    }
    cidrs = [str(vpc.get("CidrBlock", "")) for vpc in view.of_type("AWS::EC2::VPC").values()]
    return Architecture(
        view.env, view.region, ", ".join(cidrs), subnets, {**outside, **made}, arrows
    )
