"""The tasks of an update: resources changed in place or replaced, and rolling update batches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from generator.checks.timeline.durations import UPDATE, seconds
from generator.checks.timeline.graph import boot_seconds, creation, paths_of
from generator.checks.timeline.schedule import Task
from generator.model import boot
from generator.model.backend import GROUP
from generator.model.schemas import recreates
from generator.model.view import View
from generator.model.walk import is_true, references

NEW, REPLACED, CHANGED = "new", "replaced", "changed"
MOVING = ("LatestVersionNumber", "DefaultVersionNumber", "VersionArn")
"""Attributes that are others after their resource was changed in place."""
ROLLING = ("LaunchTemplate", "MixedInstancesPolicy", "LaunchConfigurationName", "PlacementGroup")
"""Properties of a group whose change replaces its instances; with its subnets."""
PAUSE = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


def update(old: View, new: View) -> list[Task]:
    """A task for everything that the update of a deployed ``old`` to ``new`` looks at.

    CloudFormation looks at every nested stack again, in order; resources that stay as they are
    take no time. What is removed is removed afterwards, when the update is done.
    """
    done = changes(old, new)
    logicals = {path: logical for logical, path in paths_of(new).items()}
    tasks = []
    for task in creation(new):
        if task.is_stack:
            tasks.append(replace(task, seconds=seconds({"Type": task.type}, UPDATE)))
            continue
        logical = logicals[task.name]
        awaits = {path: rest for path, rest in task.awaits.items() if done.get(logicals[path])}
        how = done.get(logical, {})
        tasks.append(_task(old, new, task, logical, how, awaits))
    return tasks


def changes(old: View, new: View) -> dict[str, dict[str, str]]:
    """What changes, by logical id: each property that differs, and what that does to the resource
    (CHANGED or REPLACED); a new resource has NEW under its own id.

    A reference to something that gets another value is a difference too, so this goes round until
    nothing is added.
    """
    changed: dict[str, dict[str, str]] = {}
    while True:
        moved = {logical: _effect(how) for logical, how in changed.items()}
        again = {
            logical: how
            for logical, resource in new.resources.items()
            if (how := _differences(logical, old.resources.get(logical), resource, moved))
        }
        if again == changed:
            return changed
        changed = again


def _effect(how: Mapping[str, str]) -> str:
    """NEW, REPLACED or CHANGED: the strongest effect on a resource."""
    return next((effect for effect in (NEW, REPLACED) if effect in how.values()), CHANGED)


def _differences(
    logical: str, old: Mapping[str, Any] | None, new: Mapping[str, Any], moved: Mapping[str, str]
) -> dict[str, str]:
    if old is None:
        return {logical: NEW}
    if old["Type"] != new["Type"]:
        return {logical: REPLACED}
    was, will = old.get("Properties", {}), new.get("Properties", {})
    differences = dict[str, str]()
    for name in sorted(was.keys() | will.keys()):
        leaves = list(_leaves(name, was.get(name), will.get(name)))
        if not leaves and any(_moves(reference, moved) for reference in references(will.get(name))):
            leaves = [name]
        for leaf in leaves:
            anew = recreates(new["Type"], leaf) == "yes"
            differences[name] = REPLACED if anew else differences.get(name, CHANGED)
    return differences


def _leaves(name: str, old: Any, new: Any) -> Iterator[str]:
    """The smallest properties that differ; lists are compared whole."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _leaves(f"{name}.{key}", old.get(key), new.get(key))
    else:
        yield name


def _moves(reference: str, moved: Mapping[str, str]) -> bool:
    name, _, attribute = reference.partition(".")
    return moved.get(name) == REPLACED or (name in moved and attribute.endswith(MOVING))


def _task(
    old: View,
    new: View,
    task: Task,
    logical: str,
    how: Mapping[str, str],
    awaits: Mapping[str, int],
) -> Task:
    """A creation's task as an update has it."""
    if not how:
        return replace(task, seconds=0, awaits={})
    if _effect(how) != CHANGED:
        return replace(task, awaits=awaits, note=_effect(how))
    resource = new.resources[logical]
    note = ", ".join(how)
    if resource["Type"] == GROUP and _renews_instances(how):
        policy = resource.get("UpdatePolicy", {})
        if is_true(policy.get("AutoScalingReplacingUpdate", {}).get("WillReplace")):
            return replace(task, awaits=awaits, note=REPLACED)
        if "AutoScalingRollingUpdate" in policy:
            count, each = batches(old, new, logical)
            return replace(task, seconds=count * each, note=f"{count} batches of {each} s")
    return replace(task, seconds=seconds(resource, UPDATE), awaits=awaits, note=note)


def _renews_instances(how: Mapping[str, str]) -> bool:
    return any(name in (*ROLLING, "VPCZoneIdentifier") for name in how)


def batches(old: View, new: View, logical: str) -> tuple[int, int]:
    """How many batches the rolling update of a group takes, and the seconds of each.

    The group has its fewest instances; it grows by a batch as far as its largest size allows.
    """
    properties = new.resources[logical]["Properties"]
    rolling = new.resources[logical]["UpdatePolicy"]["AutoScalingRollingUpdate"]
    running = int(old.resources[logical]["Properties"].get("MinSize", 1))
    kept = int(rolling.get("MinInstancesInService", 0))
    size = min(int(rolling.get("MaxBatchSize", 1)), int(properties["MaxSize"]) - kept)
    pool = any(
        logical == new.references.target(warm.get("AutoScalingGroupName"))
        for warm in new.of_type("AWS::AutoScaling::WarmPool").values()
    )
    wait = _pause(rolling.get("PauseTime", "PT0S"))
    if is_true(rolling.get("WaitOnResourceSignals")):
        wait = boot_seconds(new, logical, woken=pool)
    return ceil(running / max(size, 1)), wait + boot.seconds("terminate")


def _pause(text: str) -> int:
    match = PAUSE.fullmatch(text)
    hours, minutes, rest = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return 3600 * hours + 60 * minutes + rest
