"""What an update will change, from the templates and parameters before and after.

CloudFormation cannot tell before the execution whether the output of a nested stack will change,
and so announces changes and replacements that never come. The templates can tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from generator.checks.changes.differences import MISSING, leaves, show
from generator.model.resolve import Resolver, Template
from generator.model.schemas import Recreates, recreates
from generator.model.walk import STACK, join, references

STABLE = ("Arn", "Id", "Name", "Address", "DomainName", "Port", "ARN", "Uri")
"""Ends of attributes that stay while their resource is updated in place."""
PERHAPS, NEW = "perhaps new", "new"


@dataclass(frozen=True)
class Detail:
    """One value that changes: ``LaunchTemplateData.InstanceType``."""

    name: str
    before: str
    after: str
    recreates: Recreates = ""

    @property
    def certain(self) -> bool:
        """Whether it changes whatever another resource's attribute turns out to be."""
        return PERHAPS not in self.after


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    path: str
    type: str
    action: str
    """Add, Modify, Remove or Import."""
    details: tuple[Detail, ...] = ()
    declared: str = "Delete"
    """What becomes of the old resource if it is removed or replaced: Delete, Retain, Snapshot."""

    @property
    def logical(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def replacement(self) -> Recreates:
        replacements = {detail.recreates for detail in self.details if detail.certain}
        return "yes" if "yes" in replacements else "maybe" if "maybe" in replacements else ""

    @property
    def leaves(self) -> bool:
        """Whether the resource that is there goes, for good or to make room for a new one."""
        return self.action == "Remove" or (self.action == "Modify" and bool(self.replacement))

    @property
    def policy(self) -> str:
        """The deletion policy that holds for the old resource: Delete, Retain or Snapshot."""
        return self.declared.removesuffix("ExceptOnCreate")

    @property
    def causes(self) -> str:
        """The properties that replace it, with their values before and after."""
        return "; ".join(f"{d.name} {d.before} -> {d.after}" for d in self.details if d.recreates)

    @property
    def verb(self) -> str:
        """What is done to it: created, updated in place, replaced, perhaps replaced, deleted."""
        if self.action != "Modify":
            return {"Add": "created", "Remove": "deleted"}.get(self.action, "imported")
        return {"yes": "replaced", "maybe": "perhaps replaced", "": "updated in place"}[
            self.replacement
        ]


@dataclass(frozen=True)
class Side:
    """A set of templates with the values of its parameters, before or after."""

    top: Template
    values: Mapping[str, str]
    children: Mapping[str, Template]
    """Templates of the nested stacks by logical id; empty for the flat form."""


def forecast(old: Side, new: Side) -> list[Change]:
    """Every change of the whole tree but those of the nested stacks themselves."""
    there, there_after = _top(old), _top(new)
    own = [{k: v for k, v in side.items() if not _is_stack(v)} for side in (there, there_after)]
    changes, _ = _compare("", *own)
    moving: dict[str, str] = {}
    for logical in [*there_after, *(name for name in there if name not in there_after)]:
        before, after = there.get(logical), there_after.get(logical)
        if not (_is_stack(before) or _is_stack(after)):
            continue
        sides = _child(old, logical, before), _child(new, logical, after, moving)
        child_changes, moved = _compare(logical, *(side.resources() for side in sides))
        if before and not after and declared_policy(before, "DeletionPolicy").startswith("Retain"):
            child_changes = [replace(change, declared="Retain") for change in child_changes]
        changes += child_changes
        moving |= _moving_outputs(logical, *sides, moved)
    return changes


def resources(side: Side) -> dict[str, Any]:
    """Every resource of the tree by path, each nested stack before what it holds."""
    by_path: dict[str, Any] = {}
    for logical, resource in _top(side).items():
        by_path[logical] = resource
        inner = _child(side, logical, resource).resources()
        by_path |= {join(logical, name): held for name, held in inner.items()}
    return by_path


def declared_policy(resource: Mapping[str, Any], policy: str) -> str:
    """What DeletionPolicy or UpdateReplacePolicy says of a resource, or its default."""
    # CloudFormation's own default for a cluster, and for a database that is no part of one.
    alone = "DBClusterIdentifier" not in resource.get("Properties", {})
    kept = {"AWS::RDS::DBCluster": True, "AWS::RDS::DBInstance": alone}
    return str(resource.get(policy, "Snapshot" if kept.get(resource["Type"]) else "Delete"))


def _top(side: Side) -> dict[str, Any]:
    return Resolver(side.top, side.values).resources()


def _child(
    side: Side, logical: str, stack: Any, moving: Mapping[str, str] = MappingProxyType({})
) -> Resolver:
    """A nested stack's template, with a word for every value that another stack gives it.

    Nothing at all if ``stack``, the resource under that logical id, is none.
    """
    if not _is_stack(stack):
        return Resolver({}, {})
    values = {
        name: value if isinstance(value, str) else _word(value, moving)
        for name, value in stack["Properties"].get("Parameters", {}).items()
    }
    pseudo = {k: v for k, v in side.values.items() if k.startswith("AWS::")}
    return Resolver(side.children[logical], {**pseudo, **values})


def _is_stack(resource: Any) -> bool:
    return bool(resource) and resource["Type"] == STACK


def _word(value: Any, moving: Mapping[str, str]) -> str:
    name = next(references(value), json.dumps(value)).replace(".Outputs.", ".")
    return f"<{name}, {moving[name]}>" if name in moving else f"<{name}>"


def _compare(
    path: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[list[Change], dict[str, str]]:
    """The changes of one stack, and which of its resources are new or only modified.

    What a replaced resource is referred to by changes too, which can replace the next one, so
    this goes round until nothing is added.
    """
    moved = dict.fromkeys(new.keys() - old.keys(), NEW)
    while True:
        changes = [
            change
            for logical in [*new, *(name for name in old if name not in new)]
            if (change := _change(path, logical, old.get(logical), new.get(logical), moved))
        ]
        now_moved = {
            c.logical: NEW if c.action == "Add" or c.replacement == "yes" else PERHAPS
            for c in changes
        }
        if now_moved == moved:
            return changes, moved
        moved = now_moved


def _change(path: str, logical: str, old: Any, new: Any, moved: Mapping[str, str]) -> Change | None:
    below = join(path, logical)
    if old is None:
        return Change(below, new["Type"], "Add")
    if new is None:
        return Change(below, old["Type"], "Remove", declared=declared_policy(old, "DeletionPolicy"))
    after = declared_policy(new, "UpdateReplacePolicy")
    if old["Type"] != new["Type"]:
        detail = Detail("Type", old["Type"], new["Type"], "yes")
        return Change(below, old["Type"], "Modify", (detail,), after)
    was, will = old.get("Properties", {}), new.get("Properties", {})
    details = tuple(_details(new["Type"], was, will, moved))
    return Change(below, new["Type"], "Modify", details, after) if details else None


def _details(
    kind: str, old: Mapping[str, Any], new: Mapping[str, Any], moved: Mapping[str, str]
) -> Iterator[Detail]:
    for name in [*new, *(name for name in old if name not in new)]:
        for where, before, after in leaves(name, old.get(name, MISSING), new.get(name, MISSING)):
            how = recreates(kind, where, added=before is MISSING)
            yield Detail(where, show(before), show(after), how)
        if old.get(name) == new.get(name) and (reference := _moving(new.get(name), moved)):
            text, moves = reference
            yield Detail(name, f"<{text}>", f"<{text}, {moves}>", recreates(kind, name))


def _moving(node: Any, moved: Mapping[str, str]) -> tuple[str, str] | None:
    """A reference in ``node`` that gets another value, and whether that is certain."""
    for reference in references(node):
        name, _, attribute = reference.partition(".")
        how = moved.get(name)
        if how == NEW or (how and attribute and not attribute.endswith(STABLE)):
            return reference, how
    return None


def _moving_outputs(
    logical: str, old: Resolver, new: Resolver, moved: Mapping[str, str]
) -> dict[str, str]:
    before, after = old.outputs(), new.outputs()
    moving = {}
    for name, output in after.items():
        if output != before.get(name):
            moving[f"{logical}.{name}"] = NEW if PERHAPS not in json.dumps(output) else PERHAPS
        elif reference := _moving(output, moved):
            moving[f"{logical}.{name}"] = reference[1]
    return moving
