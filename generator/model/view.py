"""A set of templates resolved as one environment would deploy it; every check reads this view."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from generator import output
from generator.errors import ClinicError, quote, reason
from generator.model import guard, network, shapes
from generator.model.nesting import Whole, merge
from generator.model.references import References
from generator.model.resolve import Resolver, Template, pseudo_parameters
from generator.model.touched import touched
from generator.model.walk import STACK, text
from generator.parameters import files as parameters

FLAT, ROOT = "flat", "root"
SUFFIXES = (".json", ".yaml", ".yml", ".template")


@dataclass(frozen=True)
class View:
    """A set of templates under the values of one environment."""

    env: str
    """The environment's name, the stem of its parameter file."""
    region: str
    values: Mapping[str, str]
    """What the parameter file says, without the defaults."""
    templates: Mapping[str, Template]
    """As they are: ``root`` and its children by path without suffix, or ``flat`` alone."""
    whole: Template
    """The one template that they amount to."""
    resources: Mapping[str, Any]
    """What it makes, by logical id: conditions and functions decided, references left."""
    outputs: Mapping[str, Any]
    layers: Mapping[str, str]
    """Which child, by its name in ``templates``, each resource is from; empty for a flat one."""
    stacks: Mapping[str, str] = field(default_factory=dict)
    """Which stack of the root it is in, by logical id."""

    @cached_property
    def references(self) -> References:
        """What values in its resources refer to."""
        return References(
            self.resources, self.values, pseudo_parameters(self.region, f"clinic-{self.env}")
        )

    @cached_property
    def network(self) -> network.Network:
        """Its VPCs, subnets, routes, security group rules and network interfaces."""
        return network.read(self.references)

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of every resource of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def changed(self, **values: str) -> View:
        """The same set with some other values, which the caller knows to fit."""
        merged = {**self.values, **values}
        decided = _resolver(self.whole, merged, self.region, f"clinic-{self.env}")
        untouched = {name for name, on in self._touched.items() if on.isdisjoint(values)}
        resources = decided.resources(self.resources, untouched)
        return replace(self, values=merged, resources=resources, outputs=decided.outputs())

    @cached_property
    def _touched(self) -> dict[str, frozenset[str]]:
        """The parameters that decide about each resource."""
        return touched(self.whole)

    def resolver(self, stack: str) -> Resolver:
        """What decides the template in a stack of another name."""
        return _resolver(self.whole, self.values, self.region, stack)


def load(env: str, params: Path, templates: Path | None = None, region: str = "us-east-1") -> View:
    """The view of ``env``, a name in the folder ``params`` or a file of its own.

    ``templates`` is another set: one flat template, or a folder with a root and its children, in
    JSON or YAML. ClinicError if anything of it cannot be read or does not fit.
    """
    path = parameters.find(env, params)
    template_set = read(templates) if templates else ours()
    made = _merged(template_set, templates)
    whole = made.template
    values = parameters.load_checked(path, whole)
    with guard.resolving(templates):
        resources, outputs = _decided(whole, values, region, f"clinic-{path.stem}")
    return View(path.stem, region, values, template_set, whole, resources, outputs, *made[1:])


def _decided(
    whole: Template, values: Mapping[str, str], region: str, stack: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    decided = _resolver(whole, values, region, stack)
    return decided.resources(), decided.outputs()


def _resolver(whole: Template, values: Mapping[str, str], region: str, stack: str) -> Resolver:
    return Resolver(whole, {**pseudo_parameters(region, stack), **values})


def ours() -> dict[str, Template]:
    """The nested set that the code builds, by file stem."""
    return {
        name.removeprefix("nested/").removesuffix(".json"): document
        for name, document in output.nested().items()
    }


def read(path: Path) -> dict[str, Template]:
    """A set of templates from a file (``flat``) or a folder with a root, by path without suffix."""
    return {name: one for name, (_, one) in _read(path).items()}


def files(path: Path) -> dict[str, Path]:
    """The files of a set of templates by their names; ``flat`` is a file that stands alone."""
    return {name: file for name, (file, _) in _read(path).items()}


def _read(path: Path) -> dict[str, tuple[Path, Template]]:
    if not path.is_dir():
        return {FLAT: (path, template(str(path), _bytes(path)))}
    folder = path / "nested" if (path / "nested").is_dir() else path
    listed = [file for file in sorted(folder.iterdir()) if file.suffix in SUFFIXES]
    if ROOT not in {file.stem for file in listed}:
        raise ClinicError(
            f"{folder} has no root.json: give a folder with a root and its children, or one "
            "flat template."
        )
    by_name: dict[str, tuple[Path, Template]] = {}
    while listed:
        file = listed.pop(0)
        near = file.relative_to(folder)
        # Two files that differ by their suffix alone are told apart by it.
        twins = [file.with_suffix(suffix) for suffix in SUFFIXES if suffix != file.suffix]
        alone = near.name.startswith(f"{ROOT}.") or not any(map(Path.is_file, twins))
        name = (near.with_suffix("") if alone else near).as_posix()
        if name not in by_name:
            by_name[name] = (file, template(str(file), _bytes(file)))
            listed += _deeper(folder, by_name[name][1])
    return by_name


def _deeper(folder: Path, document: Template) -> Iterator[Path]:
    """The files below ``folder`` that its stacks are made by, by as much of the path as fits."""
    for resource in document["Resources"].values():
        if resource["Type"] == STACK:
            url = text(resource.get("Properties", {}).get("TemplateURL", "")).partition("?")[0]
            parts = [part for part in url.split("/") if part not in ("", ".", "..")]
            tails = (folder.joinpath(*parts[start:]) for start in range(len(parts)))
            yield from [tail for tail in tails if tail.suffix in SUFFIXES and tail.is_file()][:1]


def template(name: str, data: bytes) -> Template:
    """One template in JSON or YAML; ``name`` is what the ClinicError calls it if it is neither."""
    try:
        document = _parse(name, data.decode())
    except UnicodeDecodeError as error:
        raise ClinicError(f"{name} is not UTF-8 text: give a template.") from error
    if wrong := shapes.wrong(document):
        raise ClinicError(f"{name} is not a template: {wrong}.")
    whole: Template = document
    return whole


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClinicError(
            f"{quote(str(path))} cannot be read ({reason(error)}): check the path."
        ) from error


def _parse(name: str, words: str) -> Any:
    try:
        return json.loads(words)
    except ValueError as error:
        if words.lstrip().startswith("{"):
            raise ClinicError(f"{name} is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise ClinicError(f"{name} is not a template: it is nested too deeply.") from error
    # Not needed for our own templates, and slow to import.
    from cfn_flip import dump_json, load_yaml
    from yaml import YAMLError

    try:
        return json.loads(dump_json(load_yaml(words)))
    except (YAMLError, ValueError, RecursionError) as error:
        raise ClinicError(f"{name} is neither JSON nor YAML: {_unread(error)}.") from error


def _unread(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return where + str(getattr(error, "problem", None) or guard.reason(error))


def inlined(templates: Mapping[str, Template], path: object) -> Template:
    """The one template that a set from ``path`` amounts to; ClinicError if parts are missing."""
    return _merged(templates, path).template


def _merged(templates: Mapping[str, Template], path: object) -> Whole:
    if FLAT in templates:
        return Whole(dict(templates[FLAT]), {}, {})
    with guard.guarded(lambda trouble: f"{path} does not hold together: {guard.reason(trouble)}."):
        return merge(templates)
