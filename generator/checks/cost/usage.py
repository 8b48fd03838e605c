"""Assumptions that no template contains: hours, load, traffic and volumes of a month."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

HOURS_OF_A_MONTH = Decimal(730)
"""8,760 hours of a year over 12: what AWS means by a month."""


def _about(help_: str, most: int) -> dict[str, Any]:
    return {"help": help_, "most": Decimal(most)}


@dataclass(frozen=True)
class Usage:
    """Assumptions about a month; each is an option of the command.

    The load is that of a clinic which is open 50 hours a week: 40 % then and 4 % otherwise.
    """

    hours: Decimal = field(
        default=Decimal(730), metadata=_about("Hours for which the environment exists.", 744)
    )
    load: Decimal = field(
        default=Decimal(15),
        metadata=_about(
            "Average CPU in percent that MinInstances would have; above CpuTarget the group grows.",
            10_000,
        ),
    )
    traffic_gb: Decimal = field(
        default=Decimal(50), metadata=_about("GB that browsers receive through the CDN.", 10**9)
    )
    nat_gb: Decimal | None = field(
        default=None,
        metadata=_about(
            "GB between instances and internet, both ways; if not given, as --traffic-gb.", 10**9
        ),
    )
    requests: Decimal = field(
        default=Decimal(1), metadata=_about("Million requests to the CDN.", 10**6)
    )
    database_load: Decimal = field(
        default=Decimal(5), metadata=_about("Average CPU of the database in percent.", 100)
    )
    database_gb: Decimal = field(
        default=Decimal(5), metadata=_about("GB of data in the database.", 10**6)
    )
    logs_gb: Decimal = field(
        default=Decimal(2), metadata=_about("GB that backend and database log.", 10**6)
    )
    audit_gb: Decimal = field(
        default=Decimal(2), metadata=_about("GB that the database's audit logs, if any.", 10**6)
    )
    flow_logs_gb: Decimal = field(
        default=Decimal(1), metadata=_about("GB of flow logs, if there are any.", 10**6)
    )
    storage_gb: Decimal = field(
        default=Decimal(10), metadata=_about("GB in all buckets together.", 10**9)
    )
    documents_gb: Decimal = field(
        default=Decimal(1),
        metadata=_about("GB of documents, in the file system if there is one.", 10**6),
    )
    images_gb: Decimal = field(
        default=Decimal(2), metadata=_about("GB of images in the registry.", 10**6)
    )
    waf_rules: Decimal = field(
        default=Decimal(3), metadata=_about("Rules of each web ACL, if there is one.", 1500)
    )

    @property
    def months(self) -> Decimal:
        """The part of a month that is billed."""
        return self.hours / HOURS_OF_A_MONTH

    @property
    def out_gb(self) -> Decimal:
        """GB between the instances and the internet."""
        return self.traffic_gb if self.nat_gb is None else self.nat_gb
