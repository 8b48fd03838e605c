"""Every finding that is not mended, with the reason why. One table for all tools.

A finding without a suppression fails the gate, and a suppression that covers nothing fails the
tests: which ones a run needs depends on its parameter files.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from generator.suppressions import judges, linters
from generator.suppressions.suppression import Suppression

__all__ = ["SUPPRESSIONS", "Suppression", "carry", "fitting", "metadata", "of_resource"]

SUPPRESSIONS: tuple[Suppression, ...] = (*linters.ROWS, *judges.ROWS)


def fitting(rule: str, place: str) -> list[Suppression]:
    """The suppressions that cover a finding of ``clinic check``."""
    return [
        one
        for one in SUPPRESSIONS
        if not one.judge and one.rule == rule and fnmatchcase(place, one.place)
    ]


def metadata(template: Mapping[str, Any]) -> dict[str, list[str]]:
    """The rules to name in the templates for a cfn-lint that is run without this table, by logical
    id; "" for the whole template, where those of parameters have to stand."""
    found: dict[str, list[str]] = {}
    for suppression in SUPPRESSIONS:
        section, title, *_ = (*suppression.place.split("/"), "")
        for name in template.get(section, ()) if suppression.carried else ():
            if fnmatchcase(name, title):
                rules = found.setdefault(name if section == "Resources" else "", [])
                rules += [] if suppression.rule in rules else [suppression.rule]
    return found


def of_resource(title: str) -> dict[str, Any]:
    """The Metadata of a resource, by its logical id, from which judges know what to leave out.

    The forms are those of checkov's and cfn_nag's READMEs, of aws-guard-rules-registry's "Using
    Guard Rules Registry" and of cdk-nag 2. cdk-nag 3 reads none (its MIGRATION.md), Control
    Tower's rules and trivy know no such thing.
    """
    found: dict[str, Any] = {}
    for suppression in SUPPRESSIONS:
        if suppression.judge and suppression.place == f"Resources/{title}":
            key, entry = _entry(suppression)
            found.setdefault(suppression.judge, {}).setdefault(key, []).append(entry)
    return found


def _entry(suppression: Suppression) -> tuple[str, Any]:
    if suppression.judge == "guard":
        return "SuppressedRules", suppression.rule
    if suppression.judge == "checkov":
        return "skip", {"id": suppression.rule, "comment": suppression.reason}
    return "rules_to_suppress", {"id": suppression.rule, "reason": suppression.reason}


def carry(template: dict[str, Any]) -> dict[str, Any]:
    """``template`` with the Metadata by which plain cfn-lint and the judges know its suppressions.

    New Metadata replaces nothing: only a property's change can (CloudFormation's
    API_ResourceTargetDefinition, RequiresRecreation).
    """
    for name, ignored in metadata(template).items():
        owner = template["Resources"][name] if name else template
        owner.setdefault("Metadata", {})["cfn-lint"] = {"config": {"ignore_checks": ignored}}
    for name, resource in template["Resources"].items():
        for judge, rules in of_resource(name).items():
            resource.setdefault("Metadata", {})[judge] = rules
    return template
