"""The same policies for one environment in one region: what is ``clinic-*`` becomes one stack's.

The general documents are rewritten text by text, so that a right is written once. A name goes on
after the stack's: ``clinic-dev-FrontendBucket-1a2b``, or through a nested stack
``clinic-dev-EdgeStack-3c4d-FrontendBucket-1a2b``. So an environment whose name goes on after
another's (``dev`` and ``dev-two``) is within the other's rights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from generator.policies.grants import ANY, PREFIX

LOWER_CASE = ("s3", "ecr", "rds")
"""Services whose names CloudFormation makes in lower case."""
STACK_TAGS = (
    "aws:ResourceTag/aws:cloudformation:stack-name",
    "ssm:resourceTag/aws:cloudformation:stack-name",
)
NAME_TAG = "aws:ResourceTag/Name"
ANY_ACCOUNT = re.compile(r"parameter/aws/|snapshot:\*$")
"""Ubuntu's public parameters belong to no account, a snapshot to restore to any."""


class PolicyScope(NamedTuple):
    """What the rights are limited to; a text may refer to the template, as ``${AWS::Region}``."""

    stack: str
    """clinic-dev"""
    environment: str
    """The parameter EnvironmentName, with which Name tags and a few names begin."""
    region: str
    account: str = "*"


def narrowed(document: Mapping[str, Any], scope: PolicyScope) -> dict[str, Any]:
    """A policy document for one scope; ValueError if anything of another stack's is left in it."""
    made = {**document, "Statement": [_statement(s, scope) for s in document["Statement"]]}
    if ANY in repr(made):
        raise ValueError(f"a policy reaches every stack still: {made}")
    return made


def _statement(statement: Mapping[str, Any], scope: PolicyScope) -> dict[str, Any]:
    made = {**statement, "Resource": _each(statement["Resource"], scope)}
    if "Condition" in statement:
        made["Condition"] = {
            operator: {key: _values(key, value, scope) for key, value in keys.items()}
            for operator, keys in statement["Condition"].items()
        }
    return made


def _values(key: str, value: Any, scope: PolicyScope) -> Any:
    if not isinstance(value, list):
        return value
    if key in STACK_TAGS:
        return [scope.stack, f"{scope.stack}-*"]
    if key == NAME_TAG:
        return [text.replace("*", scope.environment, 1) for text in value]
    if key == "kms:ViaService":
        return [text.replace("*", scope.region) for text in value]
    return _each(value, scope)


def _each(value: str | list[str], scope: PolicyScope) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    return [made for text in texts for made in _text(text, scope)]


def _text(text: str, scope: PolicyScope) -> list[str]:
    """The one or two patterns that replace a pattern in a scope."""
    text = _located(text, scope)
    service = text.split(":")[2] if text.startswith("arn:") else ""
    named = service in LOWER_CASE and not scope.stack.startswith("${")
    stack = scope.stack.lower() if named else scope.stack
    if f"policy/boundary-{ANY}" in text:
        return [text.replace(f"boundary-{ANY}", f"boundary-{stack}-{scope.region}")]
    if f"stack/{ANY}/" in text:
        return [text.replace(ANY, name) for name in (stack, f"{stack}-*")]
    if f"stackset/{ANY}" in text or f"stackset-target/{ANY}" in text:
        return [text.replace(ANY, f"{stack}:*")]
    if text.startswith("arn:aws:cloudfront::") and ":function/*-" in text:
        return [text.replace("/*-", f"/{scope.environment}-")]
    if f"{PREFIX}artifacts-" in text:
        # What lies there becomes a stack by the rights of whoever deploys it.
        where = f"-{scope.region}"
        if not service:
            return [text.removesuffix("-*") + f"{where}*"]
        return [re.sub(r"-\*(/\*)?$", where, text) + _folder(text, stack)]
    return [text.replace(f"{ANY}-", f"{stack}-*").replace(ANY, f"{stack}-*")]


def _folder(text: str, stack: str) -> str:
    return f"/{stack}/*" if text.endswith("/*") else ""


def _located(text: str, scope: PolicyScope) -> str:
    """An ARN with its region and account; anything else as it is."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return text
    partition, region, account, name = parts[1:3], parts[3], parts[4], parts[5]
    region = scope.region if region == "*" else region
    if account == "*" and not ANY_ACCOUNT.search(name):
        account = scope.account
    return ":".join(["arn", *partition, region, account, name])
