"""What is wrong with an instance: a pure function of its InstanceState."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.application.doctor.instance import InstanceState
from generator.cloud import catalogue
from generator.cloud.catalogue import KnownFailure
from generator.cloud.text import plain

LOOP = 3
"""Starts of the backend in the end of its log that are no accident."""
SHOWN = 300
"""Characters of a line that is shown as evidence."""
UNKNOWN = (
    "The instance does not serve, and nothing here says why.",
    "Open a shell on it (`clinic status` has the command) and look at docker and syslog.",
)
COMING_AND_GOING = ("Pending", "Terminating", "Terminated", "Warmed", "Standby", "Detach", "Enter")
"""How the states begin in which a group expects no service of an instance."""


@dataclass(frozen=True)
class HealthFinding:
    """One thing that is wrong; every text is harmless on a terminal."""

    place: str
    """An instance, or the group."""
    fault: str
    """Its short name, as in generator/cloud/instance.toml."""
    meaning: str
    advice: str
    evidence: str = ""
    """The line of a log, or the state, that shows it."""

    @property
    def rank(self) -> int:
        """Causes before consequences, as the catalogue has them; what nobody knows is last."""
        names = [trap.name for trap in catalogue.on_instances()]
        return names.index(self.fault) if self.fault in names else len(names)


def examine(instance: InstanceState) -> HealthFinding | None:
    """The first cause of an instance's trouble; None if it is healthy, booting or leaving."""
    texts, traps = _texts(instance), catalogue.on_instances()
    if instance.is_healthy and not instance.has_failed:
        traps = tuple(trap for trap in traps if trap.always)
    elif instance.is_booting:
        traps = tuple(trap for trap in traps if not trap.passing)
    if trap := catalogue.look_up(*texts, among=traps):
        words = (trap.name, plain(trap.meaning), plain(trap.advice))
        return HealthFinding(instance.id, *words, _line(trap, texts))
    on_its_way = instance.is_booting or instance.lifecycle.startswith(COMING_AND_GOING)
    if (
        instance.is_healthy
        or on_its_way
        or not instance.target
        or instance.target.state == "initial"
    ):
        return None
    return HealthFinding(instance.id, "unknown", *UNKNOWN, plain(instance.target))


def _texts(instance: InstanceState) -> list[str]:
    """The texts in which traps are looked for: of the last boot step and the last run only, since
    what went wrong earlier is over."""
    texts = ["\n".join(instance.step), "\n".join(instance.last_run), "\n".join(instance.console)]
    if instance.starts >= LOOP and not instance.is_healthy:
        texts.append(f"container: started {instance.starts} times")
    going = instance.lifecycle.startswith(COMING_AND_GOING)
    if instance.target and not instance.is_healthy and not instance.is_booting and not going:
        texts.append(f"{instance.target} ({instance.target.code})")
    if instance.credits is not None:
        mode = "standard" if instance.standard else "unlimited"
        texts.append(f"CPU credits: {instance.credits:.1f}, {mode}")
    return texts


def _line(trap: KnownFailure, texts: Sequence[str]) -> str:
    """The line of ``texts`` in which the match of the trap's pattern ends."""
    match = next(filter(None, map(trap.says.search, texts)))
    start = match.string.rfind("\n", 0, max(match.end() - 1, 0)) + 1
    end = match.string.find("\n", match.end())
    return plain(match.string[start : end if end >= 0 else None].strip())[:SHOWN]
