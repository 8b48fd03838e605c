"""Why an operation failed: the first cause first, in the service's own words and in ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from generator.cloud import backend, catalogue
from generator.cloud.aws import Aws, explain
from generator.cloud.backend import GROUP, LOG_GROUP
from generator.cloud.stacks import Event
from generator.cloud.text import plain

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import EventFilterTypeDef

CONSEQUENCE = re.compile(
    r"Resource \w+ cancelled|The following resource\(s\) failed"
    r"|Embedded stack \S+ was not successfully"
)
"""What fails only because something else did."""
VALIDATION = {"VALIDATION_ERROR", "HOOK_INVOCATION_ERROR"}
LOG_LINES, INSTANCES = 30, 3
UNKNOWN = (
    "This is not a trap that is known here.",
    "Look the sentence up in the documentation of the resource, mend it and deploy again.",
)


@dataclass(frozen=True)
class Diagnosis:
    """The first cause of a failure; every text is harmless on a terminal."""

    resource: str
    """Logical ids from the root on, as in BackendStack/BackendGroup; a template path if it was
    found before anything was made."""
    sentence: str
    """The service's own words."""
    meaning: str
    advice: str
    evidence: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For a person: the cause, what it usually means, what to do, what was seen."""
        return [
            f"First cause: {self.resource}: {self.sentence}",
            f"  Usually: {self.meaning}",
            f"  To do:   {self.advice}",
            *(f"  Seen:    {line}" for line in self.evidence),
        ]


class Cause(NamedTuple):
    """Something that failed by itself."""

    time: datetime
    resource: str
    sentence: str
    event: Event | None = None


def first_cause(
    aws: Aws,
    stack: str,
    events: Sequence[Event],
    evidence: Sequence[str] | None = None,
    change_set: str = "",
) -> Diagnosis:
    """Diagnose an operation on ``stack``, of which ``events`` are all events, oldest first.

    ``evidence`` is what collect() got while the operation ran; without it, what is still there is
    asked for now. ``change_set`` (an ARN) asks for the validation errors of one that failed.
    """
    causes = [
        Cause(event.time, event.path or stack, event.reason, event)
        for event in events
        if event.failed and event.reason and not CONSEQUENCE.match(event.reason)
    ]
    raw_lines, invalid = list(evidence or ()), list[Cause]()
    try:
        invalid = _validation(aws, stack, change_set, events[0].time if events else None)
    except (BotoCoreError, ClientError) as error:
        raw_lines.append(f"validation errors cannot be read: {explain(error)}")
    # A validation error names the property; the event beside it only says that there is one.
    first = min(invalid or causes, key=lambda cause: cause.time, default=None)
    if not first:
        return Diagnosis(stack, "CloudFormation names no cause.", *UNKNOWN, raw_lines)
    if evidence is None and first.event:
        raw_lines += collect(aws, first.event)
    raw_lines += [f"{cause.resource}: {cause.sentence}" for cause in invalid if cause != first]
    # Only an instance speaks an instance's words; what it says explains the missing signal.
    on_instance = catalogue.look_up(*raw_lines, among=catalogue.on_instances())
    trap = on_instance or catalogue.look_up(first.sentence, *raw_lines)
    meaning, advice = (trap.meaning, trap.advice) if trap else UNKNOWN
    lines = [plain(line) for line in raw_lines]
    return Diagnosis(plain(first.resource), plain(first.sentence), meaning, advice, lines)


def collect(aws: Aws, event: Event) -> list[str]:
    """What an instance can still tell when its group fails, before the rollback takes it away.

    Scaling activities that failed, targets that are not healthy, and the end of the boot log of
    up to three instances, or of the console where there is no log. Of other resources nothing.
    What cannot be read is said in its place.
    """
    if event.type != GROUP or not event.physical:
        return []
    group = event.physical
    return [
        *_asked("scaling activities", lambda: backend.failures(backend.activities(aws, group))),
        *_asked("target health", lambda: _targets(aws, group)),
        *_asked("the boot log", lambda: _boots(aws, event) or _consoles(aws, group)),
    ]


def _validation(aws: Aws, stack: str, change_set: str, since: datetime | None) -> list[Cause]:
    pages = aws.client("cloudformation").get_paginator("describe_events")
    failed: EventFilterTypeDef = {"FailedEvents": True}
    if change_set:
        answers = pages.paginate(ChangeSetName=change_set, Filters=failed)
    else:
        answers = pages.paginate(StackName=stack, Filters=failed)
    return [
        Cause(
            event["Timestamp"],
            event.get("ValidationPath") or event.get("LogicalResourceId", stack),
            event.get("ValidationStatusReason") or event.get("HookStatusReason", ""),
        )
        for page in answers
        for event in page["OperationEvents"]
        if event.get("EventType") in VALIDATION
        and event.get("ValidationFailureMode", "FAIL") == "FAIL"
        and (not since or event["Timestamp"] >= since)
    ]


def _asked(what: str, ask: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return [plain(line) for line in ask()]
    except (BotoCoreError, ClientError) as error:
        return [f"{what} cannot be read: {explain(error)}"]


def _targets(aws: Aws, name: str) -> list[str]:
    targets = backend.targets(aws, backend.group(aws, name))
    return [str(target) for target in targets if target.state != "healthy"]


def _boots(aws: Aws, event: Event) -> list[str]:
    """The ends of the newest boot logs; nothing when no instance ever wrote one."""
    made = aws.client("cloudformation").describe_stack_resource(
        StackName=event.stack, LogicalResourceId=LOG_GROUP
    )
    name = made["StackResourceDetail"]["PhysicalResourceId"]
    return [
        f"{stream}: {line}"
        for stream in backend.boot_streams(aws, name)[:INSTANCES]
        for line in backend.log_end(aws, name, stream, LOG_LINES)
    ]


def _consoles(aws: Aws, name: str) -> list[str]:
    instances = [member["InstanceId"] for member in backend.instances(backend.group(aws, name))]
    return [
        f"{instance}/console: {line}"
        for instance in instances[:INSTANCES]
        for line in backend.console(aws, instance)[-LOG_LINES:]
    ]
