"""Ways to look through a template."""

from __future__ import annotations

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


def join(path: str, logical: str) -> str:
    """A logical id below a path."""
    return f"{path}/{logical}" if path else logical
