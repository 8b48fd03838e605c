"""What a balancer does with the requests that reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from generator.checks.reach.facts import Facts, Reach
from generator.checks.reach.instances import RESOLVED
from generator.checks.reach.names import Names, text

LISTENER, RULE = (
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
)
TARGETS, USUAL = "AWS::ElasticLoadBalancingV2::TargetGroup", "traffic-port"
WEB_ACL = "AWS::WAFv2::WebACLAssociation"
ALWAYS = "every request"


class Serving(NamedTuple):
    """One thing that one listener does."""

    name: str
    balancer: str
    port: str
    protocol: str
    conditions: tuple[Mapping[str, Any], ...]
    action: Mapping[str, Any]


def servings(names: Names) -> Iterator[Serving]:
    """Everything that listeners do, rules before what is done by default."""
    rules = names.of_type(RULE)
    for name, given in names.of_type(LISTENER).items():
        balancer, port = names.target(given.get("LoadBalancerArn")), text(given.get("Port"))
        protocol = text(given.get("Protocol", "HTTP"))
        for rule, own in rules.items():
            if names.target(own.get("ListenerArn")) == name:
                conditions = tuple(own.get("Conditions", []))
                for action in own.get("Actions", []):
                    yield Serving(rule, balancer, port, protocol, conditions, action)
        for action in given.get("DefaultActions", []):
            yield Serving(name, balancer, port, protocol, (), action)


def facts(names: Names) -> Facts:
    """Which requests a balancer hands on, to whom and to which port, and what sifts them first."""
    for name, given in names.of_type(WEB_ACL).items():
        balancer = names.called(names.target(given.get("ResourceArn")))
        yield Reach("web ACL", balancer, "filters", (name,))
    for serving in servings(names):
        source = f"{names.called(serving.balancer)}:{serving.port}"
        said = " and ".join(map(_condition, serving.conditions)) or ALWAYS
        said = f"{said}, {serving.protocol}"
        kind = serving.action.get("Type")
        if kind == "redirect":
            to = serving.action.get("RedirectConfig", {})
            target = f"{to.get('Protocol', '#{protocol}')}:{to.get('Port', '#{port}')}".lower()
            yield Reach(source, f"redirect to {target}", said, (serving.name,))
        elif kind != "fixed-response":
            for target in _targets(serving.action, names):
                yield Reach(source, target, said, (serving.name,))
    for name, given in names.of_type(TARGETS).items():
        port = text(given.get("HealthCheckPort", USUAL))
        if port not in (USUAL, text(given.get("Port"))):
            yield Reach("balancer", f"{name}:{port}", "health checks", (name,))


def _targets(action: Mapping[str, Any], names: Names) -> Iterator[str]:
    forward = action.get("ForwardConfig", {}).get("TargetGroups", [])
    asked = [action.get("TargetGroupArn"), *(each.get("TargetGroupArn") for each in forward)]
    groups = dict.fromkeys(names.target(one) for one in asked if one is not None)
    for group in groups:
        given = names.of_type(TARGETS).get(group, {})
        port = text(given.get("Port", "?"))
        registered = [
            names.called(name)
            for name, own in names.of_type("AWS::AutoScaling::AutoScalingGroup").items()
            if group in names.targets(own.get("TargetGroupARNs"))
        ]
        for target in given.get("Targets", []):
            registered.append(names.called(names.target(target.get("Id"))))
        for who in registered or ["nobody"]:
            yield f"{who}:{port}"
    if not groups:
        yield f"{action.get('Type')}"


def _condition(given: Mapping[str, Any]) -> str:
    field = given.get("Field")
    if field == "http-header":
        config = given.get("HttpHeaderConfig", {})
        values = list(map(text, config.get("Values", [])))
        secret = bool(values) and all(RESOLVED in value and "*" not in value for value in values)
        known = "with the secret header" if secret else "with a header that anybody can send,"
        return f"requests {known} {config.get('HttpHeaderName')}"
    return f"requests by {field} {given.get('Values', given)}"


def serves(found: list[Serving], balancer: str, port: int, headers: Mapping[str, str]) -> bool:
    """Whether somebody who sends ``headers`` to a port of a balancer gets to a target."""
    for serving in found:
        if (serving.balancer, serving.port) == (balancer, str(port)) and all(
            _met(condition, headers) for condition in serving.conditions
        ):
            return serving.action.get("Type") == "forward"
    return False


def _met(condition: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    config = condition.get("HttpHeaderConfig", {})
    sent = headers.get(text(config.get("HttpHeaderName")).lower())
    return sent is not None and sent in map(text, config.get("Values", []))
