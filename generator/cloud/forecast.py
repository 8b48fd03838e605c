"""What an update will change, from the templates and parameters before and after.

CloudFormation cannot tell before the execution whether the output of a nested stack will change,
and so announces changes and replacements that never come. The templates can tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.checks.resolve import Resolver, Template
from generator.checks.schemas import Recreates, recreates
from generator.checks.walk import references
from generator.cloud.stacks import STACK, join

STABLE = ("Arn", "Id", "Name", "Address", "DomainName", "Port", "ARN", "Uri")
"""Ends of attributes that stay while their resource is updated in place."""
PERHAPS, NEW = "perhaps new", "new"
MISSING = object()


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
    fate: str = "Delete"
    """What becomes of the old resource if it is removed or replaced: Delete, Retain, Snapshot."""

    @property
    def logical(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def replacement(self) -> Recreates:
        found = {detail.recreates for detail in self.details if detail.certain}
        return "yes" if "yes" in found else "maybe" if "maybe" in found else ""


@dataclass(frozen=True)
class Side:
    """A set of templates with the values of its parameters, before or after."""

    top: Template
    values: Mapping[str, str]
    children: Mapping[str, Template]
    """Templates of the nested stacks by logical id; empty for the flat form."""


def forecast(old: Side, new: Side) -> list[Change]:
    """Every change of the whole tree but those of the nested stacks themselves."""
    before, after = Resolver(old.top, old.values), Resolver(new.top, new.values)
    there, wanted = before.resources(), after.resources()
    own = [{k: v for k, v in side.items() if v["Type"] != STACK} for side in (there, wanted)]
    changes, _ = _compare("", *own)
    moving: dict[str, str] = {}
    for logical in [*wanted, *(set(there) - set(wanted))]:
        if STACK not in (there.get(logical, {}).get("Type"), wanted.get(logical, {}).get("Type")):
            continue
        sides = (
            _child(old, there.get(logical), logical, {}),
            _child(new, wanted.get(logical), logical, moving),
        )
        found, moved = _compare(logical, *(side.resources() for side in sides))
        changes += found
        moving |= _moving_outputs(logical, *sides, moved)
    return changes


def _child(
    side: Side, stack: dict[str, Any] | None, logical: str, moving: Mapping[str, str]
) -> Resolver:
    """A nested stack's template, with a word for every value that another stack gives it."""
    if stack is None:
        return Resolver({}, {})
    values = {
        name: value if isinstance(value, str) else _word(value, moving)
        for name, value in stack["Properties"].get("Parameters", {}).items()
    }
    pseudo = {k: v for k, v in side.values.items() if k.startswith("AWS::")}
    return Resolver(side.children[logical], {**pseudo, **values})


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
        found = {
            c.logical: NEW if c.action == "Add" or c.replacement == "yes" else PERHAPS
            for c in changes
        }
        if found == moved:
            return changes, moved
        moved = found


def _change(path: str, logical: str, old: Any, new: Any, moved: Mapping[str, str]) -> Change | None:
    below = join(path, logical)
    if old is None:
        return Change(below, new["Type"], "Add")
    if new is None:
        return Change(below, old["Type"], "Remove", fate=_fate(old, "DeletionPolicy"))
    fate = _fate(new, "UpdateReplacePolicy")
    if old["Type"] != new["Type"]:
        detail = Detail("Type", old["Type"], new["Type"], "yes")
        return Change(below, old["Type"], "Modify", (detail,), fate)
    was, will = old.get("Properties", {}), new.get("Properties", {})
    details = tuple(_details(new["Type"], was, will, moved))
    return Change(below, new["Type"], "Modify", details, fate) if details else None


def _fate(resource: Mapping[str, Any], policy: str) -> str:
    # CloudFormation's own default for a database that is no part of a cluster.
    default = "Snapshot" if resource["Type"] == "AWS::RDS::DBInstance" else "Delete"
    return str(resource.get(policy, default))


def _details(
    kind: str, old: Mapping[str, Any], new: Mapping[str, Any], moved: Mapping[str, str]
) -> Iterator[Detail]:
    for name in [*new, *(name for name in old if name not in new)]:
        for where, before, after in _leaves(name, old.get(name, MISSING), new.get(name, MISSING)):
            yield Detail(where, _show(before), _show(after), recreates(kind, where))
        if old.get(name) == new.get(name) and (reference := _moving(new.get(name), moved)):
            text, how = reference
            yield Detail(name, f"<{text}>", f"<{text}, {how}>", recreates(kind, name))


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
    found = {}
    for name, output in after.items():
        if output != before.get(name):
            found[f"{logical}.{name}"] = NEW if PERHAPS not in json.dumps(output) else PERHAPS
        elif reference := _moving(output, moved):
            found[f"{logical}.{name}"] = reference[1]
    return found


def _leaves(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts that differ: objects are entered, lists only if of the same length."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not _is_function(old, new):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _leaves(f"{name}.{key}", old.get(key, MISSING), new.get(key, MISSING))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _leaves(f"{name}[{number}]", before, after)
    else:
        yield name, old, new


def _is_function(*nodes: dict[str, Any]) -> bool:
    return any(len(n) == 1 and next(iter(n)).startswith(("Fn::", "Ref")) for n in nodes)


def _show(value: Any) -> str:
    if value is MISSING:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
