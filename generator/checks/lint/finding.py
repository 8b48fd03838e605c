"""A finding of a check."""

from __future__ import annotations

from typing import NamedTuple

TOOLS = ("cfn-lint", "cloudformation-validate", "clinic")
SEVERITIES = ("error", "warning", "informational")


class Finding(NamedTuple):
    """One remark of one tool about one place."""

    tool: str
    """One of TOOLS."""
    rule: str
    """The tool's own id of the rule, such as E3012."""
    severity: str
    """One of SEVERITIES."""
    file: str
    """The file as a person would open it from the project's folder."""
    place: str
    """The path inside it, such as Resources/Vpc/Properties/CidrBlock; empty for the whole file."""
    message: str
    line: int = 1
