"""Every finding that is not mended, with the reason why. One table for all tools.

A rule without an excuse fails the gate, and so does an excuse that excuses nothing.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

from generator.checks.finding import Finding


class Excuse(NamedTuple):
    """Why a rule does not apply somewhere."""

    rule: str
    place: str
    """A pattern for the finding's place; ``*`` stands for any text, ``/`` included."""
    reason: str


EXCUSES = (
    Excuse(
        "W2001",
        "Parameters/TemplateBaseUrl",
        "cfn-lint sees the root with local TemplateURLs, so that it compares parent and child; "
        "the parameter is used in every TemplateURL of the real one.",
    ),
    Excuse(
        "W3002",
        "Resources/*Stack/Properties/TemplateURL",
        "For the same reason: the real TemplateURLs are https addresses.",
    ),
    Excuse(
        "I9001",
        "Resources/*",
        "Says of every create-only property that it is one; the change preview says so when "
        "such a property really changes.",
    ),
    Excuse(
        "I4010",
        "*",
        "A description of the architecture for machines; ours is the README and the layers.",
    ),
)


def fitting(finding: Finding) -> list[Excuse]:
    """The excuses that cover a finding."""
    return [
        excuse
        for excuse in EXCUSES
        if excuse.rule == finding.rule and fnmatchcase(finding.place, excuse.place)
    ]


def idle(used: set[Excuse]) -> list[Finding]:
    """A finding for each excuse that excused nothing in a complete run."""
    return [
        Finding(
            "clinic",
            "unused-excuse",
            "warning",
            "generator/checks/excuses.py",
            f"{excuse.rule} {excuse.place}",
            "This excuse excuses nothing any more: remove it.",
        )
        for excuse in EXCUSES
        if excuse not in used
    ]
