"""Which resources depend on a parameter, so that only they are resolved again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.model.walk import SUBSTITUTED


def touched(template: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The parameters, by resource, that its properties and its condition mention.

    Every text counts that is the name of a parameter or a condition, be it in a Ref or not: one too
    many costs a moment, one too few would be a wrong answer.
    """
    parameters, conditions = template.get("Parameters") or {}, template.get("Conditions") or {}
    decided: dict[str, frozenset[str]] = {}

    def behind(node: Any) -> frozenset[str]:
        names: set[str] = set()
        for name in _names(node):
            if name in parameters:
                names.add(name)
            if name in conditions:
                if name not in decided:
                    decided[name] = frozenset()  # ends a circle, which no valid template has
                    decided[name] = behind(conditions[name])
                names |= decided[name]
        return frozenset(names)

    return {name: behind(entry) for name, entry in (template.get("Resources") or {}).items()}


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
        for match in SUBSTITUTED.finditer(node) if "${" in node else ():
            yield match[1]
    elif isinstance(node, dict):
        for value in node.values():
            yield from _names(value)
    elif isinstance(node, list):
        for item in node:
            yield from _names(item)
