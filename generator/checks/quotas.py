"""Limits that depend on an environment's values: rules, names, policies, texts.

They are AWS's default quotas; those of groups and roles can be raised on request. What only a
deployment knows, an ARN say, counts as REFERENCE characters, more than most of them have.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from generator import limits, resource_types
from generator.checks.lint.limits import Measure
from generator.model.network.groups import declared_rules
from generator.model.resolve import Resolver
from generator.model.view import View
from generator.model.walk import SUBSTITUTED, nodes

REFERENCE = 100
ROLE_ID = 21
SUFFIX = 13
"""Characters that CloudFormation adds to the name of a nested stack, after a hyphen."""

RULES, GROUPS = 60, 5
"""Rules of a security group in one direction, IPv4 and IPv6 apart; groups of an interface."""
GROUPS_IN = ("SecurityGroupIds", "SecurityGroups", "VPCSecurityGroups", "VpcSecurityGroupIds")
PREFIX_LIST = 55
"""Rules that a prefix list counts as: how many nobody knows offline, and CloudFront's
origin-facing list is the heaviest that AWS keeps."""
TREE = 2_500
"""Resources of a stack and its nested stacks that one operation may change."""
TAGS, BEHAVIORS, ATTACHED = 50, 75, 10
"""Of a resource; of a distribution; managed policies of a role."""


class LimitedText(NamedTuple):
    """A document or program in a property, and its limit."""

    limit: str
    where: str
    most: int
    is_program: bool = False
    """Taken as it is, not as JSON."""


USER_DATA = "bytes of user data"
MANAGED = "characters of a managed policy"
INLINE = "characters of inline policies", 10_240
TEXTS = {
    "AWS::CloudFront::Function": LimitedText(
        "bytes of a CDN function", "FunctionCode", 10_240, True
    ),
    "AWS::EC2::Instance": LimitedText(USER_DATA, "UserData", limits.USER_DATA, True),
    "AWS::EC2::LaunchTemplate": LimitedText(
        USER_DATA, "LaunchTemplateData.UserData", limits.USER_DATA, True
    ),
    "AWS::IAM::ManagedPolicy": LimitedText(MANAGED, "PolicyDocument", 6_144),
    "AWS::IAM::Policy": LimitedText(INLINE[0], "PolicyDocument", INLINE[1]),
    "AWS::IAM::Role": LimitedText(
        "characters of a trust policy", "AssumeRolePolicyDocument", 2_048
    ),
    "AWS::KMS::Key": LimitedText("bytes of a key policy", "KeyPolicy", 32_768),
    "AWS::S3::BucketPolicy": LimitedText("bytes of a bucket policy", "PolicyDocument", 20_480),
    "AWS::SNS::TopicPolicy": LimitedText("bytes of a topic policy", "PolicyDocument", 30_720),
    "AWS::SSM::Parameter": LimitedText("characters of a standard parameter", "Value", 4_096, True),
}


def measures(view: View, file: str) -> Iterator[Measure]:
    """What the resources of ``view``, which are made by ``file``, use of their limits."""
    stacks = {name: _stack(view, layer) for name, layer in view.layers.items()}
    longest = max(stacks.values(), key=len, default=f"clinic-{view.env}")
    measured = [
        Measure("characters of a stack's name", longest, "", len(longest), 128),
        Measure("resources of all stacks", file, "", len(view.resources), TREE),
        *_rules(view, file),
        *_attached(view, file),
    ]
    for name, resource in view.resources.items():
        properties = resource.get("Properties", {})
        used = [*_texts(resource["Type"], properties), *_counts(properties)]
        measured += [Measure(limit, file, f"Resources/{name}", n, most) for limit, n, most in used]
    yield from measured
    yield from _names(view, file, stacks)


def _stack(view: View, layer: str) -> str:
    """The longest name that CloudFormation can give a nested stack."""
    return f"clinic-{view.env}-{layer.capitalize()}Stack-{'X' * SUFFIX}"


def _rules(view: View, file: str) -> Iterator[Measure]:
    used: Counter[str] = Counter()
    rules = list(declared_rules(view.references))
    for direction in ("ingress", "egress"):
        for owner, out, _, rule in rules:
            for family, weight in _weights(rule) if out == (direction == "egress") else ():
                used[f"{owner} {direction} {family}"] += weight
    for place, count in used.items():
        yield Measure("rules of a security group", file, f"Resources/{place}", count, RULES)


def _weights(rule: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if "CidrIp" in rule:
        yield "IPv4", 1
    elif "CidrIpv6" in rule:
        yield "IPv6", 1
    else:
        is_list = "SourcePrefixListId" in rule or "DestinationPrefixListId" in rule
        yield from product(("IPv4", "IPv6"), (PREFIX_LIST if is_list else 1,))


def _attached(view: View, file: str) -> Iterator[Measure]:
    used = Counter(
        {
            name: len(role.get("ManagedPolicyArns", []))
            for name, role in view.of_type("AWS::IAM::Role").items()
        }
    )
    for policy in view.of_type("AWS::IAM::ManagedPolicy").values():
        used.update(view.references.targets(policy.get("Roles")))
    for role, policies in used.items():
        yield Measure("managed policies of a role", file, f"Resources/{role}", policies, ATTACHED)


def _texts(kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    text = TEXTS.get(kind)
    if text and (value := _at(properties, text.where)) is not None:
        yield text.limit, (_text if text.is_program else characters)(value), text.most
    if kind == "AWS::IAM::Role" and (inline := properties.get("Policies")):
        yield INLINE[0], sum(characters(policy["PolicyDocument"]) for policy in inline), INLINE[1]


def _counts(properties: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    tags = properties.get("Tags", ())
    yield "tags of a resource", len(tags), TAGS
    behaviors = _at(properties, "DistributionConfig.CacheBehaviors")
    if isinstance(behaviors, list):
        yield "behaviors of a distribution", len(behaviors) + 1, BEHAVIORS
    for node in nodes(properties):
        for key in GROUPS_IN if isinstance(node, dict) else ():
            if isinstance(groups := node.get(key), list):
                yield "groups of an interface", len(groups), GROUPS


def _names(view: View, file: str, stacks: Mapping[str, str]) -> Iterator[Measure]:
    resolvers: dict[str, Resolver] = {}
    limits_by_type = resource_types.column("name")
    for name, resource in view.resources.items():
        limit = limits_by_type.get(resource["Type"])
        if not limit or _at(resource.get("Properties", {}), limit["property"]) is None:
            continue
        stack = stacks.get(name, f"clinic-{view.env}")
        if stack not in resolvers:
            resolvers[stack] = view.resolver(stack)
        raw = resolvers[stack].resolve(view.whole["Resources"][name]["Properties"])
        length = _text(_at(raw, limit["property"]))
        yield Measure("characters of a name", file, f"Resources/{name}", length, limit["most"])


def _at(properties: Any, where: str) -> Any:
    for step in where.split("."):
        properties = properties.get(step) if isinstance(properties, dict) else None
    return properties


def characters(node: Any) -> int:
    """Characters of ``node`` as JSON without any space, references counted as REFERENCE."""
    if _is_function(node):
        return 2 + _text(node)
    if isinstance(node, dict):
        pairs = sum(characters(key) + 2 + characters(value) for key, value in node.items())
        return max(2, 1 + pairs)
    if isinstance(node, list):
        return max(2, 1 + sum(1 + characters(item) for item in node))
    return len(json.dumps(node, ensure_ascii=False))


def _text(node: Any) -> int:
    """Bytes of a text, references counted as REFERENCE."""
    if isinstance(node, dict) and len(node) == 1:
        [(function, argument)] = node.items()
        if function == "Fn::Base64":
            return _text(argument)
        if function == "Fn::Join" and isinstance(argument[1], list):
            separator, items = argument
            return len(separator) * (len(items) - 1) + sum(map(_text, items))
        if function == "Fn::Sub":
            text = argument if isinstance(argument, str) else argument[0]
            return _text(SUBSTITUTED.sub("x" * REFERENCE, text))
        return ROLE_ID if str(node.get("Fn::GetAtt", [""])[-1]) == "RoleId" else REFERENCE
    return len(node.encode()) if isinstance(node, str) else len(json.dumps(node))


def _is_function(node: Any) -> bool:
    if not isinstance(node, dict) or len(node) != 1:
        return False
    [name] = node
    return bool(name == "Ref" or name.startswith("Fn::"))
