"""Gets a stack out of every state in which it takes no update. Acts on the root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from generator.cloud.aws import Aws
from generator.cloud.destroy import Follow, blocking, delete, dotted, operate, take_away
from generator.cloud.fate import fates
from generator.cloud.stacks import Resource, Stack, events, find, tree, walk
from generator.errors import ClinicError, quote
from generator.report import Report

RETAIN, SKIP = "--retain", "--skip"


@dataclass(frozen=True)
class Case:
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
        REMEDIES[stack.status](Case(aws, stack, follow, report, skip, retain))
    report.tell("done", stack=name)


def _fine(case: Case) -> None:
    case.report.say("Nothing to recover.")


def _wait(case: Case) -> None:
    again = f"clinic deploy {case.stack.env}"
    case.report.say(f"It is at work: `{again}` attaches to it and shows the end.")


def _leave(case: Case) -> None:
    raise ClinicError(
        f"resources were imported into {case.stack.name} and could not be let go again. Nothing "
        "here imports any, so whoever did decides: see the stack's events in the console.",
        exit_code=3,
    )


def _discard(case: Case) -> None:
    """The shell of a stack that was never made, and the change sets that nobody executed."""
    client = case.aws.client("cloudformation")
    for page in client.get_paginator("list_change_sets").paginate(StackName=case.stack.id):
        for told in page["Summaries"]:
            client.delete_change_set(ChangeSetName=told["ChangeSetId"])
            case.report.say(f"Deleted the change set {told['ChangeSetName']}.")
            case.report.tell("change-set", name=told["ChangeSetName"])
    client.delete_stack(StackName=case.stack.id)
    case.report.say("Nothing had been made; the empty stack is gone.")


def _delete(case: Case) -> None:
    """What is left of a creation that failed, or of a deletion."""
    case.report.say("Deleting what is left of it.")
    if own := _leave_behind(case):
        status = delete(case.aws, case.stack, case.follow, own)
    else:
        planned = fates(case.aws, case.stack.id)
        status = take_away(case.aws, case.stack, planned, case.follow, case.report)
    _end(case, status, "DELETE_COMPLETE", RETAIN)
    told = events(case.aws, case.stack.id, None)
    kept = {event.path: event.physical for event in told if event.status == "DELETE_SKIPPED"}
    case.report.say(f"Kept, and used by nobody now:{'' if kept else ' nothing.'}")
    for path, physical in kept.items():
        case.report.say(f"  {path}  {physical}")
        case.report.tell("kept", path=path, physical=physical)


def _leave_behind(case: Case) -> list[str]:
    """Delete the nested stacks that own what is to be retained; answers what the root owns of it.

    A stack takes such names only for resources of its own. The root then finds the nested one
    gone.
    """
    if not case.retain:
        return []
    owners: dict[str, list[str]] = {"": []}
    for resource in _chosen(case, case.retain, "DELETE_FAILED"):
        owner, _, logical = resource.path.rpartition("/")
        owners.setdefault(owner, []).append(logical)
    for resource in _resources(case):
        nested = find(case.aws, resource.physical) if resource.path in owners else None
        if nested:
            delete(case.aws, nested, case.follow, owners[resource.path])
    return owners[""]


def _continue(case: Case) -> None:
    names = [dotted(resource.path) for resource in _chosen(case, case.skip, "UPDATE_FAILED")]
    ask = case.aws.client("cloudformation").continue_update_rollback
    start = partial(ask, StackName=case.stack.id, **({"ResourcesToSkip": names} if names else {}))
    _roll(case, start)


def _roll_back(case: Case) -> None:
    ask = case.aws.client("cloudformation").rollback_stack
    _roll(case, partial(ask, StackName=case.stack.id))


def _roll(case: Case, start: Callable[[], object]) -> None:
    case.report.say("Going back to what was there before the update.")
    status = operate(case.aws, case.stack, start, case.follow)
    _end(case, status, "UPDATE_ROLLBACK_COMPLETE", SKIP)


def _end(case: Case, status: str, wanted: str, option: str) -> None:
    if status != wanted:
        lines = blocking(case.aws, case.stack, option)
        raise ClinicError(
            "\n".join([f"{case.stack.name} is in {status}. What blocks it:", *lines]), exit_code=3
        )
    case.report.say(f"{case.stack.name} is in {status}: `clinic deploy` can go on.")


def _chosen(case: Case, names: Sequence[str], status: str) -> list[Resource]:
    """The resources that the person named; ClinicError if one is not stuck."""
    stuck = {dotted(r.path): r for r in _resources(case) if r.status == status} if names else {}
    for name in names:
        if name not in stuck:
            known = ", ".join(sorted(stuck)) or "nothing"
            raise ClinicError(f"{quote(name)} is not in {status}, but {known}: name one of these.")
    return [stuck[name] for name in names]


def _resources(case: Case) -> list[Resource]:
    return list(walk(tree(case.aws, case.stack.id)))


REMEDIES: Mapping[str, Callable[[Case], None]] = {
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
