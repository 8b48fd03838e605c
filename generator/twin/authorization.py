"""Whether policies of the templates let somebody make a call: Deny wins, then Allow, else no."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from generator.checks.reach.policies import like, listed
from generator.errors import ClinicError
from generator.twin.deployed import Deployed

Statement = Mapping[str, Any]
Context = Mapping[str, str]
OBJECT_ACTIONS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}


def of_role(deployed: Deployed, role: str) -> list[Statement]:
    """The statements of a role's policies, by the role's physical name."""
    documents = []
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for given in deployed.of_type(kind).values():
            if role in given.get("Roles", []):
                documents.append(given["PolicyDocument"])
    name = deployed.logical.get(role, "")
    own = deployed.of_type("AWS::IAM::Role").get(name, {})
    documents += [policy["PolicyDocument"] for policy in own.get("Policies", [])]
    return [statement for document in documents for statement in document["Statement"]]


def of_bucket(deployed: Deployed, bucket: str) -> list[Statement]:
    """The statements of a bucket's policy, by the bucket's physical name."""
    return [
        statement
        for given in deployed.of_type("AWS::S3::BucketPolicy").values()
        if given["Bucket"] == bucket
        for statement in given["PolicyDocument"]["Statement"]
    ]


def for_service(statements: Iterable[Statement], service: str) -> Iterator[Statement]:
    """Those that speak of a service of AWS's, or of everybody."""
    for statement in statements:
        who = statement.get("Principal")
        named = who.get("Service", []) if isinstance(who, Mapping) else []
        if who == "*" or who == {"AWS": "*"} or service in listed(named):
            yield statement


def allows(statements: Iterable[Statement], action: str, resource: str, context: Context) -> bool:
    """Whether all statements together let ``action`` happen on ``resource``."""
    effects = {s["Effect"] for s in statements if applies(s, action, resource, context)}
    return effects == {"Allow"}


def applies(statement: Statement, action: str, resource: str, context: Context) -> bool:
    """Whether a statement speaks of this call. ClinicError for a condition that is not known."""
    return (
        any(like(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(like(pattern, resource) for pattern in listed(statement.get("Resource", "*")))
        and all(
            _holds(operator, context.get(key), listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _holds(operator: str, value: str | None, wanted: Sequence[Any]) -> bool:
    name = operator.removeprefix("ForAnyValue:")
    optional = name.endswith("IfExists")
    test = OPERATORS.get(name.removesuffix("IfExists"))
    if test is None:
        raise ClinicError(f"the twin does not know the condition operator {operator}.")
    if value is None:
        return optional or name.startswith(("StringNot", "ArnNot"))
    return test(value, [str(each) for each in wanted])


def _same(value: str, wanted: Sequence[str]) -> bool:
    return value in wanted


def _alike(value: str, wanted: Sequence[str]) -> bool:
    return any(like(pattern, value) for pattern in wanted)


def _bool(value: str, wanted: Sequence[str]) -> bool:
    return value.lower() in (each.lower() for each in wanted)


OPERATORS: Mapping[str, Callable[[str, Sequence[str]], bool]] = {
    "StringEquals": _same,
    "StringNotEquals": lambda value, wanted: value not in wanted,
    "StringLike": _alike,
    "ArnEquals": _alike,
    "ArnLike": _alike,
    "Bool": _bool,
}


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
    if service == "logs":
        stream = f":log-stream:{asked['logStreamName']}" if "logStreamName" in asked else ""
        return f"arn:aws:logs:{home}:log-group:{asked.get('logGroupName')}{stream}"
    return "*"


def bucket_of(host: str) -> str:
    """The bucket that a host name of S3's stands for; empty for S3 itself."""
    found = re.fullmatch(r"(.+)\.s3(?:\.[a-z0-9-]+)?\.amazonaws\.com", host)
    return found[1] if found else ""
