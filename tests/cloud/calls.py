"""The calls that code makes of AWS, read from its text, and the rights that they need."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name

from generator.policies.refresh import known_actions

PREFIXES = {"elbv2": "elasticloadbalancing"}
"""Services that IAM calls by another name."""
ACTIONS = {
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    # What a request brings along is asked for too.
    "cloudformation:CreateChangeSet": (
        "cloudformation:CreateChangeSet",
        "cloudformation:TagResource",
    ),
}
"""Operations by the rights that they need, where IAM has other words."""


@cache
def operations(service: str) -> dict[str, str]:
    """Operations of a service by their names in Python."""
    make: Callable[..., Any] = boto3.client
    model = make(
        service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    ).meta.service_model
    return {xform_name(name): name for name in model.operation_names}


def written(modules: Iterable[Path]) -> set[str]:
    """service:Operation of all that modules call: names and texts that are operations of a service
    whose client the module takes."""
    found = set()
    for path in modules:
        text = path.read_text(encoding="utf-8")
        services = set(re.findall(r'client\(\s*"(\w+)"', text))
        names = set(re.findall(r"self\.aws\.client\(|made\.call\(", text)) and {"cloudformation"}
        for node in ast.walk(ast.parse(text)):
            name = node.attr if isinstance(node, ast.Attribute) else None
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value
            for service in (services | names) if name else ():
                if name in operations(service):
                    found.add(f"{service}:{operations(service)[name]}")
    return found


def rights(call: str) -> list[str]:
    """The actions of IAM that a service:Operation is asked for."""
    service, _, operation = call.partition(":")
    named = f"{PREFIXES.get(service, service)}:{operation}"
    return list(ACTIONS.get(named, (named,)))


def unknown(actions: Iterable[str]) -> list[str]:
    """Those of some actions that IAM has never heard of."""
    iam = known_actions()
    split = ((action, *action.split(":")) for action in actions)
    return [action for action, service, name in split if name.lower() not in iam[service]]
