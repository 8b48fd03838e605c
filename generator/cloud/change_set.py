"""A change set from its making to its execution or its end.

Its name is made of what it would do, so a later run finds the one that an earlier run left.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.cloud.diagnose import first_cause
from generator.cloud.environment import CAPABILITIES, Environment
from generator.cloud.stacks import Stack, find
from generator.cloud.text import plain
from generator.errors import ClinicError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import (
        ChangeTypeDef,
        CreateChangeSetInputTypeDef,
        DescribeChangeSetOutputTypeDef,
        ResourceChangeTypeDef,
    )

PREFIX = "clinic-"
NOTHING = (
    "The submitted information didn't contain changes",
    "No updates are to be performed",
)
"""How CloudFormation says that a change set would change nothing."""
PAUSE = 2.0
"""Seconds between two questions whether a change set is ready."""


@dataclass(frozen=True)
class ChangeSet:
    """A change set that can be executed."""

    id: str
    stack: str
    """The id of the stack; the one of a new stack is in REVIEW_IN_PROGRESS."""
    changes: tuple[ResourceChangeTypeDef, ...]
    """ResourceChange of every change of the root; nested ones carry a ChangeSetId of their own."""


def prepare(aws: Aws, env: Environment, base: str, stack: Stack | None) -> ChangeSet | None:
    """Make the change set that brings ``stack`` to ``env``, or find it; None if nothing changes.

    ``stack`` is None where there is none yet. Change sets that an earlier run left are deleted.
    Raises ClinicError with CloudFormation's reasons when it refuses the set.
    """
    return ready(aws, _request(env, base, stack))


def ready(
    aws: Aws, request: CreateChangeSetInputTypeDef, create: Callable[[], object] | None = None
) -> ChangeSet | None:
    """The change set of a request in the API's own words, as prepare() makes one.

    With ``create``, which makes it, the names of stack and change set are enough.
    """
    for name, usable in _ours(aws, request["StackName"]):
        if name != request["ChangeSetName"] or not usable:
            discard(aws, request["StackName"], name)
    _create(aws, request, create)
    description = _settled(aws, request["StackName"], request["ChangeSetName"])
    if description["Status"] == "FAILED":
        nothing = description.get("StatusReason", "").startswith(NOTHING)
        refusal = None if nothing else _refused(aws, description)
        abandon(aws, ChangeSet(description["ChangeSetId"], description["StackId"], ()))
        if refusal:
            raise refusal
        return None
    changes = (change["ResourceChange"] for change in changes_of(aws, description["ChangeSetId"]))
    return ChangeSet(description["ChangeSetId"], description["StackId"], tuple(changes))


def changes_of(aws: Aws, change_set: str) -> Iterator[ChangeTypeDef]:
    """Every change of one change set, by id, page by page."""
    pages = aws.client("cloudformation").get_paginator("describe_change_set")
    for page in pages.paginate(ChangeSetName=change_set, IncludePropertyValues=True):
        yield from page.get("Changes", [])


def execute(aws: Aws, change_set: ChangeSet, start: Callable[[], object] | None = None) -> None:
    """Start it, by ``start`` if given. ClinicError if it is gone or outdated, because another
    deployment was faster."""
    try:
        if start:
            start()
            return
        # What a rolled back operation had made goes as well, also under Retain of an older
        # template (API_ExecuteChangeSet); what was there before stays.
        aws.client("cloudformation").execute_change_set(
            ChangeSetName=change_set.id, RetainExceptOnCreate=True
        )
    except ClientError as error:
        if code_of(error) not in {"ChangeSetNotFound", "InvalidChangeSetStatus"}:
            raise
        raise ClinicError(
            "the change set is gone or outdated, since another deployment went ahead: run the "
            "same command again to see what is left to change.",
            exit_code=3,
        ) from error


def discard(aws: Aws, stack: str, change_set: str) -> None:
    """Delete a change set, by name or id; a stack that is only its shell stays."""
    aws.client("cloudformation").delete_change_set(StackName=stack, ChangeSetName=change_set)


def abandon(aws: Aws, change_set: ChangeSet) -> None:
    """Delete a change set that nobody wants, and the shell of a new stack that nobody else uses."""
    discard(aws, change_set.stack, change_set.id)
    left = aws.client("cloudformation").list_change_sets(StackName=change_set.stack)["Summaries"]
    stack = find(aws, change_set.stack)
    if stack and stack.status == "REVIEW_IN_PROGRESS" and not left:
        aws.client("cloudformation").delete_stack(StackName=change_set.stack)


def _request(env: Environment, base: str, stack: Stack | None) -> CreateChangeSetInputTypeDef:
    values = env.parameters(base)
    purpose = json.dumps([base, sorted(values.items())])
    request: CreateChangeSetInputTypeDef = {
        "StackName": env.stack,
        "ChangeSetName": f"{PREFIX}{hashlib.sha256(purpose.encode()).hexdigest()[:32]}",
        "ChangeSetType": "UPDATE" if stack else "CREATE",
        "TemplateURL": f"{base}/{env.top}",
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()],
        "Capabilities": CAPABILITIES,
        "IncludeNestedStacks": env.nested,
    }
    # An update leaves the stack's tags alone: they are passed on to everything in it, and a VPC
    # origin in use refuses even a new tag (aws-cdk#35765).
    if not stack:
        request["Tags"] = env.tags
    return request


def _create(
    aws: Aws, request: CreateChangeSetInputTypeDef, create: Callable[[], object] | None
) -> None:
    try:
        if create:
            create()
        else:
            aws.client("cloudformation").create_change_set(**request)
    except ClientError as error:
        message = str(error)
        if request["ChangeSetName"] in message and code_of(error) == "AlreadyExistsException":
            return
        if "already exists" in message or "_IN_PROGRESS state" in message:
            raise ClinicError(
                f"another deployment of {request['StackName']} has just begun: run the same "
                "command again to follow it.",
                exit_code=3,
            ) from error
        raise


def _ours(aws: Aws, stack: str) -> Iterator[tuple[str, bool]]:
    """Names of the change sets that this module left at a stack, and whether they may serve."""
    pages = aws.client("cloudformation").get_paginator("list_change_sets")
    try:
        for page in pages.paginate(StackName=stack):
            for summary in page["Summaries"]:
                if summary["ChangeSetName"].startswith(PREFIX):
                    ready = summary.get("ExecutionStatus") == "AVAILABLE"
                    pending = summary["Status"] in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
                    yield summary["ChangeSetName"], ready or pending
    except ClientError as error:
        if code_of(error) != "ValidationError" or "does not exist" not in str(error):
            raise


def _settled(aws: Aws, stack: str, name: str) -> DescribeChangeSetOutputTypeDef:
    """The change set's description once CloudFormation has made up its mind."""
    while True:
        description = aws.client("cloudformation").describe_change_set(
            StackName=stack, ChangeSetName=name
        )
        if description["Status"].startswith("DELETE_"):
            raise ClinicError(
                f"the last change set of {stack} is still being deleted: wait a minute, then run "
                "the same command again.",
                exit_code=3,
            )
        if description["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
            return description
        time.sleep(PAUSE)


def _refused(aws: Aws, description: DescribeChangeSetOutputTypeDef) -> ClinicError:
    reason, stack = description.get("StatusReason") or "no reason given", description["StackName"]
    cause = first_cause(aws, stack, [], evidence=[], change_set=description["ChangeSetId"])
    more = [] if cause.resource == stack else cause.lines()
    return ClinicError("\n".join([f"CloudFormation refuses this: {plain(reason)}", *more]))
