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


class ListenerAction(NamedTuple):
    """One action of a listener, with the conditions under which it applies."""

    name: str
    balancer: str
    port: str
    protocol: str
    conditions: tuple[Mapping[str, Any], ...]
    action: Mapping[str, Any]


def listener_actions(names: Names) -> Iterator[ListenerAction]:
    """The actions of every listener: those of its rules, then the default ones."""
    rules = names.of_type(RULE)
    for name, properties in names.of_type(LISTENER).items():
        balancer, port = (
            names.target(properties.get("LoadBalancerArn")),
            text(properties.get("Port")),
        )
        protocol = text(properties.get("Protocol", "HTTP"))
        for rule, own in rules.items():
            if names.target(own.get("ListenerArn")) == name:
                conditions = tuple(own.get("Conditions", []))
                for action in own.get("Actions", []):
                    yield ListenerAction(rule, balancer, port, protocol, conditions, action)
        for action in properties.get("DefaultActions", []):
            yield ListenerAction(name, balancer, port, protocol, (), action)


def facts(names: Names) -> Facts:
    """Which requests a balancer hands on, to whom and to which port, and what sifts them first."""
    for name, properties in names.of_type(WEB_ACL).items():
        balancer = names.called(names.target(properties.get("ResourceArn")))
        yield Reach("web ACL", balancer, "filters", (name,))
    for listener_action in listener_actions(names):
        source = f"{names.called(listener_action.balancer)}:{listener_action.port}"
        condition = " and ".join(map(_condition, listener_action.conditions)) or ALWAYS
        condition = f"{condition}, {listener_action.protocol}"
        kind = listener_action.action.get("Type")
        if kind == "redirect":
            to = listener_action.action.get("RedirectConfig", {})
            target = f"{to.get('Protocol', '#{protocol}')}:{to.get('Port', '#{port}')}".lower()
            yield Reach(source, f"redirect to {target}", condition, (listener_action.name,))
        elif kind != "fixed-response":
            for target in _targets(listener_action.action, names):
                yield Reach(source, target, condition, (listener_action.name,))
    for name, properties in names.of_type(TARGETS).items():
        port = text(properties.get("HealthCheckPort", USUAL))
        if port not in (USUAL, text(properties.get("Port"))):
            yield Reach("balancer", f"{name}:{port}", "health checks", (name,))


def _targets(action: Mapping[str, Any], names: Names) -> Iterator[str]:
    forward = action.get("ForwardConfig", {}).get("TargetGroups", [])
    asked = [action.get("TargetGroupArn"), *(each.get("TargetGroupArn") for each in forward)]
    groups = dict.fromkeys(names.target(one) for one in asked if one is not None)
    for group in groups:
        properties = names.of_type(TARGETS).get(group, {})
        port = text(properties.get("Port", "?"))
        registered = [
            names.called(name)
            for name, own in names.of_type("AWS::AutoScaling::AutoScalingGroup").items()
            if group in names.targets(own.get("TargetGroupARNs"))
        ]
        for target in properties.get("Targets", []):
            registered.append(names.called(names.target(target.get("Id"))))
        for who in registered or ["nobody"]:
            yield f"{who}:{port}"
    if not groups:
        yield f"{action.get('Type')}"


def _condition(condition: Mapping[str, Any]) -> str:
    field = condition.get("Field")
    if field == "http-header":
        config = condition.get("HttpHeaderConfig", {})
        values = list(map(text, config.get("Values", [])))
        secret = bool(values) and all(RESOLVED in value and "*" not in value for value in values)
        known = "with the secret header" if secret else "with a header that anybody can send,"
        return f"requests {known} {config.get('HttpHeaderName')}"
    return f"requests by {field} {condition.get('Values', condition)}"


def serves(
    actions: list[ListenerAction], balancer: str, port: int, headers: Mapping[str, str]
) -> bool:
    """Whether somebody who sends ``headers`` to a port of a balancer gets to a target."""
    for listener_action in actions:
        if (listener_action.balancer, listener_action.port) == (balancer, str(port)) and all(
            _met(condition, headers) for condition in listener_action.conditions
        ):
            return listener_action.action.get("Type") == "forward"
    return False


def _met(condition: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    config = condition.get("HttpHeaderConfig", {})
    sent = headers.get(text(config.get("HttpHeaderName")).lower())
    return sent is not None and sent in map(text, config.get("Values", []))
