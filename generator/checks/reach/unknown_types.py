"""Resource types that the proof does not know, so that none is taken for harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from generator import resource_types
from generator.checks.reach.facts import Unknown
from generator.checks.reach.names import Names
from generator.model.view import View

JUDGED_BALANCER = "application"


def unknown(names: Names | View) -> Counter[str]:
    """Types that are neither judged nor harmless, and how many there are of each."""
    kinds = (resource["Type"] for resource in names.resources.values())
    return Counter(kind for kind in kinds if not resource_types.reach(kind))


def facts(names: Names) -> Iterator[Unknown]:
    """What is of a kind that cannot be judged."""
    for name, resource in names.resources.items():
        kind = resource["Type"]
        if not resource_types.reach(kind):
            yield Unknown(name, f"what {name} reaches is not known: {kind} is not judged")
    for name, properties in names.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer").items():
        if properties.get("Type", JUDGED_BALANCER) != JUDGED_BALANCER:
            yield Unknown(name, f"what {name} reaches is not known: it is no application balancer")
