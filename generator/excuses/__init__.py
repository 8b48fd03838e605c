"""Every finding that is not mended, with the reason why. One table for all tools.

A rule without an excuse fails the gate, and an excuse that excuses nothing fails the tests: which
ones a run needs depends on its parameter files.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from generator.excuses import judges, linters
from generator.excuses.excuse import Excuse

__all__ = ["EXCUSES", "Excuse", "carry", "fitting", "metadata", "suppressions"]

EXCUSES: tuple[Excuse, ...] = (*linters.ROWS, *judges.ROWS)


def fitting(rule: str, place: str) -> list[Excuse]:
    """The excuses that cover a finding of ``clinic check``."""
    return [
        one
        for one in EXCUSES
        if not one.judge and one.rule == rule and fnmatchcase(place, one.place)
    ]


def metadata(template: Mapping[str, Any]) -> dict[str, list[str]]:
    """The rules that cfn-lint has to be told of, by logical id; "" for the whole template, where
    those of parameters have to stand."""
    found: dict[str, list[str]] = {}
    for excuse in EXCUSES:
        section, title, *_ = (*excuse.place.split("/"), "")
        for name in template.get(section, ()) if excuse.carried else ():
            if fnmatchcase(name, title):
                rules = found.setdefault(name if section == "Resources" else "", [])
                rules += [] if excuse.rule in rules else [excuse.rule]
    return found


def suppressions(title: str) -> dict[str, Any]:
    """The Metadata of a resource, by its logical id, from which judges know what to leave out.

    The forms are those of checkov's and cfn_nag's READMEs, of aws-guard-rules-registry's "Using
    Guard Rules Registry" and of cdk-nag 2. cdk-nag 3 reads none (its MIGRATION.md), Control
    Tower's rules and trivy know no such thing.
    """
    found: dict[str, Any] = {}
    for excuse in EXCUSES:
        if excuse.judge and excuse.place == f"Resources/{title}":
            key, entry = _suppression(excuse)
            found.setdefault(excuse.judge, {}).setdefault(key, []).append(entry)
    return found


def _suppression(excuse: Excuse) -> tuple[str, Any]:
    if excuse.judge == "guard":
        return "SuppressedRules", excuse.rule
    if excuse.judge == "checkov":
        return "skip", {"id": excuse.rule, "comment": excuse.reason}
    return "rules_to_suppress", {"id": excuse.rule, "reason": excuse.reason}


def carry(template: dict[str, Any]) -> dict[str, Any]:
    """``template`` with what plain cfn-lint and the judges have to be told in it.

    New Metadata replaces nothing: only a property's change can (CloudFormation's
    API_ResourceTargetDefinition, RequiresRecreation).
    """
    for name, rules in metadata(template).items():
        owner = template["Resources"][name] if name else template
        owner.setdefault("Metadata", {})["cfn-lint"] = {"config": {"ignore_checks": rules}}
    for name, resource in template["Resources"].items():
        for judge, said in suppressions(name).items():
            resource.setdefault("Metadata", {})[judge] = said
    return template
