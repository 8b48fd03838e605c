"""In which order CloudFormation goes about an update.

First it creates, updates and makes what replaces something, each after all that it refers to; a
nested stack counts as done when all in it is. When everything has succeeded it cleans up: what is
not wanted any more goes, each before all that it refers to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal, NamedTuple

from generator.checks.changes.compare import Change
from generator.errors import ClinicError
from generator.model.walk import STACK, join, references

Phase = Literal["update", "clean-up"]
Graph = Mapping[str, Collection[str]]
"""What each resource waits for, by path; ``NetworkStack/`` is the start of a nested stack."""

FIRST = {
    "created": "create",
    "updated in place": "update in place",
    "replaced": "replace: create the new one",
    "perhaps replaced": "update in place, or replace: create a new one",
}
LAST = {
    "Delete": "delete",
    "Snapshot": "take a snapshot, then delete",
    "Retain": "leave in the account",
}


class ForecastStep(NamedTuple):
    """Something that CloudFormation does."""

    number: int
    """Steps of the same number may happen side by side."""
    phase: Phase
    what: str
    change: Change


def steps(
    changes: Iterable[Change], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[ForecastStep]:
    """Everything that ``changes`` lead to, in order.

    ``before`` and ``after`` are the resources by path. ClinicError if they wait in a circle.
    """
    coming = {change.path: change for change in changes if change.action != "Remove"}
    leaving = {change.path: change for change in changes if change.leaves}
    first = _levels(waiting(after), coming)
    last = _levels(_turned(waiting(before)), leaving)
    done = max(first.values(), default=0)
    ordered = [
        ForecastStep(n, "update", FIRST[coming[p].verb], coming[p]) for p, n in first.items()
    ]
    ordered += [
        ForecastStep(done + n, "clean-up", _last(leaving[p]), leaving[p]) for p, n in last.items()
    ]
    return sorted(ordered, key=lambda step: step.number)


def waiting(resources: Mapping[str, Any]) -> dict[str, list[str]]:
    """What each resource waits for: what it refers to or depends on, and its stack's start."""
    graph: dict[str, list[str]] = {path: [] for path in resources}
    for path, resource in resources.items():
        stack = path.rpartition("/")[0]
        sources = [s for name in _sources(resource) if (s := join(stack, name)) in resources]
        if resource["Type"] == STACK:
            graph[f"{path}/"] = sources
            graph[path].append(f"{path}/")
        else:
            graph[path] += sources
        if stack:
            graph[path].append(f"{stack}/")
            graph[stack].append(path)
    return graph


def _sources(resource: Mapping[str, Any]) -> list[str]:
    named = resource.get("DependsOn", [])
    referred = (name.partition(".")[0] for name in references(resource))
    return list(dict.fromkeys([*([named] if isinstance(named, str) else named), *referred]))


def _turned(graph: Graph) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {node: [] for node in graph}
    for node, sources in graph.items():
        for source in sources:
            turned[source].append(node)
    return turned


def _levels(graph: Graph, chosen: Mapping[str, Change]) -> dict[str, int]:
    """For each of ``chosen`` the place in the longest chain of them that leads to it, from 1."""
    level: dict[str, int] = {}
    try:
        for node in TopologicalSorter(graph).static_order():
            earlier = max((level[source] for source in graph[node]), default=0)
            level[node] = earlier + (node in chosen)
    except CycleError as error:
        circle = " -> ".join(name for name in error.args[1] if not name.endswith("/"))
        raise ClinicError(
            f"these wait for each other, and CloudFormation refuses that: {circle}."
        ) from error
    return {path: level[path] for path in chosen}


def _last(change: Change) -> str:
    what = LAST.get(change.policy, LAST["Delete"])
    if change.action == "Remove":
        return what
    sure = "replace" if change.replacement == "yes" else "if replaced"
    return f"{sure}: {what} (the old one)"
