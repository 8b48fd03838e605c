"""What CloudFormation typically takes for one resource, by the table of resource types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from generator import resource_types

CREATE, UPDATE, SHORT = "create", "update", "short"
SHORT_SECONDS = 5
"""A call and an answer: an estimate, as the table's figures are."""


class Duration(NamedTuple):
    """A row of the table: typical seconds of one type, under a condition on its properties."""

    type: str
    when: Mapping[str, str]
    create: int
    update: int
    why: str

    def fits(self, resource: Mapping[str, Any]) -> bool:
        """Whether the row is about this resource."""
        properties = resource.get("Properties", {})
        return self.type == resource["Type"] and all(
            str(properties.get(name, "")).lower() == value for name, value in self.when.items()
        )


@cache
def table() -> tuple[Duration, ...]:
    """All rows, the special before the general."""
    return tuple(
        Duration(kind, row.get("when", {}), row["create"], row["update"], row["why"])
        for kind, listed in resource_types.column("seconds").items()
        if listed != SHORT
        for row in listed
    )


def seconds(resource: Mapping[str, Any], action: str) -> int:
    """Typical seconds of an ``action``, CREATE or UPDATE, on a resolved resource.

    A type that has no row takes as long as a call and an answer; of ours `clinic check` says so.
    """
    for row in table():
        if row.fits(resource):
            return row.create if action == CREATE else row.update
    return SHORT_SECONDS
