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


def creation_of(seen: view.View) -> Operation:
    """Everything, in an empty region."""
    return Operation("create", f"Creation of {seen.env}", schedule(creation(seen)))


def update_of(seen: view.View, wanted: dict[str, str]) -> Operation:
    """The update by other values of parameters."""
    said = ", ".join(f"{name}={value}" for name, value in wanted.items())
    steps = schedule(update(seen, with_values(seen, **wanted)))
    return Operation("update", f"Update of {seen.env} by {said}", steps)


def release_of(seen: view.View) -> list[Operation]:
    """The everyday update, of templates that know it."""
    declared = seen.whole.get("Parameters", {}).get(RELEASE)
    if declared is None:
        return []
    now = seen.values.get(RELEASE, declared.get("Default"))
    return [update_of(seen, {RELEASE: "3" if now == "2" else "2"})]


def judge(seen: view.View, wanted: dict[str, str]) -> list[str]:
    """What should be known of an update; ClinicError if AWS would refuse it."""
    if not wanted:
        return []
    pseudo = pseudo_parameters(seen.region, f"clinic-{seen.env}")
    held = {k: r for k, r in seen.whole["Resources"].items() if r["Type"] != STACK}
    whole = {**seen.whole, "Resources": held}
    old, new = (
        compare.Side(whole, {**pseudo, **values}, {})
        for values in (seen.values, {**seen.values, **wanted})
    )
    resources = (compare.resources(old), compare.resources(new))
    found = refusals.findings(compare.forecast(old, new), *resources)
    if trouble := refusals.refused(found):
        raise trouble
    return [finding.sentence for finding in found]
