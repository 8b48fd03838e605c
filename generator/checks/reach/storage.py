"""Resource-based policies: those of buckets, secrets, keys, registries, file systems."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from generator.checks.reach.facts import Facts, Reach
from generator.checks.reach.iam import Denials, conditioned, named
from generator.checks.reach.names import Names, text
from generator.model.iam import Statement, covers
from generator.model.walk import is_true

BLOCKS = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
CDN, ANY_CDN = "cloudfront.amazonaws.com", "any distribution"
TLS_ONLY = {
    "AWS::S3::Bucket": ("s3:GetObject", "/*"),
    "AWS::SNS::Topic": ("sns:Publish", ""),
    "AWS::EFS::FileSystem": ("elasticfilesystem:ClientMount", ""),
}
"""Types that answer without TLS unless told not to: what is asked for, and of what of it."""


def denials(own: dict[str, list[Statement]]) -> Denials:
    """The Deny statements that hold for every principal, by resource."""
    return {
        name: [s for s in statements if not s.allows and ("*", "*") in s.principals]
        for name, statements in own.items()
    }


def facts(names: Names, own: dict[str, list[Statement]]) -> Facts:
    """Whom resources let in, and what stands open besides."""
    for resource, statements in own.items():
        for statement in statements:
            yield from _reaches_of(resource, statement, names)
    for kind, (action, part) in TLS_ONLY.items():
        for name in names.of_type(kind):
            if not any(_wants_tls(s, name, action, part) for s in own.get(name, [])):
                yield Reach("whoever is let in", names.called(name), "without TLS", (name,))
    yield from _open_buckets(names)
    for name, properties in names.of_type("AWS::SecretsManager::RotationSchedule").items():
        who = names.called(names.target(properties.get("RotationLambdaARN")))
        yield Reach(who, names.called(names.target(properties.get("SecretId"))), "rotates", (name,))
    yield from _invocations(names)


def _reaches_of(resource: str, statement: Statement, names: Names) -> Facts:
    if statement.without_tls() and not statement.allows:
        return
    actions: tuple[str, ...] = statement.actions
    if statement.not_actions:
        actions = (f"everything but {', '.join(actions)}",)
    parts = [names.resource(node) for node in statement.resources]
    # A key's policy says * and means the key; a registry's says nothing at all.
    parts = [names.called(resource) if part == "*" else part for part in parts]
    parts = parts or [names.called(resource)]
    for action, part, principal in product(actions, parts, statement.principals):
        who, rest = _who(principal, statement, names)
        words = conditioned(action, rest)
        words = words if statement.allows else f"never {words}"
        part = f"everything but {part}" if statement.not_resources else part
        yield Reach(who, part, words, (statement.name,), refusal=not statement.allows)


def _who(principal: tuple[str, Any], statement: Statement, names: Names) -> tuple[str, Statement]:
    """Who is meant, and the statement without the conditions that say so."""
    who = named(principal, names, statement.not_principals)
    if who != CDN:
        return who, statement
    distributions = {names.called(name) for name in names.of_type("AWS::CloudFront::Distribution")}
    pins = [one for one in statement.conditions if _pins(one, distributions)]
    if not pins:
        return ANY_CDN, statement
    rest = tuple(
        one
        for one in statement.conditions
        if one not in pins and (one[1].lower(), one[2]) != ("aws:sourceaccount", ("ACCOUNT",))
    )
    return pins[0][2][0], statement._replace(conditions=rest)


def _pins(condition: tuple[str, str, tuple[str, ...]], distributions: set[str]) -> bool:
    operator, key, values = condition
    exact = operator in ("StringEquals", "ArnEquals", "ArnLike", "StringLike")
    named_one = len(values) == 1 and values[0] in distributions
    return exact and named_one and key.lower() == "aws:sourcearn"


def _wants_tls(statement: Statement, name: str, action: str, part: str) -> bool:
    if statement.allows or not statement.without_tls() or ("*", "*") not in statement.principals:
        return False
    spellings = [f"${{{name}}}{part}", f"${{{name}.Arn}}{part}", f"arn:aws:s3:::${{{name}}}{part}"]
    return covers(statement, action, spellings) and not statement.not_principals


def _open_buckets(names: Names) -> Facts:
    for name, properties in names.of_type("AWS::S3::Bucket").items():
        block = properties.get("PublicAccessBlockConfiguration", {})
        for setting in BLOCKS:
            if not is_true(block.get(setting)):
                yield Reach(
                    "everybody", names.called(name), f"may be let in: no {setting}", (name,)
                )
        access = text(properties.get("AccessControl", "Private"))
        if access not in ("Private", "BucketOwnerFullControl", "BucketOwnerRead"):
            yield Reach("everybody", names.called(name), f"access list {access}", (name,))
        if "WebsiteConfiguration" in properties:
            yield Reach("everybody", names.called(name), "as a web site of its own", (name,))


def _invocations(names: Names) -> Iterator[Reach]:
    for name, properties in names.of_type("AWS::Lambda::Permission").items():
        pins = [
            f"{key} {names.resource(properties[key])}"
            for key in ("SourceAccount", "SourceArn", "PrincipalOrgID", "EventSourceToken")
            if key in properties
        ]
        who = named(
            (
                "AWS" if "Fn::" in str(properties.get("Principal")) else "Service",
                properties.get("Principal"),
            ),
            names,
        )
        who = "everybody" if who == "*" else who
        words = f"{properties.get('Action')}" + (f" if {' and '.join(pins)}" if pins else "")
        yield Reach(who, names.called(names.target(properties.get("FunctionName"))), words, (name,))
    for name, properties in names.of_type("AWS::Lambda::Url").items():
        if properties.get("AuthType") != "AWS_IAM":
            target = names.called(names.target(properties.get("TargetFunctionArn")))
            yield Reach("everybody", target, "function URL", (name,))
