"""cloudformation-validate, AWS's own offline validator, in this project's words."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from functools import cache
from typing import Any

from generator.checks.lint.finding import Finding

TOOL = "cloudformation-validate"

SEVERITIES = {"FATAL": "error", "ERROR": "error", "WARN": "warning"}


OF_ALL_VALUES = ["W1028", "W2503"]
"""Branches that no value reaches; those that one environment does not reach are for the others."""


def validate(
    file: str, template: bytes, parameters: Mapping[str, str], region: str
) -> list[Finding]:
    """Everything it says about a template with these parameter values."""
    import cloudformation_validate as cv

    report = _engine().validate_template(
        cv.TemplateContent(template, file),
        cv.ValidateConfig(
            detail_level=cv.DetailLevel.STANDARD,
            parameter_overrides=dict(parameters),
            pseudo_parameter_overrides=cv.PseudoParameterOverrides(region=region),
            exclude=cv.RuleFilterConfig(ids=OF_ALL_VALUES if parameters else []),
        ),
    )
    findings = [_finding(file, diagnostic) for diagnostic in report.diagnostics]
    if report.status == cv.ReportStatus.ANALYSIS_INCOMPLETE:
        message = "The validator gave up before it had seen everything."
        findings.append(Finding(TOOL, "incomplete", "error", file, "", message))
    return findings


@cache
def _engine() -> Any:
    """Made when it is first asked, a quarter of a second, and kept to the end: a Ctrl-C during the
    twentieth of a second that letting it go takes would be lost in its ``__del__``."""
    import cloudformation_validate as cv

    # Before Python takes the modules apart that its ``__del__`` needs.
    atexit.register(_engine.cache_clear)
    return cv.CompositeEngine()


def _finding(file: str, diagnostic: Any) -> Finding:
    return Finding(
        TOOL,
        diagnostic.rule_id,
        SEVERITIES.get(diagnostic.severity.name, "informational"),
        file,
        _place(diagnostic),
        diagnostic.message,
        diagnostic.start_line or 1,
    )


def _place(diagnostic: Any) -> str:
    """A path from the top, as cfn-lint gives it."""
    path = (diagnostic.property_path or "").replace(".", "/")
    if diagnostic.entity is None or diagnostic.entity.entity_type.name != "RESOURCE":
        return path
    return f"Resources/{diagnostic.entity.logical_id}/{path}".rstrip("/")
