"""Takes a stack away: says first what is lost and what is kept, and proves it afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from generator.cloud import catalogue
from generator.cloud.aws import Aws, code_of, explain
from generator.cloud.deletion import Deletion, deletions, plan, remainders
from generator.cloud.follow import EventFeed, attach
from generator.cloud.stacks import Stack, began, events, family, find, last_deleted, newest
from generator.cloud.text import plain
from generator.errors import ClinicError
from generator.model.walk import STACK
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import DeleteStackInputTypeDef
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

ROUNDS, PASSES = 6, 200
"""Deletions that are begun, and lists of a bucket that are read, before giving up on writers."""
FULL = re.compile("bucket you tried to delete is not empty|BucketNotEmpty")
"""How S3 says that a bucket cannot be deleted yet."""
Follow = Callable[[EventFeed], str]
"""Shows an operation to its end; answers the stack's last state."""
Ask = Callable[[str], str]
"""Puts a question to a person; answers what was typed."""


def destroy(
    aws: Aws,
    name: str,
    *,
    follow: Follow,
    ask: Ask,
    report: Report,
    yes: bool = False,
) -> None:
    """Delete a stack by name, and say what is left of it.

    ``ask`` must bring the stack's name, unless ``yes``. Raises ClinicError: exit code 2 when
    deletion protection is on or the answer is another, 3 when something blocks the deletion.
    """
    stack = find(aws, name)
    if not stack:
        report.say(f"There is no stack {name}: nothing to do.")
        deleted = last_deleted(aws, name)
        if deleted:
            _last_page(aws, name, deleted, report)
        report.tell("done", stack=name)
        return
    begun = stack.status == "DELETE_IN_PROGRESS"
    if not begun:
        _refuse(stack)
    planned = [] if stack.status == "REVIEW_IN_PROGRESS" else deletions(aws, stack.id)
    _tell(planned, report)
    for line in plan(name, planned):
        report.say(line)
    if not begun:
        confirm(name, ask, yes)
    status = take_away(aws, stack, planned, follow, report)
    if status != "DELETE_COMPLETE":
        lines = blocking(aws, stack, "--retain")
        raise ClinicError("\n".join([f"{name} is in {status}. What blocks it:", *lines]), 3)
    _last_page(aws, name, stack.id, report)
    report.tell("done", stack=name)


def _last_page(aws: Aws, name: str, stack: str, report: Report) -> None:
    """Say what is left of a stack, by id, that is gone."""
    remains = remainders(aws, deletions(aws, stack))
    report.say(f"{name} is gone. Still there:{'' if remains else ' nothing.'}")
    for thing in remains:
        report.say(f"  {thing.path}  {thing.name}\n    to remove it: {thing.removal}")
        report.tell("left", **thing._asdict())


def _tell(planned: Iterable[Deletion], report: Report) -> None:
    for resource, policy in planned:
        about = {"path": resource.path, "type": resource.type, "physical": resource.physical}
        report.tell("fate", **about, policy=policy)


def take_away(
    aws: Aws, stack: Stack, planned: list[Deletion], follow: Follow, report: Report
) -> str:
    """Delete a stack, and empty its buckets meanwhile; the stack's last state.

    The first call that changes anything is DeleteStack, so whoever may not delete changes nothing.
    CloudFormation may come to a bucket before it is empty, or while others still write: then the
    deletion fails, the bucket is emptied again, and the deletion repeated.
    """
    for _ in range(ROUNDS):
        # Somebody else may have had the same idea.
        stack = find(aws, stack.id) or replace(stack, status="DELETE_COMPLETE")
        if stack.status == "DELETE_COMPLETE":
            break
        if stack.status == "DELETE_IN_PROGRESS":
            report.say(f"{stack.name} is being deleted: this run attaches to it.")
            feed = attach(aws, stack.id)
        else:
            begin = partial(aws.client("cloudformation").delete_stack, StackName=stack.id)
            feed = _started(aws, stack, begin)
        refused = _empty_all(aws, planned, report)
        stack = replace(stack, status=follow(feed))
        full = stack.status == "DELETE_FAILED" and any(
            deletion.is_emptied and FULL.search(deletion.resource.reason)
            for deletion in deletions(aws, stack.id)
        )
        if not full:
            break
        if refused:
            raise ClinicError(
                "\n".join([f"{stack.name} is in {stack.status}. What blocks it:", *refused]), 3
            )
        report.say("A bucket was not empty yet when CloudFormation came to it: once more.")
    return stack.status


def confirm(name: str, ask: Ask, yes: bool) -> None:
    """ClinicError unless the person means it."""
    if not yes and ask(f"Type {name} to delete it").strip() != name:
        raise ClinicError(f"that was not {name}: nothing was deleted (--yes does not ask).")


def empty(aws: Aws, bucket: str) -> int:
    """Delete every version and delete marker of a bucket, until a whole list of them is empty;
    answers how many. A bucket that somebody else deletes meanwhile is empty as well.

    ClinicError, with exit code 3, for an object that stays, or when others never stop writing.
    """
    count = 0
    try:
        for _ in range(PASSES):
            # What others write while a list is read may be missing from it.
            more = sum(_emptying(aws, bucket))
            if not more:
                return count
            count += more
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
        return count
    raise ClinicError(f"{bucket} cannot be emptied: something still writes to it.", exit_code=3)


def _emptying(aws: Aws, bucket: str) -> Iterator[int]:
    """How many of each page went."""
    s3 = aws.client("s3")
    # A page has at most a thousand, which is also what one call deletes.
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        old: list[ObjectIdentifierTypeDef] = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for version in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        if not old:
            yield 0
            continue
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": old, "Quiet": True})
        for error in answer.get("Errors", []):
            raise ClinicError(
                f"{bucket} cannot be emptied: {plain(error['Key'])}: {plain(error['Message'])}.",
                exit_code=3,
            )
        yield len(old)


def delete(aws: Aws, stack: Stack, follow: Follow, retain: Sequence[str] = ()) -> str:
    """Delete a stack but what it is to retain, and follow to the end; its last state."""
    request: DeleteStackInputTypeDef = {"StackName": stack.id}
    if retain:
        request["RetainResources"] = list(retain)
    start = partial(aws.client("cloudformation").delete_stack, **request)
    return operate(aws, stack, start, follow)


def operate(aws: Aws, stack: Stack, start: Callable[[], object], follow: Follow) -> str:
    """Start an operation on a stack and follow it to its end; the stack's last state."""
    return follow(_started(aws, stack, start))


def _started(aws: Aws, stack: Stack, start: Callable[[], object]) -> EventFeed:
    last = newest(aws, stack.id)
    start()
    return EventFeed(aws, stack.id, last.time, last.id)


def blocking(aws: Aws, stack: Stack, option: str) -> list[str]:
    """Lines that say what failed last and what to do; ``option`` of recover gives up on it."""
    last = {event.path: event for event in events(aws, stack.id, began(aws, stack.id))}
    lines, given_up = list[str](), ""
    for event in last.values():
        if event.failed and event.type != STACK:
            trap = catalogue.look_up(event.reason)
            lines.append(f"  {event.path}: {plain(event.reason)}")
            lines += [f"    {trap.meaning} {trap.advice}"] if trap else []
            given_up += f" {option} {dotted(event.path)}"
    return [*lines, f"Mend it and run `clinic recover {stack.env}`; to give it up, add{given_up}."]


def dotted(path: str) -> str:
    """A path as CloudFormation wants it at the root: EdgeStack.FrontendBucket."""
    return path.replace("/", ".")


def _refuse(stack: Stack) -> None:
    if family(stack.status) == "busy":
        raise ClinicError(
            f"{stack.name} is in {stack.status}: `clinic deploy {stack.env}` shows it to its end; "
            "then repeat this.",
            exit_code=3,
        )
    if stack.protected:
        raise ClinicError(
            f"{stack.name} has termination protection: CloudFormation refuses to delete it. If you "
            "do want to lose it, switch that off with `aws cloudformation "
            "update-termination-protection --no-enable-termination-protection --stack-name "
            f"{stack.name}`, then repeat this.",
            exit_code=3,
        )
    # In DELETE_FAILED there is no update any more that could switch it off.
    settled = stack.status != "DELETE_FAILED"
    if settled and stack.parameters.get("DeletionProtection") == "true":
        raise ClinicError(
            f"{stack.name} is protected from deletion. If you do want to lose it, set "
            f"DeletionProtection to false in its parameters, run `clinic deploy {stack.env}`, then "
            "repeat this."
        )


def _empty_all(aws: Aws, planned: Iterable[Deletion], report: Report) -> list[str]:
    """Empty the buckets that go with the stack, never a kept one; why one could not be emptied.

    The deletion goes on meanwhile, so that a refusal is no reason not to follow it.
    """
    refused = list[str]()
    for resource in (deletion.resource for deletion in planned if deletion.is_emptied):
        try:
            count = empty(aws, resource.physical)
        except (ClientError, ClinicError) as error:
            reason = explain(error) if isinstance(error, ClientError) else error
            refused.append(f"  {resource.path}: {reason}")
            report.say(f"Not emptied: {resource.path}: {reason}")
            continue
        report.say(f"Emptied {resource.path}: {count:,} versions.")
        report.tell("emptied", path=resource.path, versions=count)
    return refused
