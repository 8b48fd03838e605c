"""Checks of this project that no linter has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from generator import suppressions
from generator.checks.lint import known_types, limits, rights, wiring
from generator.checks.lint.finding import Finding
from generator.errors import ClinicError
from generator.model.walk import references
from generator.parameters import patterns, rules

TIMINGS = {
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "HealthCheckTimeoutSeconds",
        "HealthCheckIntervalSeconds",
    ),
}
"""Of each type the property that must be smaller than the other."""

USED_IN = ("Conditions", "Resources", "Outputs", "Rules")


def check(
    documents: Mapping[str, Any],
    files: Mapping[str, bytes],
    values: Mapping[str, Mapping[str, str]],
) -> Iterator[Finding]:
    """Everything this project demands of ``documents`` beyond what the linters know.

    ``documents`` are the parsed ``files``, both by path under output/; ``values`` are those of
    each parameter file. A set in one form only is held to what concerns that form.
    """
    nested = {
        path.removeprefix("nested/"): template
        for path, template in documents.items()
        if path.startswith("nested/")
    }
    if roots := [name for name in nested if PurePath(name).stem == "root"]:
        yield from wiring.check(nested.pop(roots[0]), nested)
    for path, template in documents.items():
        if not path.startswith("policies/"):
            yield from limits.check(path, template, len(files[path]))
            yield from _parameters(f"output/{path}", template)
            yield from _silenced(f"output/{path}", template)
    if rights.BOUNDARY in documents:  # what the code builds
        own = {path: t for path, t in documents.items() if path.startswith("nested/")}
        resources = {k: r for t in own.values() for k, r in t["Resources"].items()}
        yield from known_types.check(own)
        yield from rights.check(documents, resources)
    for parameters in [{}, *values.values()] if "flat.json" in documents else ():
        yield from _timings(documents["flat.json"], parameters)


def _parameters(file: str, template: Mapping[str, Any]) -> Iterator[Finding]:
    declared = template.get("Parameters", {})
    used = set(references([template.get(section, {}) for section in USED_IN]))
    for name, declaration in declared.items():
        place = f"Parameters/{name}"
        if name not in used:
            yield _finding("unused-parameter", file, place, "Nothing refers to this parameter.")
        try:
            patterns.compiled(declaration.get("AllowedPattern", ""))
        except ValueError as error:
            yield _finding("pattern", file, place, f"AllowedPattern cannot be checked: {error}.")
    try:
        list(rules.broken(template.get("Rules", {}), declared, {}))
    except ClinicError as error:
        yield _finding("rule", file, "Rules", f"A rule cannot be checked: {error}")


def _silenced(file: str, template: Mapping[str, Any]) -> Iterator[Finding]:
    """cfn-lint obeys ignore_checks in a template's Metadata, where only the table may put it."""
    expected = suppressions.metadata(template)
    for title, owner in {"": template, **template["Resources"]}.items():
        config = {"config": {"ignore_checks": expected.get(title)}}
        if owner.get("Metadata", {}).get("cfn-lint", config) != config:
            place = f"Resources/{title}/" if title else ""
            message = "The template silences cfn-lint: write a suppression instead."
            yield _finding("hidden-suppression", file, f"{place}Metadata", message)


def _timings(template: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Finding]:
    declared = template.get("Parameters", {})
    for title, resource in template["Resources"].items():
        for less, more in [TIMINGS[resource["Type"]]] if resource["Type"] in TIMINGS else []:
            low, high = (
                _seconds(resource["Properties"].get(name), declared, values)
                for name in (less, more)
            )
            if low is not None and high is not None and low >= high:
                message = f"{less} is {low:g} and must be less than {more}, {high:g}."
                place = f"Resources/{title}/Properties/{less}"
                yield _finding("timing", "output/flat.json", place, message)


def _seconds(value: Any, declared: Mapping[str, Any], values: Mapping[str, str]) -> float | None:
    """A number, also through a parameter; None if only the account knows."""
    name = value.get("Ref", "") if isinstance(value, dict) else ""
    if name in declared:
        value = values.get(name, declared[name].get("Default"))
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _finding(rule: str, file: str, place: str, message: str) -> Finding:
    return Finding("clinic", rule, "error", file, place, message)
