"""The same load on other designs, side by side: what each step towards a faster one brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from generator.application.stress.settings import Settings
from generator.application.stress.simulate import simulate
from generator.application.stress.timeline import StressLoad

PHASES = 8
"""Into how many parts a metric's period is cut to find the best case and the worst."""


class Variant(NamedTuple):
    """A design and its figure."""

    name: str
    seconds: float | None
    """From load to new capacity in service; None if none comes."""
    here: bool
    """Whether it is the one that was asked about."""


def variants(settings: Settings, load: StressLoad, assumed: Mapping[str, float]) -> list[Variant]:
    """From the documented design to the fastest, each with what the templates say of the rest."""
    pool = max(settings.warm, settings.largest - settings.smallest)
    documented = replace(settings, period=300, boot="build", warm=0)
    minute = replace(documented, period=60)
    designs = {
        "5-minute metrics, image built at boot (as documented)": documented,
        "1-minute metrics": minute,
        "1-minute metrics, image pulled": replace(minute, boot="pull"),
        "1-minute metrics, all in the AMI": replace(minute, boot="baked"),
        "1-minute metrics, warm pool": replace(minute, boot="pull", warm=pool),
        "10-second metrics, warm pool": replace(minute, boot="pull", warm=pool, period=10),
    }
    table = [
        Variant(name, simulate(design, load, assumed).seconds, design == settings)
        for name, design in designs.items()
    ]
    if settings in designs.values():
        return table
    return [*table, Variant("these settings", simulate(settings, load, assumed).seconds, True)]


def spread(
    settings: Settings, load: StressLoad, assumed: Mapping[str, float]
) -> tuple[float | None, float | None]:
    """The figure when the load begins at the best moment of a metric's period, and at the worst."""
    figures = [
        simulate(settings, load, {**assumed, "phase": (part + 0.5) / PHASES}).seconds
        for part in range(PHASES)
    ]
    known = [figure for figure in figures if figure is not None]
    return min(known, default=None), None if None in figures else max(known)
