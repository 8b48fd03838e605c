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


class Place(NamedTuple):
    """Where the rights hold; a text may be a reference of a template, as ``${AWS::Region}`` is."""

    stack: str
    """clinic-dev"""
    environment: str
    """The parameter EnvironmentName, with which Name tags and a few names begin."""
    region: str
    account: str = "*"


def narrowed(document: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """A policy document for one place; ValueError if anything of another stack's is left in it."""
    made = {**document, "Statement": [_statement(s, place) for s in document["Statement"]]}
    if ANY in repr(made):
        raise ValueError(f"a policy reaches every stack still: {made}")
    return made


def _statement(statement: Mapping[str, Any], place: Place) -> dict[str, Any]:
    made = {**statement, "Resource": _each(statement["Resource"], place)}
    if "Condition" in statement:
        made["Condition"] = {
            operator: {key: _values(key, given, place) for key, given in keys.items()}
            for operator, keys in statement["Condition"].items()
        }
    return made


def _values(key: str, given: Any, place: Place) -> Any:
    if not isinstance(given, list):
        return given
    if key in STACK_TAGS:
        return [place.stack, f"{place.stack}-*"]
    if key == NAME_TAG:
        return [text.replace("*", place.environment, 1) for text in given]
    if key == "kms:ViaService":
        return [text.replace("*", place.region) for text in given]
    return _each(given, place)


def _each(given: str | list[str], place: Place) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    return [made for text in texts for made in _text(text, place)]


def _text(text: str, place: Place) -> list[str]:
    """One pattern as the one or two that stand for it in a place."""
    text = _located(text, place)
    service = text.split(":")[2] if text.startswith("arn:") else ""
    named = service in LOWER_CASE and not place.stack.startswith("${")
    stack = place.stack.lower() if named else place.stack
    if f"policy/boundary-{ANY}" in text:
        return [text.replace(f"boundary-{ANY}", f"boundary-{stack}-{place.region}")]
    if f"stack/{ANY}/" in text:
        return [text.replace(ANY, name) for name in (stack, f"{stack}-*")]
    if f"stackset/{ANY}" in text or f"stackset-target/{ANY}" in text:
        return [text.replace(ANY, f"{stack}:*")]
    if text.startswith("arn:aws:cloudfront::") and ":function/*-" in text:
        return [text.replace("/*-", f"/{place.environment}-")]
    if f"{PREFIX}artifacts-" in text:
        # What lies there becomes a stack by the rights of whoever deploys it.
        where = f"-{place.region}"
        if not service:
            return [text.removesuffix("-*") + f"{where}*"]
        return [re.sub(r"-\*(/\*)?$", where, text) + _folder(text, stack)]
    return [text.replace(f"{ANY}-", f"{stack}-*").replace(ANY, f"{stack}-*")]


def _folder(text: str, stack: str) -> str:
    return f"/{stack}/*" if text.endswith("/*") else ""


def _located(text: str, place: Place) -> str:
    """An ARN with its region and account; anything else as it is."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return text
    partition, region, account, name = parts[1:3], parts[3], parts[4], parts[5]
    region = place.region if region == "*" else region
    if account == "*" and not ANY_ACCOUNT.search(name):
        account = place.account
    return ":".join(["arn", *partition, region, account, name])
