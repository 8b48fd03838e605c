"""cloudformation-validate, AWS's own offline validator, in this project's words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from generator.checks.finding import Finding

TOOL = "cloudformation-validate"

SEVERITIES = {"FATAL": "error", "ERROR": "error", "WARN": "warning"}


OF_ALL_VALUES = ["W1028", "W2503"]
"""Branches that no value reaches; those that one environment does not reach are for the others."""


class Validator:
    """The validator, made when it is first asked: that alone takes a quarter of a second."""

    @cached_property
    def _engine(self) -> Any:
        import cloudformation_validate as cv

        return cv.CompositeEngine()

    def validate(
        self, file: str, template: bytes, parameters: Mapping[str, str], region: str
    ) -> list[Finding]:
        """Everything it says about a template with these parameter values."""
        import cloudformation_validate as cv

        report = self._engine.validate_template(
            cv.TemplateContent(template, file),
            cv.ValidateConfig(
                detail_level=cv.DetailLevel.STANDARD,
                parameter_overrides=dict(parameters),
                pseudo_parameter_overrides=cv.PseudoParameterOverrides(region=region),
                exclude=cv.RuleFilterConfig(ids=OF_ALL_VALUES if parameters else []),
            ),
        )
        found = [_finding(file, diagnostic) for diagnostic in report.diagnostics]
        if report.status == cv.ReportStatus.ANALYSIS_INCOMPLETE:
            message = "The validator gave up before it had seen everything."
            found.append(Finding(TOOL, "incomplete", "error", file, "", message))
        return found


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
