"""Takes a stack away: says first what is lost and what is kept, and proves it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from botocore.exceptions import ClientError

from generator.checks.walk import STACK
from generator.cloud import catalogue
from generator.cloud.aws import Aws, code_of
from generator.cloud.fate import BUCKET, Fate, fates, kept, left, plan
from generator.cloud.follow import Feed, attach
from generator.cloud.progress import Report
from generator.cloud.stacks import Stack, began, events, family, find, newest
from generator.cloud.text import plain
from generator.errors import ClinicError

Follow = Callable[[Feed], str]
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
        report.tell("done", stack=name)
        return
    planned = fates(aws, stack.id)
    _tell(planned, report)
    begun = stack.status == "DELETE_IN_PROGRESS"
    if not begun:
        _refuse(stack)
        for line in plan(name, planned):
            report.say(line)
        confirm(name, ask, yes)
        _empty_all(aws, planned, report)
        # Somebody else may have had the same idea.
        stack = find(aws, stack.id) or replace(stack, status="DELETE_COMPLETE")
    status = _delete(aws, stack, follow, report)
    if status != "DELETE_COMPLETE":
        lines = blocking(aws, stack, "--retain")
        raise ClinicError("\n".join([f"{name} is in {status}. What blocks it:", *lines]), 3)
    remains = left(aws, kept(aws, stack.id) if begun else planned)
    report.say(f"{name} is gone. Still there:{'' if remains else ' nothing.'}")
    for thing in remains:
        report.say(f"  {thing.path}  {thing.name}\n    to remove it: {thing.removal}")
        report.tell("left", **thing._asdict())
    report.tell("done", stack=name)


def _tell(planned: Iterable[Fate], report: Report) -> None:
    for resource, policy in planned:
        about = {"path": resource.path, "type": resource.type, "physical": resource.physical}
        report.tell("fate", **about, policy=policy)


def _delete(aws: Aws, stack: Stack, follow: Follow, report: Report) -> str:
    if stack.status == "DELETE_COMPLETE":
        return stack.status
    if stack.status == "DELETE_IN_PROGRESS":
        report.say(f"{stack.name} is being deleted: this run attaches to it.")
        return follow(attach(aws, stack.id))
    return delete(aws, stack, follow)


def confirm(name: str, ask: Ask, yes: bool) -> None:
    """ClinicError unless the person means it."""
    if not yes and ask(f"Type {name} to delete it").strip() != name:
        raise ClinicError(f"that was not {name}: nothing was deleted (--yes does not ask).")


def empty(aws: Aws, bucket: str) -> int:
    """Delete every version and delete marker of a bucket; answers how many. Can be repeated, and
    a bucket that somebody else deletes meanwhile is empty as well."""
    count = 0
    try:
        for more in _emptying(aws, bucket):
            count += more
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
    return count


def _emptying(aws: Aws, bucket: str) -> Iterator[int]:
    """How many of each page went."""
    s3 = aws.client("s3")
    owned = {"Bucket": bucket, "ExpectedBucketOwner": aws.account}
    # A page has at most a thousand, which is also what one call deletes.
    for page in s3.get_paginator("list_object_versions").paginate(**owned):
        old = [
            {"Key": told["Key"], "VersionId": told["VersionId"]}
            for told in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        ]
        answer = s3.delete_objects(**owned, Delete={"Objects": old, "Quiet": True}) if old else {}
        for error in answer.get("Errors", []):
            raise ClinicError(
                f"{bucket} cannot be emptied: {plain(error['Key'])}: {plain(error['Message'])}; "
                "the stack is untouched. Mend that, then repeat.",
                exit_code=3,
            )
        yield len(old)


def delete(aws: Aws, stack: Stack, follow: Follow, retain: Sequence[str] = ()) -> str:
    """Delete a stack but what it is to retain, and follow to the end; its last state."""
    ask = aws.client("cloudformation").delete_stack
    but = {"RetainResources": list(retain)} if retain else {}
    return operate(aws, stack, partial(ask, StackName=stack.id, **but), follow)


def operate(aws: Aws, stack: Stack, start: Callable[[], object], follow: Follow) -> str:
    """Start an operation on a stack and follow it to its end; the stack's last state."""
    last = newest(aws, stack.id)
    start()
    return follow(Feed(aws, stack.id, last.time, last.id))


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
    if stack.parameters.get("DeletionProtection") == "true":
        raise ClinicError(
            f"{stack.name} is protected from deletion. If you do want to lose it, set "
            f"DeletionProtection to false in its parameters, run `clinic deploy {stack.env}`, then "
            "repeat this."
        )


def _empty_all(aws: Aws, planned: Iterable[Fate], report: Report) -> None:
    """Empty the buckets that go with the stack, which a full one would stop; never a kept one."""
    for resource in (fate.resource for fate in planned if not fate.kept):
        if resource.type == BUCKET:
            count = empty(aws, resource.physical)
            report.say(f"Emptied {resource.path}: {count:,} versions.")
            report.tell("emptied", path=resource.path, versions=count)
