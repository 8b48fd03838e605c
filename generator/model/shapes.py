"""The shape that every template must have, checked before anything else reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from generator.errors import quote
from generator.parameters import patterns

NAMED = ("Parameters", "Resources", "Outputs", "Rules", "Mappings")
SECTIONS = (*NAMED, "Conditions", "Metadata")
"""Of a template, those that hold objects by name, and all that are objects."""
PROCESSED = "give what `aws cloudformation get-template --template-stage Processed` shows"
NUMBERS = ("MinLength", "MaxLength", "MinValue", "MaxValue")


def wrong(template: Any) -> str | None:
    """The first violation in ``template``, as the rest of a sentence; None if there is none."""
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        return "it has no Resources"
    return next(_wrong(template), None)


def _wrong(template: Mapping[str, Any]) -> Iterator[str]:
    for section in SECTIONS:
        if not isinstance(template.get(section, {}), dict):
            yield f"its {section} must be an object"
    for section in NAMED:
        for name, entry in template.get(section, {}).items():
            where = f"{section}/{quote(name)}"
            if name.startswith("Fn::"):
                yield f"{where} is expanded by CloudFormation alone: {PROCESSED}"
            if not isinstance(entry, dict):
                yield f"{where} must be an object"
            if section in ("Resources", "Parameters") and not isinstance(entry.get("Type"), str):
                yield f"{where} has no Type"
            if section == "Parameters":
                yield from (f"{where}/{sentence}" for sentence in _declaration(entry))
            if section == "Rules" and not isinstance(entry.get("Assertions"), list):
                yield f"{where} has no list of Assertions"


def _declaration(declared: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(declared.get("Default", ""), dict | list | type(None)):
        yield "Default must be text or a number"
    allowed = declared.get("AllowedValues", [])
    if not isinstance(allowed, list) or any(isinstance(each, dict | list) for each in allowed):
        yield "AllowedValues must be a list of texts or numbers"
    for name in NUMBERS:
        try:
            if not Decimal(str(declared.get(name, 0))).is_finite():
                yield f"{name} must be a number"
        except InvalidOperation:
            yield f"{name} must be a number"
    for name in ("AllowedPattern", "ConstraintDescription", "Description"):
        if not isinstance(declared.get(name, ""), str):
            yield f"{name} must be text"
    try:
        patterns.compiled(declared.get("AllowedPattern", ""))
    except ValueError as error:
        yield f"AllowedPattern cannot be judged here ({error}): write it so that Python reads it"
