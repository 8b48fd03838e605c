"""Who may do what: roles, users, and the policies that are attached to them in any way."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from itertools import product
from typing import Any

from generator.checks.reach.facts import Fact, Facts, Reach, Unknown
from generator.checks.reach.names import Names, text
from generator.model.iam import Statement, covers, statements
from generator.model.policies import HOLDERS, MANAGED, identity_policies, roles_in_use

ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:REGION:ACCOUNT:secret:",
    "AWS::ECR::Repository": "arn:aws:ecr:REGION:ACCOUNT:repository/",
    "AWS::KMS::Key": "arn:aws:kms:REGION:ACCOUNT:key/",
    "AWS::SNS::Topic": "arn:aws:sns:REGION:ACCOUNT:",
    "AWS::Logs::LogGroup": "arn:aws:logs:REGION:ACCOUNT:log-group:",
}
"""How the ARN of a type begins, so that a pattern can be held against it."""

Denials = Mapping[str, list[Statement]]
"""Refusals of what a resource's own policy says, by the resource's logical id."""


def conditioned(what: str, statement: Statement) -> str:
    """``what`` and under which conditions."""
    words = [
        f"{key} {_operator(operator)} {', '.join(values)}"
        for operator, key, values in statement.conditions
    ]
    return f"{what} if {' and '.join(words)}" if words else what


def _operator(operator: str) -> str:
    exact = {"StringEquals": "is", "ArnEquals": "is", "Bool": "is", "ArnLike": "is like"}
    return exact.get(operator, {"StringLike": "is like"}.get(operator, operator))


def facts(names: Names, denials: Denials) -> Facts:
    """What every role, user and unattached policy allows, and who may act as a role."""
    own, loose = identity_policies(names, names.resource)
    roles = roles_in_use(names)
    for holder in dict.fromkeys([*(h for k in HOLDERS for h in names.of_type(k)), *own]):
        properties = names.resources.get(holder, {}).get("Properties", {})
        limits = yield from _boundary(holder, properties, names)
        for who in dict.fromkeys(map(names.called, roles.get(holder, (holder,)))):
            yield from _granted(who, own.get(holder, []), names, denials, limits)
            yield from _from_aws(who, properties, names)
        yield from _trust(holder, properties, names)
    for name, unheld in loose.items():
        yield from _granted(f"holder of {name}", unheld, names, denials, None)
    for name, key in names.of_type("AWS::IAM::AccessKey").items():
        yield Reach(f"holder of {name}", names.target(key.get("UserName")), "access key", (name,))


def _boundary(
    holder: str, properties: Mapping[str, Any], names: Names
) -> Generator[Fact, None, list[Statement] | None]:
    """What a permissions boundary leaves at most; None without one."""
    if "PermissionsBoundary" not in properties:
        return None
    name = names.target(properties["PermissionsBoundary"])
    policy = names.of_type(MANAGED).get(name)
    if policy is None:
        yield Unknown(holder, f"what the boundary {name} leaves {holder} is not in the templates")
        return None
    return statements(name, policy.get("PolicyDocument"), names.resource)


def _granted(
    who: str,
    own: list[Statement],
    names: Names,
    denials: Denials,
    limits: list[Statement] | None,
) -> Facts:
    refusals = [statement for statement in own if not statement.allows]
    for statement in own:
        for action, node in product(_actions(statement), statement.resources):
            resource = _but(names.resource(node), statement.not_resources)
            if not statement.allows:
                words = conditioned(f"never {action}", statement)
                yield Reach(who, resource, words, (statement.name,), refusal=True)
                continue
            spellings = _spellings(node, names)
            stops = [*refusals, *denials.get(names.owner(node), [])]
            stops = [deny for deny in stops if covers(deny, action, spellings)]
            stops = [deny for deny in stops if not deny.without_tls()]
            if any(not deny.conditions for deny in stops) or not _within(limits, action, spellings):
                continue
            for deny in stops:
                sentence = f"whether {deny.name} stops {who} from {action} depends on a condition"
                yield Unknown(who, sentence)
            yield Reach(who, resource, conditioned(action, statement), (statement.name,))


def _actions(statement: Statement) -> tuple[str, ...]:
    """One text for each action, or a single one for everything but them."""
    if statement.not_actions:
        return (f"everything but {', '.join(statement.actions)}",)
    return statement.actions


def _but(resource: str, but: bool) -> str:
    return f"everything but {resource}" if but else resource


def _within(limits: list[Statement] | None, action: str, spellings: list[str]) -> bool:
    if limits is None:
        return True
    fitting = [limit for limit in limits if covers(limit, action, spellings)]
    return any(limit.allows for limit in fitting) and all(limit.allows for limit in fitting)


def _spellings(node: Any, names: Names) -> list[str]:
    """A resource as policies may write it: by its name and by its ARN."""
    words = names.blank(text(node))
    owner = names.owner(node)
    begin = ARNS.get(names.resources.get(owner, {}).get("Type", ""))
    if begin is None:
        return [words]
    plain = words.replace(f"${{{owner}.Arn}}", f"{begin}${{{owner}}}")
    whole = plain if plain.startswith("arn:") else begin + plain
    return [words, whole, whole.replace(begin + f"${{{owner}}}", f"${{{owner}.Arn}}")]


def _from_aws(who: str, properties: Mapping[str, Any], names: Names) -> Facts:
    """Policies that AWS keeps, or that are in no template."""
    managed = names.of_type(MANAGED)
    for name in names.targets(properties.get("ManagedPolicyArns")):
        if name.startswith("arn:aws:iam::aws:policy/"):
            yield Reach(who, "AWS", f"policy {name.rpartition('/')[2]}", (name,))
        elif name not in managed:
            yield Unknown(who, f"what the policy {name} lets {who} do is not in the templates")


def _trust(holder: str, properties: Mapping[str, Any], names: Names) -> Facts:
    document = properties.get("AssumeRolePolicyDocument")
    for statement in statements(f"{holder}.AssumeRolePolicyDocument", document, names.resource):
        for action, principal in product(_actions(statement), statement.principals):
            words = conditioned(action if statement.allows else f"never {action}", statement)
            who = named(principal, names, statement.not_principals)
            called = names.called(holder)
            yield Reach(who, called, words, (statement.name,), refusal=not statement.allows)


def named(principal: tuple[str, Any], names: Names, but: bool = False) -> str:
    """The name in reports of an entry of a policy's Principal."""
    kind, value = principal
    words = names.resource(value)
    if kind == "*":
        words = "everybody"
    elif kind == "AWS" and re.fullmatch(r"arn:[\w-]+:iam::ACCOUNT:root|ACCOUNT", words):
        words = "the account"
    return f"everybody but {words}" if but else words
