"""Stops a change set that AWS would refuse, or that loses data without --allow-data-loss."""

from __future__ import annotations

from collections.abc import Callable, Collection

from generator.checks.changes import refusals, stateful
from generator.checks.changes.compare import Change
from generator.errors import ClinicError, quote
from generator.parameters.files import nearest

NOTHING = "leave it out, since this plan loses no data."


def refuse_impossible(findings: Collection[refusals.Refusal], say: Callable[[str], object]) -> None:
    """``say`` each of the findings; ClinicError (2) if AWS would refuse the change."""
    if trouble := refusals.refused(findings):
        raise trouble
    for finding in findings:
        say(f"Note: {finding.sentence}")


def refuse_data_loss(changes: Collection[Change], allowed: Collection[str]) -> None:
    """ClinicError unless every resource that loses its data is named in ``allowed``, and all that
    is named there is among ``changes``."""
    _recognize(changes, allowed)
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


def _recognize(changes: Collection[Change], allowed: Collection[str]) -> None:
    planned = {change.logical for change in changes}
    losing = list(dict.fromkeys(change.logical for change in stateful.losing(changes, ())))
    for name in allowed:
        if name in planned:
            continue
        near = nearest(name, losing)
        choice = f"name one of {', '.join(losing)}." if losing else NOTHING
        raise ClinicError(
            f"--allow-data-loss names {quote(name)}, which is not in this plan: "
            + (f"did you mean {near}?" if near else choice)
        )
