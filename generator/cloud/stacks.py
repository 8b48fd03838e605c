"""Stacks, their states, resources and events, as CloudFormation tells them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.errors import ClinicError
from generator.model.walk import STACK, join

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

ABSENT = {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
"""Nothing is there but a name."""
STUCK = {
    "CREATE_FAILED",
    "DELETE_FAILED",
    "IMPORT_ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_FAILED",
}
"""CloudFormation takes no update before somebody recovers the stack."""
STARTED = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
"""How an operation on a stack begins; a rollback belongs to the operation it undoes."""
GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE"}
"""How an operation ends that did what was asked."""

Family = Literal["absent", "busy", "settled", "stuck"]


def family(status: str) -> Family:
    """What can be done with a stack in this state: create, wait, update or recover."""
    if status in ABSENT:
        return "absent"
    if status.endswith("_IN_PROGRESS"):
        return "busy"
    return "stuck" if status in STUCK else "settled"


@dataclass(frozen=True)
class Stack:
    """A stack as it was when it was asked for."""

    id: str
    name: str
    status: str
    reason: str
    outputs: dict[str, str]
    parameters: dict[str, str]
    """Values as the service shows them: NoEcho ones are asterisks."""
    protected: bool = False
    """Termination protection: CloudFormation refuses to delete it."""

    @property
    def env(self) -> str:
        """The environment, as the commands want it named."""
        return self.name.removeprefix("clinic-")


@dataclass(frozen=True)
class Resource:
    """A resource of a stack; ``children`` are the resources of a nested one."""

    path: str
    """Logical ids from the root on: BackendStack/BackendGroup."""
    type: str
    physical: str
    status: str
    reason: str
    children: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class Event:
    """One event of one stack of the tree."""

    id: str
    stack: str
    """The id of the stack whose event this is."""
    path: str
    """Logical ids from the root on; "" for the root itself, BackendStack for a nested stack."""
    type: str
    physical: str
    status: str
    reason: str
    time: datetime

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")

    @property
    def own(self) -> bool:
        """The event of a stack about itself, which its parent tells once more."""
        return self.type == STACK and self.physical == self.stack


def find(aws: Aws, name: str) -> Stack | None:
    """The stack of a name or id; None if there is none."""
    try:
        description = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return Stack(
        id=description["StackId"],
        name=description["StackName"],
        status=description["StackStatus"],
        reason=description.get("StackStatusReason", ""),
        outputs={o["OutputKey"]: o["OutputValue"] for o in description.get("Outputs", [])},
        parameters={
            p["ParameterKey"]: p.get("ParameterValue", "")
            for p in description.get("Parameters", [])
        },
        protected=description.get("EnableTerminationProtection", False),
    )


def existing(aws: Aws, name: str) -> Stack:
    """The stack of a name; ClinicError where there is nothing but a name."""
    stack = find(aws, name)
    if stack is None or family(stack.status) == "absent":
        raise ClinicError(f"there is no stack {name} in {aws.region}: run `clinic deploy` first.")
    return stack


def tree(aws: Aws, stack: str, path: str = "") -> tuple[Resource, ...]:
    """The resources of a stack, by name or id, and of its nested stacks: one call for each."""
    return tuple(
        replace(resource, children=tree(aws, resource.physical, resource.path))
        if resource.type == STACK and resource.physical and resource.status != "DELETE_COMPLETE"
        else resource
        for resource in resources_of(aws, stack, path)
    )


def resources_of(aws: Aws, stack: str, path: str = "") -> list[Resource]:
    """The resources of one stack, by name or id, without those of its nested stacks."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources")
    return [
        Resource(
            path=join(path, summary["LogicalResourceId"]),
            type=summary["ResourceType"],
            physical=summary.get("PhysicalResourceId", ""),
            status=summary["ResourceStatus"],
            reason=summary.get("ResourceStatusReason", ""),
        )
        for page in pages.paginate(StackName=stack)
        for summary in page["StackResourceSummaries"]
    ]


def walk(resources: tuple[Resource, ...]) -> Iterator[Resource]:
    """Every resource of a tree, parents before their children."""
    for resource in resources:
        yield resource
        yield from walk(resource.children)


def began(aws: Aws, stack: str) -> datetime | None:
    """When the last operation on a stack started, by the service's own clock."""
    for event in _newest_first(aws, stack, ""):
        if event.own and event.status in STARTED:
            return event.time
    return None


def deletion_began(aws: Aws, stack: str) -> datetime | None:
    """When a stack began to go: by the first deletion, or the rollback of its creation, after its
    last creation or update; None where nothing has begun."""
    first = None
    for event in _newest_first(aws, stack, ""):
        if event.own and event.status in {"DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"}:
            first = event.time
        elif event.own and event.status in STARTED:
            break
    return first


def last_deleted(aws: Aws, name: str) -> str | None:
    """The id of the stack of a name that was deleted last, listed for 90 days (API_ListStacks)."""
    pages = aws.client("cloudformation").get_paginator("list_stacks")
    deleted = [
        (summary.get("DeletionTime") or summary["CreationTime"], summary["StackId"])
        for page in pages.paginate(StackStatusFilter=["DELETE_COMPLETE"])
        for summary in page["StackSummaries"]
        if summary["StackName"] == name
    ]
    return max(deleted)[1] if deleted else None


def events(aws: Aws, stack: str, since: datetime | None) -> list[Event]:
    """Events of a stack, by id, and of its nested stacks, oldest first, from ``since`` on.

    One call for each stack of the tree that had an event.
    """
    all_events, ahead, known = list[Event](), [(stack, "")], {stack}
    while ahead:
        for event in reversed(events_of(aws, *ahead.pop(), since)):
            all_events.append(event)
            if event.type == STACK and event.physical and event.physical not in known:
                known.add(event.physical)
                ahead.append((event.physical, event.path))
    return sorted(all_events, key=lambda event: event.time)


def events_of(
    aws: Aws, stack: str, path: str, since: datetime | None, after: str = ""
) -> list[Event]:
    """Events of one stack, newest first, from ``since`` on or after the event with an id.

    Pages are only asked for as needed.
    """
    own_events = []
    for event in _newest_first(aws, stack, path):
        if event.id == after or (since and event.time < since):
            break
        own_events.append(event)
    return own_events


def newest(aws: Aws, stack: str) -> Event:
    """The newest event of a stack; every stack has one."""
    return next(_newest_first(aws, stack, ""))


def _newest_first(aws: Aws, stack: str, path: str) -> Iterator[Event]:
    pages = aws.client("cloudformation").get_paginator("describe_stack_events")
    for page in pages.paginate(StackName=stack):
        yield from (_event(event, path) for event in page["StackEvents"])


def _event(event: StackEventTypeDef, path: str) -> Event:
    physical = event.get("PhysicalResourceId", "")
    own = event["ResourceType"] == STACK and physical == event["StackId"]
    return Event(
        id=event["EventId"],
        stack=event["StackId"],
        path=path if own else join(path, event["LogicalResourceId"]),
        type=event["ResourceType"],
        physical=physical,
        status=event["ResourceStatus"],
        reason=event.get("ResourceStatusReason", ""),
        time=event["Timestamp"],
    )
