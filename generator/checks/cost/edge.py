"""What the CDN, web ACLs and names cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.cost.bill import LineItem, Month
from generator.checks.cost.network import Found

EVERYWHERE = "PriceClass_All"


def distributions(month: Month, resources: Found) -> Iterator[LineItem]:
    """Traffic and requests; only with every edge does the CDN answer from South America."""
    for each in resources.values():
        settings = each.get("DistributionConfig", {})
        everywhere = settings.get("PriceClass", EVERYWHERE) == EVERYWHERE
        place, suffix = ("South America", "/south-america") if everywhere else ("the US", "")
        usage = month.usage
        yield month.line("CDN", f"data from {place}", f"cdn/gb{suffix}", usage.traffic_gb)
        requests = usage.requests * 100
        yield month.line("CDN", f"HTTPS requests, {place}", f"cdn/10k{suffix}", requests)
        if _functions(settings):
            yield month.line("CDN", "calls of the function", "cdn/function", usage.requests)
        if "WebACLId" in settings:
            yield from _web_acl(month, "of the CDN")


def _functions(settings: Mapping[str, Any]) -> bool:
    behaviors = [settings.get("DefaultCacheBehavior", {}), *settings.get("CacheBehaviors", [])]
    return any(behavior.get("FunctionAssociations") for behavior in behaviors)


def web_acls(month: Month, resources: Found) -> Iterator[LineItem]:
    """Web ACLs of the operator that are associated with the balancer."""
    for _ in resources:
        yield from _web_acl(month, "of the balancer")


def _web_acl(month: Month, whose: str) -> Iterator[LineItem]:
    rules = month.usage.waf_rules
    yield month.monthly("Web ACL", f"ACL {whose}", "waf/acl", 1)
    yield month.monthly("Web ACL", f"{rules:f} x rule {whose}", "waf/rule", rules)
    yield month.line("Web ACL", f"requests {whose}", "waf/million", month.usage.requests)


def records(month: Month, resources: Found) -> Iterator[LineItem]:
    """The zones that they are in; a question for an alias of AWS is free."""
    zones = {
        str(each.get("HostedZoneId", each.get("HostedZoneName"))) for each in resources.values()
    }
    yield month.monthly("Names", f"{len(zones)} x hosted zone", "route53/zone", len(zones))
