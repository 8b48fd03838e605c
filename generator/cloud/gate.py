"""The data-loss gate: what a change set would lose, and whether a person allowed it."""

from __future__ import annotations

from collections.abc import Iterable

from generator.checks import stateful
from generator.checks.changes import Change
from generator.errors import ClinicError


def check(changes: Iterable[Change], allowed: Iterable[str]) -> None:
    """ClinicError unless every resource that loses its data is named in ``allowed``."""
    stopped = stateful.losing(changes, allowed)
    if not stopped:
        return
    flags = " ".join(f"--allow-data-loss {change.logical}" for change in stopped)
    raise ClinicError(
        "\n        ".join(
            [
                "this would cost data, so nothing was changed:",
                *map(stateful.sentence, stopped),
                f"If it is meant: {flags}",
            ]
        ),
        exit_code=3,
    )
