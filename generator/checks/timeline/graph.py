"""Which task waits for which while CloudFormation creates a set of templates.

A nested stack waits for the whole of every stack whose output it reads; inside a stack a resource
waits for what it refers to and for what its DependsOn names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.timeline.durations import CREATE, seconds
from generator.checks.timeline.schedule import STACK, Task
from generator.model import backend, boot, data
from generator.model.backend import GROUP
from generator.model.references import mentioned
from generator.model.resolve import Resolver, pseudo_parameters
from generator.model.view import ROOT, View
from generator.model.walk import references

READY = ("container", "signal")
"""Parts of every boot that come last: the container answers, and the group is told so."""


def creation(view: View) -> list[Task]:
    """A task for every nested stack and every resource that ``view`` creates."""
    paths, top = paths_of(view), top_of(view)
    members: dict[str, set[str]] = {}
    for path in paths.values():
        members.setdefault(path.partition("/")[0], set()).add(path)
    tasks = [
        Task(
            name,
            resource["Type"],
            _creation_seconds(view, name, resource),
            frozenset().union(*({source} | members.get(source, set()) for source in sources)),
        )
        for name, (resource, sources) in top.items()
    ]
    return tasks + [
        Task(
            path,
            view.resources[logical]["Type"],
            _creation_seconds(view, logical, view.resources[logical]),
            frozenset(_waits_for(view, logical, paths)),
            {paths[name]: boot.seconds(*READY) for name in _met(view, logical)},
        )
        for logical, path in paths.items()
        if path not in top
    ]


def wiring(root: Mapping[str, Any]) -> dict[str, set[str]]:
    """Which nested stacks each one waits for, from the root's template."""
    resources = root["Resources"]
    return {
        logical: {
            name.partition(".")[0]
            for name in (*references(resource), *depends_on(resource))
            if name.partition(".")[0] in resources
        }
        for logical, resource in resources.items()
    }


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    """What its DependsOn names, which may be one name or a list."""
    named: str | list[str] = resource.get("DependsOn", [])
    return [named] if isinstance(named, str) else named


def top_of(view: View) -> dict[str, tuple[dict[str, Any], set[str]]]:
    """What the root of a nested set makes, each with what it waits for: stacks, as a rule. Empty
    for a flat template."""
    if ROOT not in view.templates:
        return {}
    pseudo = pseudo_parameters(view.region, f"clinic-{view.env}")
    parameters = {**pseudo, "TemplateBaseUrl": "", **view.values}
    present = Resolver(view.templates[ROOT], parameters).resources()
    waits = wiring({"Resources": present})
    return {logical: (resource, waits[logical]) for logical, resource in present.items()}


def paths_of(view: View) -> dict[str, str]:
    """The path of every resource, ``NetworkStack/Vpc`` or ``Vpc``, by its logical id; without
    those of a nested stack that is not made."""
    stacks = {
        logical: f"{logical}/"
        for logical, (resource, _) in top_of(view).items()
        if resource["Type"] == STACK
    }
    layers = {logical: stacks.get(view.stacks.get(logical, "")) for logical in view.resources}
    return {
        logical: f"{layers[logical] or ''}{logical}"
        for logical in view.resources
        if layers[logical] or logical not in view.layers
    }


def boot_seconds(view: View, logical: str, *, woken: bool = False) -> int:
    """Seconds from an instance's launch to its signal; ``woken``: it comes from a warm pool."""
    if woken:
        return boot.seconds("warm", *READY)
    parts = ["start", *READY]
    image = backend.image(_launch(view, logical))
    if image != "baked":
        parts += ["packages", image]
    return boot.seconds(*parts)


def _creation_seconds(view: View, logical: str, resource: Mapping[str, Any]) -> int:
    if resource["Type"] == GROUP and "ResourceSignal" in resource.get("CreationPolicy", {}):
        return boot_seconds(view, logical)
    return seconds(resource, CREATE)


def _waits_for(view: View, logical: str, paths: Mapping[str, str]) -> Iterator[str]:
    resource = view.resources[logical]
    own = paths[logical].rpartition("/")[0]
    if own:
        yield own
    for name in (*references(resource), *depends_on(resource)):
        path = paths.get(name.partition(".")[0], "")
        if path != paths[logical] and path and path.rpartition("/")[0] == own:
            yield path


def _met(view: View, logical: str) -> Iterator[str]:
    """Attachments that write the database's address into a secret that a booting instance reads:
    no reference orders them, yet a group that waits for signals waits for them."""
    if "ResourceSignal" not in view.resources[logical].get("CreationPolicy", {}):
        return
    read = {*mentioned(_launch(view, logical).get("UserData"))}
    for name, (secret, _) in data.attachments(view.references).items():
        if secret in read:
            yield name


def _launch(view: View, logical: str) -> Mapping[str, Any]:
    """What a group's instances are launched with."""
    group = view.resources[logical].get("Properties", {})
    return backend.launches(logical, group, view.references)[0]
