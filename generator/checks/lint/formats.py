"""Findings for people, programs, code scanning and the annotations of a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

from generator.checks.lint.finding import TOOLS, Finding

LEVELS = {"error": "error", "warning": "warning", "informational": "notice"}
"""What GitHub calls our severities."""


def text(finding: Finding) -> str:
    """Two lines for a person."""
    where = f"{finding.file}:{finding.line}"
    place = f" {finding.place}" if finding.place else ""
    rule = f"{finding.severity} {finding.rule} ({finding.tool})"
    return f"{where}:{place}\n    {rule}: {finding.message}"


def github(finding: Finding) -> str:
    """A workflow command that becomes an annotation."""

    def escaped(value: str) -> str:
        return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def attribute(value: str) -> str:
        return escaped(value).replace(":", "%3A").replace(",", "%2C")

    title = attribute(f"{finding.rule} {finding.place}".strip())
    level = LEVELS[finding.severity]
    file = attribute(finding.file)
    return f"::{level} file={file},line={finding.line},title={title}::{escaped(finding.message)}"


def as_json(findings: Iterable[Finding]) -> str:
    """A list of objects with the fields of Finding."""
    return json.dumps([finding._asdict() for finding in findings], indent=2)


def sarif(findings: Iterable[Finding]) -> str:
    """SARIF 2.1.0 with one run per tool, as GitHub's code scanning reads it."""
    # A tool without findings has a run too, or code scanning would keep those it once had.
    runs: dict[str, list[Finding]] = {tool: [] for tool in TOOLS}
    for finding in findings:
        runs.setdefault(finding.tool, []).append(finding)
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [_run(tool, findings_of_tool) for tool, findings_of_tool in runs.items()],
    }
    return json.dumps(document, indent=2)


def _run(tool: str, findings: list[Finding]) -> dict[str, object]:
    rules = [{"id": rule} for rule in sorted({finding.rule for finding in findings})]
    return {
        "tool": {"driver": {"name": tool, "rules": rules}},
        "results": [_result(finding) for finding in findings],
    }


def _result(finding: Finding) -> dict[str, object]:
    level = "note" if finding.severity == "informational" else finding.severity
    return {
        "ruleId": finding.rule,
        "level": level,
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(finding.file, errors="surrogateescape")},
                    "region": {"startLine": finding.line},
                },
                "logicalLocations": [{"fullyQualifiedName": finding.place}],
            }
        ],
    }
