"""Which statements of the templates' policies decide a call, and which call a request makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from generator.model.holders import held, owned
from generator.model.iam import Statement
from generator.twin.deployed import Deployed

OBJECT_ACTIONS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}


def of_role(deployed: Deployed, role: str) -> list[Statement]:
    """The statements of a role's policies, by the role's physical name."""
    return held(deployed.references)[0].get(deployed.logical.get(role, ""), [])


def of_bucket(deployed: Deployed, bucket: str) -> list[Statement]:
    """The statements of a bucket's policy, by the bucket's physical name."""
    return owned(deployed.references).get(deployed.logical.get(bucket, ""), [])


def for_service(statements: Iterable[Statement], service: str) -> Iterator[Statement]:
    """Those that speak of a service of AWS's, or of everybody."""
    for statement in statements:
        named = {("*", "*"), ("Service", service)} & set(statement.principals)
        if bool(named) != statement.but_principals:
            yield statement


def call(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, home: str
) -> tuple[str, str, dict[str, str]]:
    """IAM's action, resource and context of a signed request; ``home`` is ``REGION:ACCOUNT``."""
    context = {"aws:SecureTransport": "true", "aws:ResourceAccount": home.partition(":")[2]}
    if service == "s3":
        bucket, _, key = path.partition("?")[0].lstrip("/").partition("/")
        verb = f"{OBJECT_ACTIONS.get(method, method)}Object" if key else "ListBucket"
        return f"s3:{verb}", f"arn:aws:s3:::{bucket}/{key}".rstrip("/"), context
    target = headers.get("X-Amz-Target")
    if target:
        asked = json.loads(body or b"{}")
        return f"{service}:{target.rpartition('.')[2]}", _resource(service, asked, home), context
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    if "Namespace" in form:
        context["cloudwatch:namespace"] = form["Namespace"]
    prefix = {"monitoring": "cloudwatch"}.get(service, service)
    resource = form.get("StackName", "*") if service == "cloudformation" else "*"
    if service == "rds" and "DBInstanceIdentifier" in form:
        resource = f"arn:aws:rds:{home}:db:{form['DBInstanceIdentifier']}"
    if service == "autoscaling" and "AutoScalingGroupName" in form:
        group = form["AutoScalingGroupName"]
        resource = f"arn:aws:autoscaling:{home}:autoScalingGroup:1:autoScalingGroupName/{group}"
    return f"{prefix}:{form.get('Action', '?')}", resource, context


def _resource(service: str, asked: Mapping[str, Any], home: str) -> str:
    if service == "secretsmanager":
        return str(asked.get("SecretId", "*"))
    if service == "ssm" and "Name" in asked:
        return f"arn:aws:ssm:{home}:parameter/{str(asked['Name']).lstrip('/')}"
    if service == "logs":
        stream = f":log-stream:{asked['logStreamName']}" if "logStreamName" in asked else ""
        return f"arn:aws:logs:{home}:log-group:{asked.get('logGroupName')}{stream}"
    return "*"


def bucket_of(host: str) -> str:
    """The bucket that a host name of S3's stands for; empty for S3 itself."""
    found = re.fullmatch(r"(.+)\.s3(?:\.[a-z0-9-]+)?\.amazonaws\.com", host)
    return found[1] if found else ""
