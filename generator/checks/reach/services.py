"""Whether components inside a network get as far as the services that policies let them use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.checks.reach.facts import Fact, Link, Reach, Unknown
from generator.checks.reach.names import Names, text
from generator.checks.reach.network import OUTSIDE
from generator.model.iam import Statement, like, statements
from generator.model.network import Network, ports
from generator.model.network.addresses import INTERNET
from generator.model.network.components import Component
from generator.model.network.groups import Rule

ENDPOINT = "AWS::EC2::VPCEndpoint"
HTTPS = ports.some("tcp", 443, 443)
NO_CALL = ("sts:", "policy ", "access key", "never ")
"""What is no call that the component itself makes."""
LAYERS = "arn:aws:s3:::prod-REGION-starport-layer-bucket/*"
"""Where the registry keeps layers; whoever pulls an image reads them from there."""
PULL = "ecr:GetDownloadUrlForLayer"


def blocked(
    facts: Iterable[Fact],
    links: Iterable[Link],
    components: Iterable[Component],
    network: Network,
    names: Names,
) -> Iterator[Fact]:
    """``facts``, with ``blocked`` set where the network keeps a call from its service."""
    inside: dict[str, list[Component]] = {}
    for component in components:
        inside.setdefault(names.called(component.logical), []).append(component)
    by_pair: dict[tuple[str, str], Link] = {(link.source, link.target): link for link in links}
    for fact in facts:
        if not isinstance(fact, Reach) or fact.what.startswith(NO_CALL):
            yield fact
            continue
        doubts: list[Unknown] = []
        why = tuple(
            reason
            for component in inside.get(fact.source, ())
            for reason in _in_the_way(fact, component, by_pair, network, names, doubts)
        )
        yield from doubts
        yield fact._replace(blocked=tuple(dict.fromkeys(why)))


def _in_the_way(
    fact: Reach,
    component: Component,
    links: Mapping[tuple[str, str], Link],
    network: Network,
    names: Names,
    doubts: list[Unknown],
) -> Iterator[str]:
    service = fact.what.partition(":")[0]
    needed = [(service, fact.what.partition(" if ")[0], fact.target)]
    if fact.what == PULL:
        needed.append(("s3", "s3:GetObject", LAYERS))
    for name, call, resource in needed:
        gateway = _gateway(name, component, network, names)
        if gateway:
            yield from _refused(gateway, call, resource, names)
            yield from _unsent(component, network)
        elif not _interface(name, component, links, names):
            link = links.get((fact.source, OUTSIDE))
            if link and HTTPS & ~link.must:
                yield from link.why_not(HTTPS)


def _service(endpoint: Mapping[str, object]) -> str:
    """``ecr`` of ``com.amazonaws.us-east-1.ecr.dkr``."""
    return (
        text(endpoint.get("ServiceName")).partition("amazonaws.")[2].split(".", 1)[-1].split(".")[0]
    )


def _gateway(service: str, component: Component, network: Network, names: Names) -> str | None:
    """The gateway endpoint that every subnet of the component has a route to."""
    tables = {network.topology.tables.get(subnet, "") for subnet in component.subnets}
    for table in tables:
        for name in network.topology.endpoints.get(table, ()):
            properties = names.of_type(ENDPOINT)[name]
            if _service(properties) == service and tables <= {
                *names.targets(properties["RouteTableIds"])
            }:
                return name
    return None


def _unsent(component: Component, network: Network) -> Iterator[str]:
    rules = [r for group in component.groups for r in network.rules.get(group, ()) if r.out]
    if not any(rule.ports & HTTPS and _leaves(rule) for rule in rules):
        yield f"no rule of {' and '.join(component.groups)} lets it out"


def _leaves(rule: Rule) -> bool:
    """Whether a rule speaks of addresses of AWS's services."""
    if rule.range is None:
        return rule.kind == "list"
    return any(block.overlaps(rule.range) for block in INTERNET)


def _interface(
    service: str, component: Component, links: Mapping[tuple[str, str], Link], names: Names
) -> bool:
    called = names.called(component.logical)
    return any(
        _service(properties) == service
        and (link := links.get((called, names.called(name)))) is not None
        and not HTTPS & ~link.must
        for name, properties in names.of_type(ENDPOINT).items()
    )


def _refused(endpoint: str, call: str, resource: str, names: Names) -> Iterator[str]:
    document = names.of_type(ENDPOINT)[endpoint].get("PolicyDocument")
    if document is None:
        return
    own = statements(f"{endpoint}.PolicyDocument", document, names.resource)
    fitting = [s for s in own if _speaks(s, call, resource, names)]
    if not any(s.allows for s in fitting) or any(not s.allows for s in fitting):
        yield f"the policy of {endpoint} does not let {call} on {resource} pass"


def _speaks(statement: Statement, call: str, resource: str, names: Names) -> bool:
    acted = any(like(action.lower(), call.lower()) for action in statement.actions)
    there = any(like(names.resource(node), resource) for node in statement.resources)
    return acted != statement.not_actions and there != statement.not_resources
