"""What the twin does with each property of each resource: enacted, approximated or ignored.

Enacted: a daemon or a probe depends on it. Approximated: it is read, and implemented otherwise than
by AWS. Ignored: it has no effect on the twin. A property that is none of them is refused. The
table of resource types (resource_types.toml) says which is which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from generator import resource_types
from generator.errors import ClinicError


class PropertySupport(NamedTuple):
    """One property of one resource; ``does`` is enacted, approximated or ignored."""

    resource: str
    type: str
    property: str
    does: str


def rows(resources: Mapping[str, Any]) -> Iterator[PropertySupport]:
    """What is done with each property of some resources. ClinicError for the first unknown one."""
    for name, resource in resources.items():
        kind = str(resource["Type"])
        if not resource_types.is_treated(kind):
            raise ClinicError(f"{name}: {kind} is nothing that the twin can enact.")
        for key in resource_types.properties(resource.get("Properties", {})):
            does = resource_types.treatment(kind, key)
            if not does:
                raise ClinicError(f"{name}: {key} is nothing that the twin can enact.")
            yield PropertySupport(name, kind.removeprefix("AWS::"), key, does)


def summary(every: Sequence[PropertySupport]) -> str:
    """How many properties of how many resources are of each kind, in one line."""
    number = Counter(row.does for row in every)
    counts = ", ".join(f"{number[one]} {one}" for one in resource_types.TREATMENTS)
    return f"{len(every)} properties of {len({row.resource for row in every})} resources: {counts}"
