"""Gets a stack out of every state in which it takes no update. Acts on the root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from generator.cloud.aws import Aws
from generator.cloud.deletion import deletions
from generator.cloud.destroy import Follow, blocking, delete, dotted, operate, take_away
from generator.cloud.stacks import Resource, Stack, events, find, tree, walk
from generator.errors import ClinicError, quote
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ContinueUpdateRollbackInputTypeDef

RETAIN, SKIP = "--retain", "--skip"


@dataclass(frozen=True)
class Recovery:
    """A stack in trouble, and what the person gives up."""

    aws: Aws
    stack: Stack
    follow: Follow
    report: Report
    skip: Sequence[str]
    retain: Sequence[str]


def recover(
    aws: Aws,
    name: str,
    *,
    follow: Follow,
    report: Report,
    skip: Sequence[str] = (),
    retain: Sequence[str] = (),
) -> None:
    """Do what the state of a stack asks for, so that it can be deployed again.

    ``skip`` names resources whose rollback is given up, ``retain`` those that a deletion leaves
    behind: NestedStack.LogicalId, or LogicalId in the flat form. Raises ClinicError: exit code 2
    when one of them is not stuck, 3 with what blocks when the stack stays as it is.
    """
    stack = find(aws, name)
    if not stack:
        report.say(f"There is no stack {name}: nothing to recover.")
    else:
        report.say(f"{name} is in {stack.status}.")
        report.tell("stack", name=name, status=stack.status, reason=stack.reason)
        REMEDIES[stack.status](Recovery(aws, stack, follow, report, skip, retain))
    report.tell("done", stack=name)


def _fine(recovery: Recovery) -> None:
    recovery.report.say("Nothing to recover.")


def _wait(recovery: Recovery) -> None:
    again = f"clinic deploy {recovery.stack.env}"
    recovery.report.say(f"It is at work: `{again}` attaches to it and shows the end.")


def _leave(recovery: Recovery) -> None:
    raise ClinicError(
        f"resources were imported into {recovery.stack.name} and could not be let go again. "
        "Nothing here imports any, so whoever did decides: see the stack's events in the console.",
        exit_code=3,
    )


def _discard(recovery: Recovery) -> None:
    """The shell of a stack that was never made, and the change sets that nobody executed."""
    client = recovery.aws.client("cloudformation")
    for page in client.get_paginator("list_change_sets").paginate(StackName=recovery.stack.id):
        for summary in page["Summaries"]:
            client.delete_change_set(ChangeSetName=summary["ChangeSetId"])
            recovery.report.say(f"Deleted the change set {summary['ChangeSetName']}.")
            recovery.report.tell("change-set", name=summary["ChangeSetName"])
    client.delete_stack(StackName=recovery.stack.id)
    recovery.report.say("Nothing had been made; the empty stack is gone.")


def _delete(recovery: Recovery) -> None:
    """What is left of a creation that failed, or of a deletion."""
    recovery.report.say("Deleting what is left of it.")
    if own := _leave_behind(recovery):
        status = delete(recovery.aws, recovery.stack, recovery.follow, own)
    else:
        planned = deletions(recovery.aws, recovery.stack.id)
        status = take_away(recovery.aws, recovery.stack, planned, recovery.follow, recovery.report)
    _end(recovery, status, "DELETE_COMPLETE", RETAIN)
    past = events(recovery.aws, recovery.stack.id, None)
    kept = {event.path: event.physical for event in past if event.status == "DELETE_SKIPPED"}
    recovery.report.say(f"Kept, and used by nobody now:{'' if kept else ' nothing.'}")
    for path, physical in kept.items():
        recovery.report.say(f"  {path}  {physical}")
        recovery.report.tell("kept", path=path, physical=physical)


def _leave_behind(recovery: Recovery) -> list[str]:
    """Delete the nested stacks that own what is to be retained; answers what the root owns of it.

    A stack takes such names only for resources of its own. The root then finds the nested one
    gone.
    """
    if not recovery.retain:
        return []
    owners: dict[str, list[str]] = {"": []}
    for resource in _chosen(recovery, recovery.retain, "DELETE_FAILED"):
        owner, _, logical = resource.path.rpartition("/")
        owners.setdefault(owner, []).append(logical)
    for resource in _resources(recovery):
        nested = find(recovery.aws, resource.physical) if resource.path in owners else None
        if nested:
            delete(recovery.aws, nested, recovery.follow, owners[resource.path])
    return owners[""]


def _continue(recovery: Recovery) -> None:
    names = [
        dotted(resource.path) for resource in _chosen(recovery, recovery.skip, "UPDATE_FAILED")
    ]
    request: ContinueUpdateRollbackInputTypeDef = {"StackName": recovery.stack.id}
    if names:
        request["ResourcesToSkip"] = names
    _roll(
        recovery, partial(recovery.aws.client("cloudformation").continue_update_rollback, **request)
    )


def _roll_back(recovery: Recovery) -> None:
    ask = recovery.aws.client("cloudformation").rollback_stack
    _roll(recovery, partial(ask, StackName=recovery.stack.id))


def _roll(recovery: Recovery, start: Callable[[], object]) -> None:
    recovery.report.say("Going back to what was there before the update.")
    status = operate(recovery.aws, recovery.stack, start, recovery.follow)
    _end(recovery, status, "UPDATE_ROLLBACK_COMPLETE", SKIP)


def _end(recovery: Recovery, status: str, expected: str, option: str) -> None:
    if status != expected:
        lines = blocking(recovery.aws, recovery.stack, option)
        raise ClinicError(
            "\n".join([f"{recovery.stack.name} is in {status}. What blocks it:", *lines]),
            exit_code=3,
        )
    recovery.report.say(f"{recovery.stack.name} is in {status}: `clinic deploy` can go on.")


def _chosen(recovery: Recovery, names: Sequence[str], status: str) -> list[Resource]:
    """The resources that the person named; ClinicError if one is not stuck."""
    stuck = {dotted(r.path): r for r in _resources(recovery) if r.status == status} if names else {}
    for name in names:
        if name not in stuck:
            known = ", ".join(sorted(stuck)) or "nothing"
            raise ClinicError(f"{quote(name)} is not in {status}, but {known}: name one of these.")
    return [stuck[name] for name in names]


def _resources(recovery: Recovery) -> list[Resource]:
    return list(walk(tree(recovery.aws, recovery.stack.id)))


REMEDIES: Mapping[str, Callable[[Recovery], None]] = {
    "CREATE_IN_PROGRESS": _wait,
    "CREATE_FAILED": _delete,
    "CREATE_COMPLETE": _fine,
    "ROLLBACK_IN_PROGRESS": _wait,
    "ROLLBACK_FAILED": _delete,
    "ROLLBACK_COMPLETE": _delete,
    "DELETE_IN_PROGRESS": _wait,
    "DELETE_FAILED": _delete,
    "DELETE_COMPLETE": _fine,
    "UPDATE_IN_PROGRESS": _wait,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _wait,
    "UPDATE_COMPLETE": _fine,
    "UPDATE_FAILED": _roll_back,
    "UPDATE_ROLLBACK_IN_PROGRESS": _wait,
    "UPDATE_ROLLBACK_FAILED": _continue,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _wait,
    "UPDATE_ROLLBACK_COMPLETE": _fine,
    "REVIEW_IN_PROGRESS": _discard,
    "IMPORT_IN_PROGRESS": _wait,
    "IMPORT_COMPLETE": _fine,
    "IMPORT_ROLLBACK_IN_PROGRESS": _wait,
    "IMPORT_ROLLBACK_FAILED": _leave,
    "IMPORT_ROLLBACK_COMPLETE": _fine,
}
"""Every state that CloudFormation has."""
