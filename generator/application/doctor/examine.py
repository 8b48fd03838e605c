"""What a patient has: a pure function over what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.application.doctor.patient import Patient
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
class Finding:
    """One thing that is wrong; every text is harmless on a terminal."""

    place: str
    """An instance, or the group."""
    fault: str
    """Its short name, as in generator/cloud/instance.toml."""
    meaning: str
    advice: str
    evidence: str = ""
    """The line that told of it."""

    @property
    def rank(self) -> int:
        """Causes before consequences, as the catalogue has them; what nobody knows is last."""
        names = [trap.name for trap in catalogue.on_instances()]
        return names.index(self.fault) if self.fault in names else len(names)


def examine(patient: Patient) -> Finding | None:
    """The first cause of what ails an instance; None if it is well, or still on its way."""
    texts, traps = _texts(patient), catalogue.on_instances()
    if patient.well and not patient.failed:
        traps = tuple(trap for trap in traps if trap.always)
    elif patient.booting:
        traps = tuple(trap for trap in traps if not trap.passing)
    if trap := catalogue.look_up(*texts, among=traps):
        words = (trap.name, plain(trap.meaning), plain(trap.advice))
        return Finding(patient.id, *words, _line(trap, texts))
    on_its_way = patient.booting or patient.lifecycle.startswith(COMING_AND_GOING)
    if patient.well or on_its_way or not patient.target or patient.target.state == "initial":
        return None
    return Finding(patient.id, "unknown", *UNKNOWN, plain(patient.target))


def _texts(patient: Patient) -> list[str]:
    """What speaks of now: an earlier step's troubles and an earlier run's are over."""
    texts = ["\n".join(patient.step), "\n".join(patient.last_run), "\n".join(patient.console)]
    if patient.starts >= LOOP and not patient.well:
        texts.append(f"container: started {patient.starts} times")
    going = patient.lifecycle.startswith(COMING_AND_GOING)
    if patient.target and not patient.well and not patient.booting and not going:
        texts.append(f"{patient.target} ({patient.target.code})")
    if patient.credits is not None:
        mode = "standard" if patient.standard else "unlimited"
        texts.append(f"CPU credits: {patient.credits:.1f}, {mode}")
    return texts


def _line(trap: KnownFailure, texts: Sequence[str]) -> str:
    """The line in which what the trap speaks of ends."""
    found = next(filter(None, map(trap.says.search, texts)))
    start = found.string.rfind("\n", 0, max(found.end() - 1, 0)) + 1
    end = found.string.find("\n", found.end())
    return plain(found.string[start : end if end >= 0 else None].strip())[:SHOWN]
