"""Which behaviour of a distribution answers a path, and what it forwards to the origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from generator import functions
from generator.checks.reach.facts import Fact, NotReached, Unknown
from generator.checks.reach.managed import (
    ALL,
    CACHE,
    NONE,
    NOTHING,
    ORIGIN_REQUEST,
    SOME,
    Forwarding,
)
from generator.checks.reach.names import Names, text
from generator.model.delivery import Behaviour
from generator.model.walk import is_true
from generator.shipped import text as shipped

FUNCTION = "AWS::CloudFront::Function"
PAGES = "route_spa.js"
AUTHORIZATION = "authorization"


class RequestPath(NamedTuple):
    """What a behaviour changes in a request to an origin that is no bucket."""

    drops: tuple[str, ...] = ()
    kept: bool = False
    """Whether an answer to one viewer may be given to all others."""
    doubts: tuple[str, ...] = ()
    pages: str = ""
    """The function that makes pages of its paths."""

    def but(self) -> str:
        """What it changes, as the end of the text of a Reach."""
        without = f", without {' and '.join(self.drops)}" if self.drops else ""
        kept = ", answers may be kept for everybody" if self.kept else ""
        return without + kept + (", paths made pages" if self.pages else "")


def through(behaviour: Behaviour, names: Names) -> RequestPath:
    """What a behaviour forwards.

    An origin request policy cannot name Authorization, only forward all headers:
    https://repost.aws/knowledge-center/cloudfront-authorization-header
    """
    properties, doubts = behaviour.properties, list[str]()
    if "CachePolicyId" in properties:
        key = _policy(properties, "CachePolicyId", CACHE, names, doubts)
    else:
        key = _legacy(properties)
    sent = key | _policy(properties, "OriginRequestPolicyId", ORIGIN_REQUEST, names, doubts)
    drops = [] if sent.authorization else ["Authorization"]
    for what, much in (("cookies", sent.cookies), ("query strings", sent.queries)):
        drops += {NONE: [what], SOME: [f"some {what}"], ALL: []}[much]
    if properties.get("LambdaFunctionAssociations"):
        doubts.append(f"what Lambda@Edge makes of requests for {behaviour.pattern} is not known")
    name, ours = function(behaviour, names)
    if name and not ours:
        doubts.append(f"what {name} makes of requests is not known")
    # What is not known is not also said to be missing.
    return RequestPath(
        () if doubts else tuple(drops),
        key.keeps and not key.authorization,
        tuple(doubts),
        name if ours == PAGES else "",
    )


def _policy(
    properties: Mapping[str, Any],
    key: str,
    managed: Mapping[str, Forwarding],
    names: Names,
    doubts: list[str],
) -> Forwarding:
    if key not in properties:
        return NOTHING
    name = names.target(properties[key])
    if name in managed:
        return managed[name]
    kind = key.removesuffix("Id")
    policy = names.of_type(f"AWS::CloudFront::{kind}").get(name)
    if policy is None:
        doubts.append(f"what {kind} {name} forwards is neither in the templates nor known")
        return NOTHING
    config = policy.get(f"{kind}Config", {})
    parts = config.get("ParametersInCacheKeyAndForwardedToOrigin", config)
    headers = parts.get("HeadersConfig", {})
    listed = {text(header).lower() for header in headers.get("Headers", [])}
    return Forwarding(
        {
            "whitelist": AUTHORIZATION in listed,
            "allViewer": True,
            "allViewerAndWhitelistCloudFront": True,
            "allExcept": AUTHORIZATION not in listed,
        }.get(headers.get("HeaderBehavior", "none"), False),
        _much(parts.get("CookiesConfig", {}).get("CookieBehavior")),
        _much(parts.get("QueryStringsConfig", {}).get("QueryStringBehavior")),
        kind == "CachePolicy" and text(config.get("MaxTTL", 1)) != "0",
    )


def _legacy(properties: Mapping[str, Any]) -> Forwarding:
    """The settings from before there were policies."""
    values = properties.get("ForwardedValues", {})
    headers = {text(header).lower() for header in values.get("Headers", [])}
    queries = is_true(values.get("QueryString"))
    return Forwarding(
        bool(headers & {"*", AUTHORIZATION}),
        _much(values.get("Cookies", {}).get("Forward")),
        ALL if queries else NONE,
        text(properties.get("MaxTTL", 1)) != "0" and "*" not in headers,
    )


def _much(word: Any) -> int:
    return {"all": ALL, "whitelist": SOME, "allExcept": SOME}.get(word, NONE)


def function(behaviour: Behaviour, names: Names) -> tuple[str, str]:
    """The function that sees a viewer's request, and the file of ours that its code is; empty
    if there is none, or if it is none of ours."""
    for association in behaviour.properties.get("FunctionAssociations", []):
        if association.get("EventType") == "viewer-request":
            name = names.target(association.get("FunctionARN"))
            code = text(names.of_type(FUNCTION).get(name, {}).get("FunctionCode")).strip()
            scripts = (file.name for file in Path(functions.__path__[0]).glob("*.js"))
            fitting = (s for s in scripts if shipped("generator.functions", s).strip() == code)
            return name, next(fitting, "")
    return "", ""


def obstacles(
    behaviour: Behaviour, request_path: RequestPath, ends: tuple[str, str], whole: str
) -> Iterator[Fact]:
    """Why ``whole``, what the behaviour would do if nothing were in the way, is not reached."""
    pattern = behaviour.pattern
    reasons = [
        *(f"behaviour {pattern} drops {part}" for part in request_path.drops),
        *([f"behaviour {pattern} keeps answers, whoever asked"] if request_path.kept else []),
        *(
            f"behaviour {one}, listed before it, takes some of its paths"
            for one in behaviour.overlapped_by
        ),
        *([f"{request_path.pages} makes pages of its paths"] if request_path.pages else []),
    ]
    if reasons:
        yield NotReached(*ends, whole, tuple(reasons))
    for doubt in request_path.doubts:
        yield Unknown(pattern, f"behaviour {pattern}: {doubt}")
