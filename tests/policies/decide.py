"""Decides a request by whole policy documents, and says what actions can be narrowed to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from generator.model.iam import Context, allows, like, listed, statements

__all__ = ["formats", "is_allowed", "like", "listed"]

Document = Mapping[str, Any]


def is_allowed(
    documents: Iterable[Document], action: str, resource: str, context: Context | None = None
) -> bool:
    """Whether all documents together let the identity do ``action`` on ``resource``."""
    found = [statement for document in documents for statement in statements("", document)]
    return allows(found, action, resource, context)


def formats(iam: dict[str, Any], service: str, action: str) -> list[str]:
    """The shapes of the ARNs that an action can be narrowed to, as IAM patterns.

    A recovery point's may be any service's, which would make everything one: left out.
    """
    types = iam[service]["Actions"][action].get("Resources", [])
    return [
        re.sub(r"\$\{\w+}", "*", shape).replace(".*", "*")
        for name in types
        for shape in iam[service]["Resources"][name.lower()]["ARNFormats"]
        if "${Vendor}" not in shape
    ]
