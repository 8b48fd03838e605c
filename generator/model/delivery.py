"""CloudFront distributions: cache behaviours in order, and their origins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from generator.model.references import References, text

BUCKET = "AWS::S3::Bucket"
DEFAULT = "*"
PORTS = {"http-only": ("HTTPPort",), "https-only": ("HTTPSPort",)}
USUAL = {"HTTPPort": 80, "HTTPSPort": 443}


class Behaviour(NamedTuple):
    """One behaviour, at its place in the order."""

    pattern: str
    properties: Mapping[str, Any]
    shadowed_by: str
    """An earlier pattern that takes every path of this one; empty if none does."""
    overlapped_by: tuple[str, ...]
    """Earlier patterns of other origins that take some of its paths."""


def ordered(config: Mapping[str, Any]) -> list[Behaviour]:
    """A distribution's behaviours in the order in which CloudFront compares a path with their
    patterns; the default one is last. Earlier patterns that only together cover another are in
    its ``overlapped_by``.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
    """
    behaviours: list[Behaviour] = []
    default = {**config.get("DefaultCacheBehavior", {}), "PathPattern": DEFAULT}
    for settings in (*config.get("CacheBehaviors", []), default):
        pattern = _rooted(text(settings.get("PathPattern")))
        shadowed_by = next((one.pattern for one in behaviours if covers(one.pattern, pattern)), "")
        # Whatever has a pattern of its own is an exception to the default, and no surprise.
        overlapped_by = tuple(
            one.pattern
            for one in behaviours
            if pattern != DEFAULT
            and one.properties.get("TargetOriginId") != settings.get("TargetOriginId")
            and overlaps(one.pattern, pattern)
        )
        behaviours.append(Behaviour(pattern, settings, shadowed_by, overlapped_by))
    return behaviours


def _rooted(pattern: str) -> str:
    """CloudFront takes a pattern with and without its leading slash for the same."""
    return pattern if pattern[:1] in ("/", "*", "?") else f"/{pattern}"


def covers(pattern: str, other: str) -> bool:
    """Whether every path that matches ``other`` matches ``pattern``; may miss some."""
    # Held against the other's own letters: only * takes a *, and a ? takes anything but that.
    expression = "".join({"*": ".*", "?": r"[^*]"}.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(re.sub(r"(\.\*)+", ".*", expression), other, re.DOTALL) is not None


def overlaps(one: str, other: str) -> bool:
    """Whether some path fits both patterns."""
    row = [True, *(False for _ in other)]
    for j, letter in enumerate(other):
        row[j + 1] = row[j] and letter == "*"
    for mine in one:
        above, row = row, [row[0] and mine == "*"]
        for j, letter in enumerate(other):
            same = "?" in (mine, letter) or mine == letter
            row.append(
                ((above[j + 1] or row[j] or above[j]) if "*" in (mine, letter) else False)
                or (same and "*" not in (mine, letter) and above[j])
            )
    return row[-1]


class Origin(NamedTuple):
    """Where a distribution fetches from."""

    target: str
    """The logical id of a bucket or a balancer, else the host as it stands."""
    signed: bool
    """Whether requests to a bucket are signed by origin access control."""
    private: bool
    """Whether it is reached from inside the network, by a VPC origin."""
    ports: tuple[int, ...]
    headers: Mapping[str, str]
    """What the distribution adds, by lower-case name."""
    path: str
    properties: Mapping[str, Any]
    """As the template has it."""
    protocol: str
    """http-only, https-only or match-viewer; empty for a bucket that is asked as such."""


def origins(config: Mapping[str, Any], names: References) -> dict[str, Origin]:
    """The origins of a distribution, by their ids in it."""
    return {
        text(settings.get("Id")): _origin(settings, names) for settings in config.get("Origins", [])
    }


def members(origin: str, config: Mapping[str, Any]) -> list[str]:
    """An origin, or those of an origin group."""
    for group in config.get("OriginGroups", {}).get("Items", []):
        if group.get("Id") == origin:
            return [text(member.get("OriginId")) for member in group["Members"]["Items"]]
    return [origin]


def _origin(settings: Mapping[str, Any], names: References) -> Origin:
    custom = settings.get("CustomOriginConfig", {})
    private = "VpcOriginConfig" in settings
    access = names.target(settings.get("OriginAccessControlId"))
    control = names.of_type("AWS::CloudFront::OriginAccessControl").get(access, {})
    signing = control.get("OriginAccessControlConfig", {}).get("SigningBehavior")
    target = _host(settings.get("DomainName"), names)
    if private:
        vpc_origin = names.target(settings["VpcOriginConfig"].get("VpcOriginId"))
        custom = names.of_type("AWS::CloudFront::VpcOrigin").get(vpc_origin, {})
        custom = custom.get("VpcOriginEndpointConfig", {})
        target = names.target(custom.get("Arn"))
    asked = PORTS.get(custom.get("OriginProtocolPolicy", ""), tuple(USUAL))
    headers = {
        text(header.get("HeaderName")).lower(): text(header.get("HeaderValue"))
        for header in settings.get("OriginCustomHeaders", [])
    }
    numbers = tuple(int(text(custom.get(key, USUAL[key]))) for key in asked)
    path = text(settings.get("OriginPath", ""))
    protocol = text(custom.get("OriginProtocolPolicy", "")) if custom else ""
    return Origin(target, signing == "always", private, numbers, headers, path, settings, protocol)


def _host(domain: Any, names: References) -> str:
    owner = names.owner_in(text(domain))
    if owner in names.of_type(BUCKET):
        return owner
    if owner and names.target(domain) == f"{owner}.DNSName":
        return owner
    host = text(domain)
    for record in names.of_type("AWS::Route53::RecordSet").values():
        if text(record.get("Name")).rstrip(".") == host:
            return names.owner_in(text(record.get("AliasTarget", {}).get("DNSName"))) or host
    # The operator makes the record by hand, as the parameter's description says.
    if host and host == names.values.get("AlbDomainName"):
        return next(iter(names.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer")), host)
    return host
