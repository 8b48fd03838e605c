"""Records in Route 53 by which a host name of ours leads to something of AWS's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import And, Condition, Template, route53
from troposphere.validators.route53 import AliasTarget

from generator.layer import Name, Values
from generator.layers.shared import is_given, optional

HOSTED_ZONE_ID = optional(
    "HostedZoneId",
    "Route 53 zone in which the records of DomainName and AlbDomainName are made; empty: you make "
    "them yourself.",
    r"Z[A-Z0-9]{5,31}",
    "An id such as Z0123456789ABCDEFGHIJ",
)


def add_alias_records(
    template: Template,
    values: Values,
    titles: Mapping[str, str],
    name: Name,
    zone_id: Any,
    dns_name: Any,
) -> None:
    """Add a record for ``name`` of each kind in ``titles`` (kind: logical id), if both the name
    and HostedZoneId are given; ``zone_id`` and ``dns_name`` are the target's own."""
    named = is_given(template, values, name)
    zoned = is_given(template, values, HOSTED_ZONE_ID)
    condition = template.add_condition(
        f"{titles['A']}IsMade", And(Condition(named), Condition(zoned))
    )
    for kind, title in titles.items():
        template.add_resource(
            route53.RecordSetType(
                title,
                Condition=condition,
                HostedZoneId=values[HOSTED_ZONE_ID],
                Name=values[name],
                Type=kind,
                AliasTarget=AliasTarget(HostedZoneId=zone_id, DNSName=dns_name),
            )
        )
