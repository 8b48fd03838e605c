"""Limits of CloudFormation and EC2 that a template can be held to before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.finding import Finding
from generator.checks.walk import nodes

BODY = 51_200
"""Bytes of a template that is sent directly, which every nested one can be."""

OBJECT = 1_000_000
"""Bytes of a template that is uploaded to S3, as the console does."""

COUNTS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}

VALUE = 4_096
"""Bytes of one parameter's value."""

USER_DATA = 16_384
"""Bytes before they are encoded."""


def check(path: str, template: Mapping[str, Any], size: int) -> Iterator[Finding]:
    """Findings about the template at ``path`` under output/, of ``size`` bytes."""
    most = BODY if path.startswith("nested/") else OBJECT
    if size > most:
        yield _finding(path, "", f"{size:,} bytes, and {most:,} are allowed: split the layer.")
    for section, most in COUNTS.items():
        if (count := len(template.get(section, ()))) > most:
            yield _finding(path, section, f"{count} {section}, and {most} are allowed.")
    yield from _values(path, template)
    yield from _user_data(path, template)


def _values(path: str, template: Mapping[str, Any]) -> Iterator[Finding]:
    defaults = {
        f"Parameters/{name}/Default": declaration.get("Default", "")
        for name, declaration in template.get("Parameters", {}).items()
    }
    passed = {
        f"Resources/{title}/Properties/Parameters/{name}": value
        for title, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudFormation::Stack"
        for name, value in resource["Properties"].get("Parameters", {}).items()
    }
    for place, value in (defaults | passed).items():
        if (size := _literal(value)) > VALUE:
            yield _finding(path, place, f"{size:,} bytes, and a value has at most {VALUE:,}.")


def _user_data(path: str, template: Mapping[str, Any]) -> Iterator[Finding]:
    for title, resource in template["Resources"].items():
        for node in nodes(resource):
            size = _literal(node.get("UserData")) if isinstance(node, dict) else 0
            if size > USER_DATA:
                message = f"User data of {size:,} bytes, and EC2 takes {USER_DATA:,}."
                yield _finding(path, f"Resources/{title}", message)


def _literal(node: Any) -> int:
    """Bytes of all text in ``node``: the least that it can become, references aside."""
    return sum(len(item.encode()) for item in nodes(node) if isinstance(item, str))


def _finding(path: str, place: str, message: str) -> Finding:
    return Finding("clinic", "limit", "error", f"output/{path}", place, message)
