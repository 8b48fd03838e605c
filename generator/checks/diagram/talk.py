"""Who turns to whom, and on which ports: from group rules, origins, roles and attachments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.diagram.model import BROWSER, INTERNET, Arrow, Part, Subnet, name, names
from generator.checks.diagram.network import EVERYWHERE
from generator.checks.diagram.parts import groups_of, is_public, launch_data
from generator.model.view import View
from generator.model.walk import json_of

Parts = Mapping[str, Part]


def arrows(view: View, parts: Parts, subnets: tuple[Subnet, ...]) -> Iterator[Arrow]:
    """Every arrow, one for each pair and kind: the texts of several are put together."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for arrow in _all(view, parts, subnets):
        texts = found.setdefault((arrow.source, arrow.target, arrow.kind), [])
        if arrow.text and arrow.text not in texts:
            texts.append(arrow.text)
    for (source, target, kind), texts in found.items():
        yield Arrow(source, target, kind, ", ".join(sorted(texts, key=_by_number)))


def _by_number(text: str) -> tuple[int, str]:
    first = text.partition("-")[0]
    return (int(first), text) if first.isdigit() else (0, text)


def _all(view: View, parts: Parts, subnets: tuple[Subnet, ...]) -> Iterator[Arrow]:
    groups = {one: groups_of(view, view.resources[one].get("Properties", {})) for one in parts}
    for part in parts.values():
        if part.kind == "cdn":
            yield from _origins(view, part, parts)
        yield from _inward(view, part, groups)
        yield from _outward(view, part, groups[part.id], parts, subnets)
        if part.kind == "group":
            yield from _role(view, part, parts)
    yield from _attachments(view, parts)


def _origins(view: View, cdn: Part, parts: Parts) -> Iterator[Arrow]:
    config = view.resources[cdn.id]["Properties"].get("DistributionConfig", {})
    default = config.get("DefaultCacheBehavior", {})
    scheme = "HTTP, HTTPS" if default.get("ViewerProtocolPolicy") == "allow-all" else "HTTPS"
    yield Arrow(BROWSER, cdn.id, "request", scheme)
    for origin in config.get("Origins", []):
        paths = [
            behaviour["PathPattern"]
            for behaviour in config.get("CacheBehaviors", [])
            if behaviour.get("TargetOriginId") == origin.get("Id")
        ]
        if default.get("TargetOriginId") == origin.get("Id"):
            paths.append("*")
        target, how = _origin(view, origin, parts)
        if target:
            headers = [h["HeaderName"] for h in origin.get("OriginCustomHeaders", [])]
            said = [", ".join(paths), how, *headers]
            yield Arrow(cdn.id, target, "request", " · ".join(filter(None, said)))


def _origin(view: View, origin: dict[str, Any], parts: Parts) -> tuple[str, str]:
    """The part behind an origin, and by which protocol it is asked."""
    if link := name(origin.get("VpcOriginConfig")):
        config = view.resources[link]["Properties"].get("VpcOriginEndpointConfig", {})
        return name(config.get("Arn")), f"{_protocol(config)} · VPC origin"
    domain = origin.get("DomainName")
    custom = origin.get("CustomOriginConfig")
    target = name(domain)
    if target in parts:
        signed = "OAC" if origin.get("OriginAccessControlId") else ""
        return target, _protocol(custom) if custom else signed
    # A host name of the operator's: of the record that is made for it, or of the only balancer.
    records = view.of_type("AWS::Route53::RecordSet").values()
    aliases = [name(r.get("AliasTarget")) for r in records if r.get("Name") == domain]
    balancers = [part.id for part in parts.values() if part.kind == "balancer"]
    meant = aliases or (balancers if len(balancers) == 1 else [])
    return (meant[0] if custom and meant else ""), _protocol(custom or {})


def _protocol(config: Mapping[str, Any]) -> str:
    if config.get("OriginProtocolPolicy") == "https-only":
        return f"HTTPS {config.get('HTTPSPort', 443)}"
    return f"HTTP {config.get('HTTPPort', 80)}"


def _inward(view: View, part: Part, groups: Mapping[str, list[str]]) -> Iterator[Arrow]:
    """Who may open a connection to it, as the rules of its groups say."""
    for group in groups[part.id]:
        for rule in _rules(view, group, "Ingress"):
            anywhere = rule.get("CidrIp", rule.get("CidrIpv6")) in EVERYWHERE
            if anywhere and is_public(view, part):
                yield Arrow(INTERNET, part.id, "request", _ports(rule))
            sender = name(rule.get("SourceSecurityGroupId"))
            for other, own in groups.items():
                if sender in own:
                    yield Arrow(other, part.id, "request", _ports(rule))


def _outward(
    view: View, part: Part, groups: list[str], parts: Parts, subnets: tuple[Subnet, ...]
) -> Iterator[Arrow]:
    """How it reaches the internet, if its groups and routes let it."""
    if part.kind == "gateway":
        yield Arrow(part.id, INTERNET, "out")
    gates = sorted({s.gate for s in subnets if s.id in part.subnets and s.gate in parts})
    if part.kind == "nat":
        yield from (Arrow(part.id, gate, "out") for gate in gates)
    for group in groups:
        for rule in _rules(view, group, "Egress"):
            if rule.get("CidrIp", rule.get("CidrIpv6")) in EVERYWHERE:
                yield from (Arrow(part.id, gate, "out", _ports(rule)) for gate in gates)


def _rules(view: View, group: str, direction: str) -> Iterator[dict[str, Any]]:
    """Rules of a group, those inside it and those that are resources of their own."""
    yield from view.resources[group].get("Properties", {}).get(f"SecurityGroup{direction}", [])
    for rule in view.of_type(f"AWS::EC2::SecurityGroup{direction}").values():
        if name(rule.get("GroupId")) == group:
            yield rule


def _ports(rule: Mapping[str, Any]) -> str:
    if str(rule.get("IpProtocol")) == "-1":
        return "*"
    first, last = rule.get("FromPort", "*"), rule.get("ToPort", "*")
    return str(first) if str(first) == str(last) else f"{first}-{last}"


def _role(view: View, group: Part, parts: Parts) -> Iterator[Arrow]:
    """What the role of a group's instances lets them read."""
    data = launch_data(view, view.resources[group.id]["Properties"])
    profile = view.resources.get(name(data.get("IamInstanceProfile")), {}).get("Properties", {})
    for statement in _statements(view, set(names(profile.get("Roles")))):
        for resource in _listed(statement.get("Resource", [])):
            target = parts.get(name(resource))
            if statement.get("Effect") != "Allow" or target is None:
                continue
            if target.kind == "registry":
                yield Arrow(group.id, target.id, "pull")
            elif target.kind in ("bucket", "secret"):
                yield Arrow(group.id, target.id, "read", _what(view, target, resource))


def _statements(view: View, roles: set[str]) -> Iterator[dict[str, Any]]:
    """Statements of every policy that these roles have."""
    documents = [
        policy["PolicyDocument"]
        for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
        for policy in view.of_type(kind).values()
        if roles & set(names(policy.get("Roles")))
    ]
    for role in sorted(roles & view.resources.keys()):
        inline = view.resources[role].get("Properties", {}).get("Policies", [])
        documents += [policy["PolicyDocument"] for policy in inline]
    for document in documents:
        read = document if isinstance(document, dict) else json_of(document)
        if isinstance(read, dict):
            yield from _listed(read.get("Statement", []))


def _what(view: View, target: Part, resource: Any) -> str:
    """The object in a bucket, or the key of a generated secret."""
    if target.kind == "secret":
        generated = view.resources[target.id].get("Properties", {}).get("GenerateSecretString", {})
        return str(generated.get("GenerateStringKey", ""))
    parts = resource.get("Fn::Join", ["", []])[1] if isinstance(resource, dict) else []
    last = parts[-1] if parts else ""
    return last.lstrip("/") if isinstance(last, str) else "*"


def _attachments(view: View, parts: Parts) -> Iterator[Arrow]:
    """What a database writes into its secret, and where its backups go."""
    for attached in view.of_type("AWS::SecretsManager::SecretTargetAttachment").values():
        database, secret = name(attached.get("TargetId")), name(attached.get("SecretId"))
        if database in parts and secret in parts:
            yield Arrow(database, secret, "attach")
    plans = view.of_type("AWS::Backup::BackupPlan")
    for chosen in view.of_type("AWS::Backup::BackupSelection").values():
        vaults = names(plans.get(name(chosen.get("BackupPlanId"))))
        sources = names(chosen.get("BackupSelection", {}).get("Resources"))
        for vault in vaults:
            if vault in parts and parts[vault].kind == "vault":
                yield from (Arrow(one, vault, "backup") for one in sources if one in parts)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
