"""Walks through templates: nodes, references, texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

STACK = "AWS::CloudFormation::Stack"
SUBSTITUTED = re.compile(r"\$\{([^!}][^}]*)\}")


def nodes(node: Any) -> Iterator[Any]:
    """``node`` and everything inside it, outermost first."""
    yield node
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for item in inner:
        yield from nodes(item)


def references(node: Any) -> Iterator[str]:
    """What a part of a template refers to: ``Name`` of a Ref, ``Name.Attribute`` of a GetAtt.

    Names that an ``Fn::Sub`` defines for itself are among them.
    """
    for item in nodes(node):
        if not isinstance(item, dict):
            continue
        if isinstance(name := item.get("Ref"), str):
            yield name
        if attribute := item.get("Fn::GetAtt"):
            yield attribute if isinstance(attribute, str) else ".".join(map(str, attribute))
        if text := item.get("Fn::Sub"):
            yield from SUBSTITUTED.findall(text if isinstance(text, str) else text[0])


def is_true(value: Any) -> bool:
    """Whether CloudFormation reads a property as true: booleans may be text in a template."""
    return str(value).lower() == "true"


def join(path: str, logical: str) -> str:
    """A logical id below a path."""
    return f"{path}/{logical}" if path else logical


def text(node: Any) -> str:
    """``node`` as one text, references as ``${Name}`` or ``${Name.Attribute}``."""
    if isinstance(node, dict) and len(node) == 1:
        [(function, argument)] = node.items()
        if function == "Ref":
            return f"${{{argument}}}"
        if function == "Fn::GetAtt":
            parts = [argument] if isinstance(argument, str) else map(text, argument)
            return f"${{{'.'.join(parts)}}}"
        if function == "Fn::Join" and isinstance(argument[1], list):
            return str(argument[0]).join(map(text, argument[1]))
        if function == "Fn::Sub":
            return _substituted(argument)
        return f"{function} of {argument}"
    return str(node).lower() if isinstance(node, bool) else str(node)


def _substituted(argument: Any) -> str:
    words, own = argument if isinstance(argument, list) else (argument, {})
    for name, value in own.items():
        words = words.replace(f"${{{name}}}", text(value))
    return str(words)


def json_of(value: Any) -> Any:
    """What a JSON text holds, references in it written as ``${Name}``; None for anything else."""
    function = next(iter(value), "") if isinstance(value, dict) and len(value) == 1 else ""
    words = text(value) if function in ("Fn::Join", "Fn::Sub") else value
    if not isinstance(words, str) or words.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(words)
    except (ValueError, RecursionError):
        return None
