"""What a viewer gets through a distribution, and how the distribution gets it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, NamedTuple

from generator.checks.reach import behaviours
from generator.checks.reach.behaviours import Behaviour, Way
from generator.checks.reach.facts import Facts, Link, NotReached, Reach, Unknown
from generator.checks.reach.gates import Net
from generator.checks.reach.listeners import Serving, serves, servings
from generator.checks.reach.names import Names, text
from generator.checks.reach.network import inward
from generator.checks.reach.storage import CDN
from generator.model.iam import Statement, covers
from generator.model.network import ports
from generator.model.network.stations import Station
from generator.model.walk import is_true

READING = {"GET", "HEAD", "OPTIONS"}
DISTRIBUTION, BUCKET = "AWS::CloudFront::Distribution", "AWS::S3::Bucket"
PORTS = {"http-only": ("HTTPPort",), "https-only": ("HTTPSPort",)}
USUAL = {"HTTPPort": 80, "HTTPSPort": 443}


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


def facts(
    names: Names, net: Net, stations: list[Station], own: Mapping[str, list[Statement]]
) -> Facts:
    """What each distribution reaches and what it shows to viewers."""
    listening = list(servings(names))
    for name, given in names.of_type(DISTRIBUTION).items():
        config = given.get("DistributionConfig", {})
        if not is_true(config.get("Enabled", True)):
            continue
        if "WebACLId" in config:
            yield Reach("web ACL", names.called(name), "filters", (text(config["WebACLId"]),))
        origins = {text(o.get("Id")): _origin(o, names) for o in config.get("Origins", [])}
        served: dict[str, bool] = {}
        reached: dict[str, Link] = {}
        for key, origin in origins.items():
            link = _link(name, origin, names, net, stations)
            served[key] = _served(name, origin, link, names, own, listening)
            if link:
                before = reached.setdefault(link.target, link)
                reached[link.target] = link._replace(
                    may=before.may | link.may, must=before.must | link.must
                )
        yield from reached.values()
        for behaviour in behaviours.ordered(config):
            for key in _members(text(behaviour.given.get("TargetOriginId")), config):
                if key in origins:
                    yield from _shown(name, behaviour, origins[key], served[key], names)


def _members(wanted: str, config: Mapping[str, Any]) -> list[str]:
    """An origin, or those of an origin group."""
    for group in config.get("OriginGroups", {}).get("Items", []):
        if group.get("Id") == wanted:
            return [text(member.get("OriginId")) for member in group["Members"]["Items"]]
    return [wanted]


def _origin(given: Mapping[str, Any], names: Names) -> Origin:
    custom = given.get("CustomOriginConfig", {})
    private = "VpcOriginConfig" in given
    access = names.target(given.get("OriginAccessControlId"))
    control = names.of_type("AWS::CloudFront::OriginAccessControl").get(access, {})
    signing = control.get("OriginAccessControlConfig", {}).get("SigningBehavior")
    target = _host(given.get("DomainName"), names)
    if private:
        vpc_origin = names.target(given["VpcOriginConfig"].get("VpcOriginId"))
        custom = names.of_type("AWS::CloudFront::VpcOrigin").get(vpc_origin, {})
        custom = custom.get("VpcOriginEndpointConfig", {})
        target = names.target(custom.get("Arn"))
    asked = PORTS.get(custom.get("OriginProtocolPolicy", ""), tuple(USUAL))
    headers = {
        text(header.get("HeaderName")).lower(): text(header.get("HeaderValue"))
        for header in given.get("OriginCustomHeaders", [])
    }
    numbers = tuple(int(text(custom.get(key, USUAL[key]))) for key in asked)
    path = text(given.get("OriginPath", ""))
    return Origin(target, signing == "always", private, numbers, headers, path)


def _host(domain: Any, names: Names) -> str:
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


def _link(
    name: str, origin: Origin, names: Names, net: Net, stations: list[Station]
) -> Link | None:
    """What the distribution sends to a balancer and is let in with; None for another origin."""
    called = names.called(name), names.called(origin.target)
    target = next((s for s in stations if s.logical == origin.target), None)
    if target is None:
        return None
    wanted = reduce(int.__or__, (ports.some("tcp", port, port) for port in origin.ports))
    lists = tuple(cdn_lists(names))
    if not origin.private:
        link = inward(net, target, called, on=lists)
        return link._replace(may=link.may & wanted, must=link.must & wanted)
    # Its interfaces are the network's own, so that neither route nor public address counts.
    let = [
        (rule.name, rule.ports & wanted)
        for group in target.groups
        for rule in net.rules.get(group, ())
        if not rule.out and rule.kind == "list" and rule.peer in lists
    ]
    may = reduce(int.__or__, (part for _, part in let), 0)
    closed = f"no rule of {' and '.join(target.groups)} lets CloudFront in"
    return Link(*called, may, may, tuple(let), ((closed, may),))


def cdn_lists(names: Names) -> list[str]:
    """The prefix list of CloudFront's addresses, as the operator gave it."""
    given = names.values.get("CloudFrontPrefixListId")
    return [given] if given else []


def _served(
    name: str,
    origin: Origin,
    link: Link | None,
    names: Names,
    own: Mapping[str, list[Statement]],
    listening: list[Serving],
) -> bool:
    """Whether the origin answers this distribution."""
    if origin.target in names.of_type(BUCKET):
        bucket = own.get(origin.target, [])
        let = any(_lets_read(statement, name, names) for statement in bucket)
        return let and (origin.signed or _is_open(bucket)) and not _refused(origin.target, bucket)
    return link is not None and any(
        link.may & ports.some("tcp", port, port)
        and serves(listening, origin.target, port, origin.headers)
        for port in origin.ports
    )


def _lets_read(statement: Statement, name: str, names: Names) -> bool:
    if not statement.allows or not any(
        action.lower() in ("s3:getobject", "s3:get*", "s3:*", "*") for action in statement.actions
    ):
        return False
    if ("*", "*") in statement.principals:
        return True
    sources = [v for _, key, v in statement.conditions if key.lower() == "aws:sourcearn"]
    here = all(names.called(name) in values or any("*" in v for v in values) for values in sources)
    return ("Service", CDN) in statement.principals and here


def _refused(bucket: str, own: list[Statement]) -> bool:
    """Whether the bucket refuses everybody, under whatever condition but that of missing TLS."""
    objects = (f"${{{bucket}.Arn}}/*", f"arn:aws:s3:::${{{bucket}}}/*")
    return any(
        covers(statement, "s3:GetObject", objects)
        for statement in own
        if not statement.allows
        and ("*", "*") in statement.principals
        and not statement.without_tls()
    )


def _is_open(own: list[Statement]) -> bool:
    return any(s.allows and ("*", "*") in s.principals for s in own)


def _shown(name: str, behaviour: Behaviour, origin: Origin, served: bool, names: Names) -> Facts:
    pattern, given = behaviour.pattern, behaviour.given
    methods = set(map(text, given.get("AllowedMethods", ["GET", "HEAD"])))
    how = "reading" if methods <= READING else "any method"
    why = (names.called(name), f"behaviour {pattern}")
    ends = "viewer", names.called(origin.target)
    closed = "" if served else ", but the origin refuses"
    where = f" at {origin.path}" if origin.path else ""
    schemes = ["https"]
    if given.get("ViewerProtocolPolicy") not in ("https-only", "redirect-to-https"):
        schemes.append("http")
    bucket = origin.target in names.of_type(BUCKET)
    # Buckets look at nothing of what viewers send but the path.
    way = Way() if bucket else behaviours.through(behaviour, names)
    for scheme in schemes:
        whole = f"{scheme} {pattern}{where}, {how}{closed}"
        if behaviour.taken:
            taken = f"behaviour {behaviour.taken}, listed before it, takes all its paths"
            yield NotReached(*ends, whole, (taken,))
            continue
        yield from behaviours.obstacles(behaviour, way, ends, whole)
        but = f", but not {', '.join(behaviour.partly)}" if behaviour.partly else ""
        yield Reach(*ends, f"{whole}{way.but()}{but}", why)
    if bucket and not behaviour.taken:
        yield from _hidden(names.called(name), behaviour, origin, names)


def _hidden(through: str, behaviour: Behaviour, origin: Origin, names: Names) -> Facts:
    """Whether hidden files such as .env, uploaded by mistake, are shown."""
    function, ours = behaviours.function(behaviour, names)
    if ours == behaviours.PAGES:
        return
    if function:
        yield Unknown(
            through, f"whether {function} hides .env from viewers cannot be read from its code"
        )
        return
    why = (through, f"behaviour {behaviour.pattern} has no function that hides them")
    yield Reach("viewer", names.called(origin.target), "hidden files such as .env", why)
