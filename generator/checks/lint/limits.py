"""Limits of CloudFormation and EC2 that a template can be held to before it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from generator import limits
from generator.checks.lint.finding import Finding
from generator.model.walk import STACK, nodes


class Measure(NamedTuple):
    """Something that has a limit, and how much of it is used."""

    limit: str
    """What is limited, in the plural: ``template bytes``."""
    file: str
    """As Finding has it."""
    place: str
    """As Finding has it; empty for a whole template."""
    value: int
    most: int

    @property
    def room(self) -> int:
        """Percent that are left, rounded down; negative beyond the limit."""
        return 100 * (self.most - self.value) // self.most

    @property
    def kept(self) -> bool:
        return self.value <= self.most


def check(path: str, template: Mapping[str, Any], size: int) -> Iterator[Finding]:
    """Findings about the template at ``path`` under output/, of ``size`` bytes."""
    return broken(measures(path, template, size))


def broken(measures: Iterable[Measure]) -> Iterator[Finding]:
    """A finding for each limit that is not kept."""
    for limit, file, place, value, most in measures:
        if value > most:
            message = f"{value:,} {limit}, and {most:,} are allowed."
            yield Finding("clinic", "limit", "error", file, place, message)


def measures(path: str, template: Mapping[str, Any], size: int) -> Iterator[Measure]:
    """What the template at ``path`` under output/, of ``size`` bytes, uses of its limits."""
    file = f"output/{path}"
    yield Measure(
        "template bytes",
        file,
        "",
        size,
        limits.BODY if path.startswith("nested/") else limits.OBJECT,
    )
    for section, most in limits.COUNTS.items():
        yield Measure(section.lower(), file, section, len(template.get(section, ())), most)
    described = len(template.get("Description", "").encode())
    yield Measure("bytes of a description", file, "Description", described, limits.DESCRIPTION)
    yield from _values(file, template)
    yield from _user_data(file, template)


def _values(file: str, template: Mapping[str, Any]) -> Iterator[Measure]:
    defaults = {
        f"Parameters/{name}/Default": declaration.get("Default", "")
        for name, declaration in template.get("Parameters", {}).items()
    }
    passed = {
        f"Resources/{title}/Properties/Parameters/{name}": value
        for title, resource in template["Resources"].items()
        if resource["Type"] == STACK
        for name, value in resource["Properties"].get("Parameters", {}).items()
    }
    for place, value in (defaults | passed).items():
        yield Measure("bytes of a parameter's value", file, place, _literal(value), limits.VALUE)


def _user_data(file: str, template: Mapping[str, Any]) -> Iterator[Measure]:
    for title, resource in template["Resources"].items():
        for node in nodes(resource):
            if isinstance(node, dict) and "UserData" in node:
                size = _literal(node["UserData"])
                yield Measure(
                    "bytes of user data", file, f"Resources/{title}", size, limits.USER_DATA
                )


def _literal(node: Any) -> int:
    """Bytes of all text in ``node``, with the longer of two alternatives; references aside."""
    if isinstance(node, str):
        return len(node.encode())
    if isinstance(node, list):
        return sum(map(_literal, node))
    if not isinstance(node, dict):
        return 0
    if list(node) == ["Fn::If"]:
        return max(map(_literal, node["Fn::If"][1:]))
    return sum(map(_literal, node.values()))
