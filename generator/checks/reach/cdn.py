"""What viewers reach through a distribution, and which origins it reaches itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from generator.checks.reach import behaviours
from generator.checks.reach.behaviours import RequestPath
from generator.checks.reach.facts import Facts, Link, NotReached, Reach, Unknown
from generator.checks.reach.listeners import ListenerAction, listener_actions, serves
from generator.checks.reach.names import Names, text
from generator.checks.reach.network import inbound
from generator.checks.reach.storage import CDN
from generator.model import delivery
from generator.model.delivery import Behaviour, Origin
from generator.model.iam import Statement, covers
from generator.model.network import Network, ports
from generator.model.network.components import Component
from generator.model.walk import is_true

READING = {"GET", "HEAD", "OPTIONS"}
DISTRIBUTION, BUCKET = "AWS::CloudFront::Distribution", "AWS::S3::Bucket"


def facts(
    names: Names, network: Network, components: list[Component], own: Mapping[str, list[Statement]]
) -> Facts:
    """The origins that each distribution reaches, and the paths that it serves to viewers."""
    listening = list(listener_actions(names))
    for name, properties in names.of_type(DISTRIBUTION).items():
        config = properties.get("DistributionConfig", {})
        if not is_true(config.get("Enabled", True)):
            continue
        if "WebACLId" in config:
            yield Reach("web ACL", names.called(name), "filters", (text(config["WebACLId"]),))
        origins = delivery.origins(config, names)
        served: dict[str, bool] = {}
        reached: dict[str, Link] = {}
        for key, origin in origins.items():
            link = _link(name, origin, names, network, components)
            served[key] = _served(name, origin, link, names, own, listening)
            if link:
                before = reached.setdefault(link.target, link)
                reached[link.target] = link._replace(
                    may=before.may | link.may, must=before.must | link.must
                )
        yield from reached.values()
        for behaviour in delivery.ordered(config):
            for key in delivery.members(text(behaviour.properties.get("TargetOriginId")), config):
                if key in origins:
                    yield from _shown(name, behaviour, origins[key], served[key], names)


def _link(
    name: str, origin: Origin, names: Names, network: Network, components: list[Component]
) -> Link | None:
    """The ports open from the distribution to a balancer; None for another origin."""
    called = names.called(name), names.called(origin.target)
    target = next((s for s in components if s.logical == origin.target), None)
    if target is None:
        return None
    origin_ports = reduce(int.__or__, (ports.some("tcp", port, port) for port in origin.ports))
    lists = tuple(cdn_lists(names))
    if not origin.private:
        link = inbound(network, target, called, on=lists)
        return link._replace(may=link.may & origin_ports, must=link.must & origin_ports)
    # Its interfaces are the network's own, so that neither route nor public address counts.
    let = [
        (rule.name, rule.ports & origin_ports)
        for group in target.groups
        for rule in network.rules.get(group, ())
        if not rule.out and rule.kind == "list" and rule.peer in lists
    ]
    may = reduce(int.__or__, (part for _, part in let), 0)
    closed = f"no rule of {' and '.join(target.groups)} lets CloudFront in"
    return Link(*called, may, may, tuple(let), ((closed, may),))


def cdn_lists(names: Names) -> list[str]:
    """The prefix list of CloudFront's addresses, as the operator gave it."""
    properties = names.values.get("CloudFrontPrefixListId")
    return [properties] if properties else []


def _served(
    name: str,
    origin: Origin,
    link: Link | None,
    names: Names,
    own: Mapping[str, list[Statement]],
    listening: list[ListenerAction],
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
    pattern, properties = behaviour.pattern, behaviour.properties
    methods = set(map(text, properties.get("AllowedMethods", ["GET", "HEAD"])))
    how = "reading" if methods <= READING else "any method"
    why = (names.called(name), f"behaviour {pattern}")
    ends = "viewer", names.called(origin.target)
    closed = "" if served else ", but the origin refuses"
    where = f" at {origin.path}" if origin.path else ""
    schemes = ["https"]
    if properties.get("ViewerProtocolPolicy") not in ("https-only", "redirect-to-https"):
        schemes.append("http")
    bucket = origin.target in names.of_type(BUCKET)
    # Buckets look at nothing of what viewers send but the path.
    request_path = RequestPath() if bucket else behaviours.through(behaviour, names)
    for scheme in schemes:
        whole = f"{scheme} {pattern}{where}, {how}{closed}"
        if behaviour.shadowed_by:
            shadowed_by = (
                f"behaviour {behaviour.shadowed_by}, listed before it, takes all its paths"
            )
            yield NotReached(*ends, whole, (shadowed_by,))
            continue
        yield from behaviours.obstacles(behaviour, request_path, ends, whole)
        but = f", but not {', '.join(behaviour.overlapped_by)}" if behaviour.overlapped_by else ""
        yield Reach(*ends, f"{whole}{request_path.but()}{but}", why)
    if bucket and not behaviour.shadowed_by:
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
