"""Facts of AWS about instance types: the rows of instance_types.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from generator import shipped
from generator.errors import ClinicError, quote

TABLE = "generator/model/instance_types.toml"


class InstanceType(NamedTuple):
    """One instance type."""

    vcpus: int
    baseline: Decimal | None
    """CPU in percent that the price includes; None if the type is not burstable."""

    @property
    def share(self) -> float:
        """CPU in percent that it may use for ever."""
        return 100.0 if self.baseline is None else float(self.baseline)


@cache
def table() -> Mapping[str, InstanceType]:
    """Every known type by its name, such as t3.micro."""
    families = tomllib.loads(shipped.text(__package__, "instance_types.toml"))
    return {
        f"{family}.{size}": InstanceType(
            row["vcpus"], Decimal(row["baseline"]) if "baseline" in row else None
        )
        for family, sizes in families.items()
        for size, row in sizes.items()
    }


def unknown(name: str) -> str:
    """The sentence about a type that the table lacks."""
    return f"vCPUs and baseline of {quote(name)} are not known: write them into {TABLE}"


def require(name: str) -> InstanceType:
    """A type of the table; ClinicError for another one."""
    if name not in table():
        raise ClinicError(f"{unknown(name)}.")
    return table()[name]
