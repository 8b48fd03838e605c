"""What a change of the templates would do to the stacks that are deployed.

revision.py      files as they are in another git revision
order.py         in which order CloudFormation goes about it
report.py        for people, for programs and for a pull request
screen.py        the same on a terminal and in GitHub Actions

What changes is computed in checks/changes.py, which the preview of a deployment uses too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.checks.changes import compare, refusals
from generator.checks.changes.compare import Change, Side
from generator.checks.changes.forecast import order, revision
from generator.checks.changes.forecast.order import ForecastStep
from generator.checks.changes.forecast.revision import GitRevision
from generator.checks.changes.stateful import STATEFUL
from generator.errors import ClinicError
from generator.model import guard, view
from generator.model.children import stack_file
from generator.model.resolve import Template, pseudo_parameters
from generator.model.walk import STACK
from generator.parameters import files as parameters

OUTPUT = Path("output")
ADDRESS = "https://templates.example"
"""Stands for the place of the templates on both sides, so that it changes nothing."""

Templates = Mapping[str, Template]


@dataclass(frozen=True)
class Forecast:
    """What would happen to one environment's stack."""

    env: str
    changes: list[Change]
    steps: list[ForecastStep]
    notes: list[str]
    """What a person should know besides, a sentence each."""
    refused: Sequence[refusals.Refusal] = ()
    """What AWS would not do to the stack."""


def forecast(
    base: str | None, templates: Path | None, params: Path, envs: list[str]
) -> tuple[str, list[Forecast]]:
    """What is compared with, and the forecast for each of ``envs``, or all in ``params``.

    ``base`` is a git revision, or None to let ``revision.read`` choose; ``templates`` is the new
    set, ``output/`` if None. ClinicError if one of them is missing or makes no sense.
    """
    place = templates or OUTPUT
    if templates is None and not OUTPUT.is_dir():
        raise ClinicError("there is no output/ here: run clinic generate, or give --templates.")
    new, files = view.read(place), parameters.find_all(envs, params)
    whole = view.inlined(new, place)
    values = {path: parameters.load_checked(path, whole) for path in files}
    then = revision.read(base, [OUTPUT, params, *files])
    old = _templates(then, new)
    forecasts = [_one(path, values[path], new, old, then) for path in files]
    return then.name, forecasts if envs else [*forecasts, *_gone(then, params, files)]


def _templates(then: GitRevision, new: Templates) -> dict[str, Template]:
    """The revision's set, in the form of the new one."""
    flat = view.FLAT in new
    prefix = "flat." if flat else "nested/"
    templates = {}
    for name, data in then.below(OUTPUT).items():
        short, suffix = os.path.splitext(name.removeprefix("nested/"))
        # What else lies in deeper folders need not be a template.
        if (
            name.startswith(prefix)
            and suffix in view.SUFFIXES
            and ("/" not in short or short in new)
        ):
            templates[short] = view.template(f"{OUTPUT}/{name} in {then.name}", data)
    if (view.FLAT if flat else view.ROOT) not in templates:
        missing = "flat.json" if flat else "nested/root.json"
        raise ClinicError(f"{then.name} has no {OUTPUT}/{missing}, so there is nothing to compare.")
    return templates


def _one(
    path: Path, values: Mapping[str, str], new: Templates, old: Templates, then: GitRevision
) -> Forecast:
    notes = list[str]()
    with guard.resolving(f"{path.stem} in {then.name}"):
        before = _before(path, values, old, then, notes)
        there = compare.resources(before)
    with guard.resolving(path.stem):
        after = _side(new, values, path.stem)
        new_resources = compare.resources(after)
        changes = compare.forecast(before, after)
        steps = order.steps(changes, there, new_resources)
        known = refusals.findings(changes, there, new_resources)
        refused = [one for one in known if one.row.refused]
        notes += _notes(changes, there, new_resources)
        notes += [one.sentence for one in known if not one.row.refused]
    return Forecast(path.stem, changes, steps, notes, refused)


def _before(
    path: Path, values: Mapping[str, str], old: Templates, then: GitRevision, notes: list[str]
) -> Side:
    """What is deployed, if the revision is; ``notes`` gets what had to be assumed."""
    content = then.files.get(path.resolve())
    if content is not None:
        return _side(old, parameters.parse(Path(f"{path} in {then.name}"), content), path.stem)
    if then.covers(path):
        notes.append(f"{path} is new: there is no stack of it yet.")
        return Side({}, {}, {})
    notes.append(f"{path} is outside the repository: its values are those of both sides.")
    return _side(old, values, path.stem)


def _side(templates: Templates, values: Mapping[str, str], env: str) -> Side:
    top = templates.get(view.ROOT) or templates[view.FLAT]
    children = {
        logical: templates[stack_file(resource, templates)]
        for logical, resource in top["Resources"].items()
        if resource["Type"] == STACK
    }
    around = pseudo_parameters(stack=f"clinic-{env}") | {"TemplateBaseUrl": ADDRESS}
    return Side(top, {**around, **values}, children)


def _notes(
    changes: list[Change], there: Mapping[str, Any], new_resources: Mapping[str, Any]
) -> Iterator[str]:
    for change in changes:
        if any(detail.name == "Type" for detail in change.details):
            yield (
                f"{change.path}: CloudFormation refuses another type under the same logical id; "
                "give the new one an id of its own."
            )
    for path in [path for path in new_resources if path in there]:
        new = new_resources[path]
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            was, will = (
                compare.declared_policy(there[path], policy),
                compare.declared_policy(new, policy),
            )
            if new["Type"] in STATEFUL and was != will:
                yield f"{path}: {policy} changes from {was} to {will}; {_meaning(new, will)}."


def _meaning(resource: Mapping[str, Any], policy: str) -> str:
    if policy == "Delete":
        return f"whatever removes it later loses {STATEFUL[resource['Type']]}"
    return "its data outlives it"


def _gone(then: GitRevision, params: Path, files: list[Path]) -> Iterator[Forecast]:
    """Environments that the revision had: their stacks stay until somebody destroys them."""
    for name in then.below(params):
        env, _, end = name.partition(".")
        if end == "json" and "/" not in env and params / name not in files:
            note = f"{params / name} is gone: its stack stays until `clinic destroy` takes it."
            yield Forecast(env, [], [], [note])
