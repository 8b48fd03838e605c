"""An operation is followed to its end, completely and within what the API allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from generator.cloud.aws import Aws
from generator.cloud.follow import CALLS, PACE, EventFeed, attach, follow
from generator.cloud.stacks import (
    ABSENT,
    STUCK,
    Event,
    began,
    events,
    family,
    find,
    newest,
    tree,
    walk,
)

from . import small

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def counted(aws: Aws) -> Counter[str]:
    """Calls that are made to CloudFormation from now on, by operation."""
    calls: Counter[str] = Counter()
    bus = aws.client("cloudformation").meta.events
    bus.register("before-call.cloudformation", lambda model, **rest: calls.update([model.name]))
    return calls


def ignore(event: Event) -> None:
    """Whoever tests the following looks at the feed itself."""


def test_every_state_of_cloudformation_belongs_to_one_family() -> None:
    from botocore.session import get_session

    model = get_session().get_service_model("cloudformation")
    families = {state: family(state) for state in model.shape_for("StackStatus").enum}
    assert len(families) == 23
    assert {s for s, f in families.items() if f == "stuck"} == STUCK
    assert {s for s, f in families.items() if f == "absent"} == ABSENT
    settled = {s for s, f in families.items() if f == "settled"}
    assert settled == {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }


def test_every_event_of_every_nested_stack_is_told_once(aws: Aws) -> None:
    env = small.nested()
    small.deploy(aws, env)
    stack = find(aws, env.stack)
    assert stack
    feed = EventFeed(aws, stack.id, None)
    assert follow(feed, ignore, 0) == "CREATE_COMPLETE"
    told = [event.id for event in feed.events]
    assert len(told) == len(set(told))
    assert set(told) == {event.id for event in events(aws, stack.id, None)}
    made = {event.path for event in feed.events if event.status == "CREATE_COMPLETE"}
    assert {resource.path for resource in walk(tree(aws, stack.id))} < made


def test_a_feed_begins_where_the_operation_does(aws: Aws) -> None:
    small.deploy(aws, small.nested())
    small.deploy(aws, small.nested(LogRetentionDays="7"))
    stack = find(aws, "clinic-small")
    assert stack
    feed = attach(aws, stack.id)
    assert follow(feed, ignore, 0) == "UPDATE_COMPLETE"
    assert {event.status.split("_")[0] for event in feed.events} == {"UPDATE"}
    assert feed.events[0].time == began(aws, stack.id)


def test_a_feed_after_an_event_tells_only_what_follows(aws: Aws) -> None:
    env = small.one({"Topic": {"Type": "AWS::SNS::Topic"}})
    small.deploy(aws, env)
    stack = find(aws, env.stack)
    assert stack
    last = newest(aws, stack.id)
    feed = EventFeed(aws, stack.id, last.time, last.id)
    assert feed.read() == []
    aws.client("cloudformation").delete_stack(StackName=stack.id)
    assert follow(feed, ignore, small.PACE) == "DELETE_COMPLETE"
    assert feed.events[0].status == "DELETE_IN_PROGRESS"


def test_asking_for_the_events_of_a_tree_takes_one_call_for_each_stack(aws: Aws) -> None:
    env = small.nested()
    small.deploy(aws, env)
    stack = find(aws, env.stack)
    assert stack
    calls = counted(aws)
    found = events(aws, stack.id, None)
    assert calls["DescribeStackEvents"] == len(env.documents)
    assert [event.time for event in found] == sorted(event.time for event in found)


class Service:
    """Stands for CloudFormation where time has to pass: answers are taken one after another."""

    def __init__(self, *answers: list[dict[str, Any]], status: str) -> None:
        self.answers, self.status = list(answers), status

    def answer(self, model: Any, **rest: Any) -> Any:
        if model.name == "DescribeStackEvents":
            told = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            return _Ok(), {"StackEvents": told}
        stack = {"StackId": "arn:root", "StackName": "clinic-small", "CreationTime": NOW}
        return _Ok(), {"Stacks": [{**stack, "StackStatus": self.status}]}


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, now: list[float]) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now[0]

    def sleep(self, seconds: float) -> None:
        self.now[0] += seconds


class _Ok:
    status_code = 200


@pytest.fixture
def scripted(aws: Aws) -> Callable[[Service], Aws]:
    def use(service: Service) -> Aws:
        bus = aws.client("cloudformation").meta.events
        bus.register("before-call.cloudformation", service.answer)
        return aws

    return use


def event(number: int, status: str) -> dict[str, Any]:
    return {
        "EventId": str(number),
        "StackId": "arn:root",
        "StackName": "clinic-small",
        "LogicalResourceId": "clinic-small",
        "PhysicalResourceId": "arn:root",
        "ResourceType": "AWS::CloudFormation::Stack",
        "ResourceStatus": status,
        "Timestamp": NOW.replace(minute=number),
    }


def test_a_failure_that_is_still_to_be_rolled_back_is_not_the_end(
    scripted: Callable[[Service], Aws],
) -> None:
    failed, rolling = event(1, "UPDATE_FAILED"), event(2, "UPDATE_ROLLBACK_IN_PROGRESS")
    done = event(3, "UPDATE_ROLLBACK_COMPLETE")
    service = Service([failed], [rolling, failed], [done, rolling, failed], status="BUSY")
    service.status = "UPDATE_ROLLBACK_IN_PROGRESS"

    def show(told: Event) -> None:
        if told.status == "UPDATE_ROLLBACK_COMPLETE":
            service.status = told.status

    feed = EventFeed(scripted(service), "arn:root", None)
    assert follow(feed, show, 0) == "UPDATE_ROLLBACK_COMPLETE"
    assert [told.id for told in feed.events] == ["1", "2", "3"]


def test_a_long_silence_is_not_waited_out_for_ever(scripted: Callable[[Service], Aws]) -> None:
    feed = EventFeed(scripted(Service([], status="UPDATE_COMPLETE")), "arn:root", None)
    assert follow(feed, ignore, 0) == "UPDATE_COMPLETE"


def test_a_tree_of_twelve_stacks_needs_at_most_thirty_calls_a_minute(
    scripted: Callable[[Any], Aws], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, times = [0.0], list[float]()
    monkeypatch.setattr("generator.cloud.follow.time", Clock(now))

    class Slow:
        """A root and eleven nested stacks that are all busy for ten minutes."""

        def answer(self, model: Any, params: dict[str, Any], **rest: Any) -> Any:
            times.append(now[0])
            asked, done = params["body"]["StackName"], now[0] >= 600
            states = ["CREATE_COMPLETE"] * done + ["CREATE_IN_PROGRESS"]
            if model.name == "DescribeStacks":
                told = {"StackId": "arn:root", "StackName": "x", "CreationTime": NOW}
                return _Ok(), {"Stacks": [{**told, "StackStatus": states[0]}]}
            inner = [f"arn:child{n}" for n in range(11)] if asked == "arn:root" else []
            return _Ok(), {
                "StackEvents": [
                    {**event(9, state), "EventId": f"{asked}{one}{state}", "StackId": asked}
                    | {"PhysicalResourceId": one, "LogicalResourceId": one}
                    for state in states
                    for one in (asked, *inner)
                ]
            }

    feed = EventFeed(scripted(Slow()), "arn:root", None)
    assert follow(feed, ignore) == "CREATE_COMPLETE"
    assert len({told.stack for told in feed.events}) == 12
    assert max(times) >= 600
    for start in times:
        assert sum(start <= at < start + 60 for at in times) <= 30


def test_a_minute_has_at_most_thirty_calls() -> None:
    """CloudFormation throttles a whole account: nobody else could deploy meanwhile. CALLS in CALLS
    paces, and one for the stack itself."""
    assert (CALLS + 1) * 60 / (CALLS * PACE) <= 30
    assert CALLS <= 30


@pytest.mark.parametrize(
    "state", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"]
)
def test_a_nested_stack_is_asked_whatever_is_being_done_to_it(aws: Aws, state: str) -> None:
    """Why an update failed is told by the nested stack alone."""
    feed = EventFeed(aws, "arn:root", None)
    kind = "AWS::CloudFormation::Stack"
    feed._note(Event("1", "arn:root", "", kind, "arn:root", state, "", NOW))
    feed._note(Event("2", "arn:root", "EdgeStack", kind, "arn:edge", state, "", NOW))
    assert [stack for stack, _ in feed._turns] == ["arn:edge", "arn:root"]
