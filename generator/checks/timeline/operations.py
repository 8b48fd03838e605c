"""The operations that a timeline is drawn of: a creation, and updates by other values."""

from __future__ import annotations

from generator.checks.changes import compare, refusals
from generator.checks.timeline.graph import creation
from generator.checks.timeline.report import Operation
from generator.checks.timeline.schedule import schedule
from generator.checks.timeline.update import update
from generator.model import view
from generator.model.resolve import pseudo_parameters
from generator.model.variant import with_values
from generator.model.walk import STACK

RELEASE = "Release"
"""The parameter whose change is the everyday update: new instances, nothing else."""


def creation_of(loaded: view.View) -> Operation:
    """The creation of every stack in an empty region."""
    return Operation("create", f"Creation of {loaded.env}", schedule(creation(loaded)))


def update_of(loaded: view.View, changed_values: dict[str, str]) -> Operation:
    """The update by other values of parameters."""
    listed = ", ".join(f"{name}={value}" for name, value in changed_values.items())
    steps = schedule(update(loaded, with_values(loaded, **changed_values)))
    return Operation("update", f"Update of {loaded.env} by {listed}", steps)


def release_of(loaded: view.View) -> list[Operation]:
    """The everyday update, of templates that know it."""
    declared = loaded.whole.get("Parameters", {}).get(RELEASE)
    if declared is None:
        return []
    now = loaded.values.get(RELEASE, declared.get("Default"))
    return [update_of(loaded, {RELEASE: "3" if now == "2" else "2"})]


def remarks(loaded: view.View, changed_values: dict[str, str]) -> list[str]:
    """Remarks of the refusal rules on an update; ClinicError if AWS would refuse it."""
    if not changed_values:
        return []
    pseudo = pseudo_parameters(loaded.region, f"clinic-{loaded.env}")
    held = {k: r for k, r in loaded.whole["Resources"].items() if r["Type"] != STACK}
    whole = {**loaded.whole, "Resources": held}
    old, new = (
        compare.Side(whole, {**pseudo, **values}, {})
        for values in (loaded.values, {**loaded.values, **changed_values})
    )
    resources = (compare.resources(old), compare.resources(new))
    refusals_found = refusals.findings(compare.forecast(old, new), *resources)
    if trouble := refusals.refused(refusals_found):
        raise trouble
    return [finding.sentence for finding in refusals_found]
