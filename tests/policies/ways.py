"""Searches what a policy leads to: every action that IAM knows is tried on everything there is.

What an action does is judged by its service, its verb and its target, not looked up in a list of
dangerous ones: what is no read of settings and is not judged here is reported, so that a new right
in a policy has to be judged before it can be called harmless.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from generator import architecture
from tests.policies.decide import formats, is_allowed, like, listed
from tests.policies.ours import (
    ACCOUNT,
    ALARM,
    FUNCTION,
    LAUNCH_TEMPLATE,
    OURS,
    PLACE,
    SECRET,
    TAGGED,
    THROUGH_CLOUDFORMATION,
    bucket,
)

ENV_FILE = f"{bucket('ConfigurationBucket')}/.env"
INSTANCE = f"arn:aws:ec2:{PLACE}:instance/i-0123456789abcdef0"
SITE = f"{bucket('FrontendBucket')}/index.html"
DOCUMENT = f"{bucket('DocumentsBucket')}/patient.pdf"
THINGS = (
    *OURS,
    *(ENV_FILE, f"{ENV_FILE}.fingerprint", SITE, DOCUMENT, INSTANCE, FUNCTION, ALARM),
    *(LAUNCH_TEMPLATE, bucket("ConfigurationBucket"), bucket("DocumentsBucket")),
    f"arn:aws:lambda:{PLACE}:function:clinic-dev-DatabaseStack-1A2B-RotationFunction-3c4d",
    f"arn:aws:logs:{PLACE}:log-group:clinic-dev-BackendLogGroup-1a2b:log-stream:i-1/boot",
    f"arn:aws:ssm:{PLACE.partition(':')[0]}::document/AWS-RunShellScript",
    f"arn:aws:ssm:{PLACE}:document/SSM-SessionManagerRunShell",
    f"arn:aws:ssm:{PLACE}:parameter/somebody/password",
    f"arn:aws:ssm:{PLACE}:session/AROAX:eve-0a1b",
    f"arn:aws:iam::{ACCOUNT}:role/somebody",
    "arn:aws:s3:::somebody/secret",
    "*",
)
SOME = TAGGED | {
    "aws:userid": "AROAX:eve",
    "aws:ResourceTag/Name": "dev-site",
    "ssm:SessionDocumentAccessCheck": "true",
    "kms:ViaService": "s3.eu-west-1.amazonaws.com",
    "kms:EncryptionContext:aws:s3:arn": bucket("ConfigurationBucket"),
    "iam:PassedToService": "ec2.amazonaws.com",
    "ec2:LaunchTemplate": LAUNCH_TEMPLATE,
}
NAMED = {
    FUNCTION: {"aws:ResourceTag/aws:cloudformation:logical-id": "ReleaseFunction"},
    LAUNCH_TEMPLATE: {"aws:ResourceTag/Name": "dev-launch-template"},
}
"""What of their own the things carry."""
WAYS: tuple[Mapping[str, Any], ...] = ({}, THROUGH_CLOUDFORMATION)
"""By hand, and through CloudFormation."""

READS = re.compile(r"(Batch)?(Describe|Get|List|Head|View|Lookup|Search|Select|Filter|Query|Scan)")
ONLY_SETTINGS = re.compile(r"s3:Get\w*(Acl|Tagging|Attributes|Retention|LegalHold)$")
"""Reads of an object that do not read its content."""
HOLDS_UP = {
    "autoscaling:CancelInstanceRefresh",
    "cloudformation:DeleteChangeSet",
    "cloudfront:CreateInvalidation",
    "ssm:CancelCommand",
    "ssm:ResumeSession",
    "ssm:TerminateSession",
}
"""Ends or delays something, and leads nowhere."""
PIECES = {
    *("ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"),
    "ecr:BatchCheckLayerAvailability",
    "kms:GenerateDataKey",
    "s3:AbortMultipartUpload",
}
"""Nothing by themselves: parts of a push or an upload, and a key for what is sent."""


@cache
def catalogue() -> dict[str, Any]:
    """IAM's services: their Actions in lower case, with what narrows them, and their Resources."""
    text = files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8")
    known: dict[str, Any] = json.loads(text)
    return known


@cache
def actions() -> tuple[str, ...]:
    """Every action of IAM, as service:name in lower case."""
    known = catalogue()
    return tuple(f"{service}:{name}" for service in known for name in known[service]["Actions"])


def granted(policies: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Every action, and everything it fits, that the policies allow in any circumstances."""
    known = catalogue()
    patterns = {
        pattern
        for document in policies
        for statement in document["Statement"]
        for pattern in listed(statement["Action"])
    }
    for action in actions():
        spelled = next((p for p in patterns if like(p.lower(), action)), "")
        if not spelled:
            continue
        service, _, name = action.partition(":")
        shapes = formats(known, service, name)
        kinds = known[service]["Actions"][name].get("Resources", [])
        fitting = [
            thing
            for thing in THINGS
            if any(like(shape, thing) for shape in shapes)
            # The table knows one shape for buckets and for what is in them.
            and (service != "s3" or "/" not in thing or "object" in kinds)
        ]
        for thing in fitting or ["*"]:
            own = SOME | NAMED.get(thing, {})
            if any(is_allowed(policies, action, thing, {**own, **way}) for way in WAYS):
                yield action if "*" in spelled else spelled, thing


def leads_to(action: str, thing: str) -> str:
    """What one right gives: a goal, nothing, or the right itself where nobody has judged it."""
    service, _, name = action.partition(":")
    if service == "sts" and name.lower().startswith(("assume", "getfederation", "getsession")):
        return "another role"
    if action.lower() in ("iam:passrole", "iam:putrolepolicy", "iam:updateassumerolepolicy"):
        return "another role"
    if service == "ssm" and name in ("SendCommand", "StartSession", "StartAutomationExecution"):
        return "instance" if thing == INSTANCE else ""
    if action == "lambda:InvokeFunction":
        return "container" if thing == FUNCTION else f"{action} on {thing}"
    if action == "ecr:PutImage" or (action == "s3:PutObject" and thing == ENV_FILE):
        return "container"
    if action in ("s3:PutObject", "s3:DeleteObject") and thing == SITE:
        return "pages"
    if action == "s3:PutObject" and thing == f"{ENV_FILE}.fingerprint":
        return ""
    if action in HOLDS_UP | PIECES:
        return ""
    return _read(service, name, action, thing)


def _read(service: str, name: str, action: str, thing: str) -> str:
    if action == "kms:Decrypt":
        # Through S3, and for the .env: as much as s3:GetObject, which is asked for besides.
        return ""
    is_read = READS.match(name[:1].upper() + name[1:]) is not None
    if not is_read:
        return f"{action} on {thing}"
    if thing == SECRET:
        return "" if name.lower().startswith(("describe", "list", "getresource")) else "secret"
    if thing == ENV_FILE and not ONLY_SETTINGS.match(action):
        return ".env"
    if thing in (DOCUMENT, "arn:aws:s3:::somebody/secret") or ":parameter/somebody" in thing:
        return f"{action} on {thing}"
    if action.lower() in ("ssm:listcommands", "ec2:describelaunchtemplateversions"):
        return f"{action}: what others wrote there"
    return ""


def found(policies: list[Mapping[str, Any]]) -> set[str]:
    """All goals that a holder of the policies reaches, with what each opens in its turn."""
    goals = {goal for right in granted(policies) if (goal := leads_to(*right))}
    if "instance" in goals:
        # Root on an instance is the instance's role, and sees the container.
        goals |= {"container", "another role"}
        goals |= {goal for right in granted(instance_role()) if (goal := leads_to(*right))} & {
            ".env",
            "secret",
        }
    if "container" in goals:
        goals.add("what the container is given")
    return goals


@cache
def _resources() -> dict[str, Any]:
    made: dict[str, Any] = architecture.templates()["flat"].to_dict()["Resources"]
    return made


def instance_role() -> list[Mapping[str, Any]]:
    """The policies of the instance's role, with its own things in the place of references."""
    return [_policy("InstancePolicy")]


def _policy(logical_id: str) -> dict[str, Any]:
    statements = []
    for statement in _resources()[logical_id]["Properties"]["PolicyDocument"]["Statement"]:
        if "Fn::If" in statement:
            continue
        resources = [_words(one) for one in listed(statement["Resource"])]
        text = json.dumps({**statement, "Resource": resources})
        account = json.dumps({"Ref": "AWS::AccountId"})
        statements.append(json.loads(text.replace(account, json.dumps([ACCOUNT]))))
    return {"Statement": statements}


def _words(node: Any) -> str:
    """A resource of a policy as an ARN of ours."""
    text = node if isinstance(node, str) else json.dumps(node)
    for part, arn in (("ConfigurationBucket", ENV_FILE), ("DatabaseSecret", SECRET)):
        if part in text:
            return arn
    return "*" if text == "*" else "arn:aws:elsewhere"
