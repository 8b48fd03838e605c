"""The arrows of the picture: from security group rules, origins, roles and attachments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.diagram.model import BROWSER, INTERNET, Arrow, Part, SubnetBox
from generator.checks.diagram.parts import groups_of, is_public
from generator.model import data, delivery
from generator.model.delivery import Origin
from generator.model.network import ports
from generator.model.network.addresses import EVERY
from generator.model.network.groups import Rule
from generator.model.policies import identity_policies, roles_in_use
from generator.model.references import mentioned
from generator.model.view import View
from generator.model.walk import text

Parts = Mapping[str, Part]


def arrows(view: View, parts: Parts, subnets: tuple[SubnetBox, ...]) -> Iterator[Arrow]:
    """Every arrow, one for each pair and kind: the texts of several are put together."""
    by_pair: dict[tuple[str, str, str], list[str]] = {}
    for arrow in _all(view, parts, subnets):
        texts = by_pair.setdefault((arrow.source, arrow.target, arrow.kind), [])
        if arrow.text and arrow.text not in texts:
            texts.append(arrow.text)
    for (source, target, kind), texts in by_pair.items():
        yield Arrow(source, target, kind, ", ".join(sorted(texts, key=_by_number)))


def _by_number(text: str) -> tuple[int, str]:
    first = text.partition("-")[0]
    return (int(first), text) if first.isdigit() else (0, text)


def _all(view: View, parts: Parts, subnets: tuple[SubnetBox, ...]) -> Iterator[Arrow]:
    groups = {one: groups_of(view, one) for one in parts}
    for part in parts.values():
        if part.kind == "cdn":
            yield from _origins(view, part, parts)
        yield from _inbound(view, part, groups)
        yield from _outbound(view, part, groups[part.id], parts, subnets)
        if part.kind == "group":
            yield from _role(view, part, parts)
    yield from _attachments(view, parts)


def _origins(view: View, cdn: Part, parts: Parts) -> Iterator[Arrow]:
    config = view.resources[cdn.id]["Properties"].get("DistributionConfig", {})
    default = config.get("DefaultCacheBehavior", {})
    scheme = "HTTP, HTTPS" if default.get("ViewerProtocolPolicy") == "allow-all" else "HTTPS"
    yield Arrow(BROWSER, cdn.id, "request", scheme)
    for key, origin in delivery.origins(config, view.references).items():
        paths = [
            text(behaviour.properties.get("PathPattern"))
            for behaviour in delivery.ordered(config)
            if key in delivery.members(text(behaviour.properties.get("TargetOriginId")), config)
        ]
        if target := _target(origin, parts):
            headers = [h["HeaderName"] for h in origin.properties.get("OriginCustomHeaders", [])]
            texts = [", ".join(paths), _how(origin), *headers]
            yield Arrow(cdn.id, target, "request", " · ".join(filter(None, texts)))


def _target(origin: Origin, parts: Parts) -> str:
    """The part behind an origin; empty if there is none."""
    if origin.target in parts:
        return origin.target
    # A host name of the operator's, for which no record is made here: of the only balancer.
    balancers = [part.id for part in parts.values() if part.kind == "balancer"]
    custom = origin.properties.get("CustomOriginConfig")
    return balancers[0] if custom and len(balancers) == 1 else ""


def _how(origin: Origin) -> str:
    """The protocol and port of requests to an origin."""
    if not origin.protocol:
        return "OAC" if origin.properties.get("OriginAccessControlId") else ""
    scheme = "HTTPS" if origin.protocol == "https-only" else "HTTP"
    return f"{scheme} {origin.ports[0]}{' · VPC origin' if origin.private else ''}"


def _inbound(view: View, part: Part, groups: Mapping[str, list[str]]) -> Iterator[Arrow]:
    """Arrows from everything that the security group rules of ``part`` allow to connect to it."""
    for group in groups[part.id]:
        for rule in _rules(view, group, out=False):
            if _is_anywhere(rule) and is_public(view, part):
                yield Arrow(INTERNET, part.id, "request", _ports(rule))
            for other, own in groups.items():
                if rule.kind == "group" and rule.peer in own:
                    yield Arrow(other, part.id, "request", _ports(rule))


def _outbound(
    view: View, part: Part, groups: list[str], parts: Parts, subnets: tuple[SubnetBox, ...]
) -> Iterator[Arrow]:
    """Arrows from ``part`` to the internet, where its security groups and routes allow it."""
    if part.kind == "gateway":
        yield Arrow(part.id, INTERNET, "out")
    gates = sorted({s.gate for s in subnets if s.id in part.subnets and s.gate in parts})
    if part.kind == "nat":
        yield from (Arrow(part.id, gate, "out") for gate in gates)
    for group in groups:
        for rule in _rules(view, group, out=True):
            if _is_anywhere(rule):
                yield from (Arrow(part.id, gate, "out", _ports(rule)) for gate in gates)


def _rules(view: View, group: str, *, out: bool) -> Iterator[Rule]:
    """Rules of a group in one direction."""
    return (rule for rule in view.network.rules.get(group, ()) if rule.out == out)


def _is_anywhere(rule: Rule) -> bool:
    return rule.range == EVERY or (rule.kind, rule.peer) == ("ipv6", "::/0")


def _ports(rule: Rule) -> str:
    """``*`` or ``443, 8000-8010``; protocols are not told apart."""
    if rule.ports == ports.EVERYTHING:
        return "*"
    words = (words.partition(" ")[2] or words for words, _ in ports.runs(rule.ports))
    return ", ".join(dict.fromkeys(words))


def _role(view: View, group: Part, parts: Parts) -> Iterator[Arrow]:
    """What the role of a group's instances lets them read."""
    own, _ = identity_policies(view.references)
    for role, who in roles_in_use(view.references).items():
        for statement in own.get(role, []) if group.id in who else ():
            for resource in statement.resources:
                target = parts.get(view.references.owner(resource))
                if not statement.allows or target is None:
                    continue
                if target.kind == "registry":
                    yield Arrow(group.id, target.id, "pull")
                elif target.kind in ("bucket", "secret"):
                    yield Arrow(group.id, target.id, "read", _what(view, target, resource))


def _what(view: View, target: Part, resource: Any) -> str:
    """The object in a bucket, or the key of a generated secret."""
    if target.kind == "secret":
        generated = view.resources[target.id].get("Properties", {}).get("GenerateSecretString", {})
        return str(generated.get("GenerateStringKey", ""))
    return view.references.resource(resource).partition("/")[2]


def _attachments(view: View, parts: Parts) -> Iterator[Arrow]:
    """What a database writes into its secret, and where its backups go."""
    for secret, database in data.attachments(view.references).values():
        if database in parts and secret in parts:
            yield Arrow(database, secret, "attach")
    for plan, properties in view.of_type("AWS::Backup::BackupPlan").items():
        sources = data.backed_up(view.references, plan)
        for vault in mentioned(properties):
            if vault in parts and parts[vault].kind == "vault":
                yield from (Arrow(one, vault, "backup") for one in sources if one in parts)
