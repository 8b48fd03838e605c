"""Each event once, the late ones too, in pages, within the limit of calls."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.application.doctor.instance import Pace
from generator.application.logs.feed import CALLS_A_SECOND, LATE, LogFeed, Streams, is_empty
from generator.cloud.aws import Aws
from tests.cloud.test_diagnose import DENIED, Stubbed

ONE, TWO = "i-0000000000000aaaa", "i-0000000000000bbbb"
BACKEND = Streams("backend")
NOW = 1_800_000_000_000


class Service:
    """A log group: what is visible by now, in pages, as AWS sorts it."""

    def __init__(self, page: int = 1000) -> None:
        self.events: list[dict[str, Any]] = []
        self.page, self.requests = page, list[dict[str, Any]]()

    def put(self, at: int, text: str, stream: str = f"{ONE}/backend") -> None:
        number = len(self.events)
        self.events.append(
            {"eventId": f"{number}", "timestamp": at, "message": text, "logStreamName": stream}
        )

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        prefix = request.get("logStreamNamePrefix", "")
        there = sorted(
            (
                event
                for event in self.events
                if event["timestamp"] >= request["startTime"]
                and event["logStreamName"].startswith(prefix)
            ),
            key=lambda event: event["timestamp"],
        )
        first = int(request.get("nextToken", 0))
        answer: dict[str, Any] = {"events": there[first : first + self.page]}
        if first + self.page < len(there):
            answer["nextToken"] = str(first + self.page)
        return answer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of the machine's clock; a pause takes none."""
    now = [NOW / 1000]
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(Pace, "wait", lambda _: None)
    return now


def feed(service: Service, streams: Streams = BACKEND, since: int = 0) -> LogFeed:
    aws = Stubbed().aws
    aws._clients["logs"] = service
    return LogFeed(aws, "group", streams, datetime.fromtimestamp(since / 1000, UTC))


def texts(feed: LogFeed) -> list[str]:
    return [event["message"] for event in feed.read()]


def test_every_event_is_read_once_however_often_its_window_is_read(clock: list[float]) -> None:
    service = Service()
    reader = feed(service)
    for second in range(0, 400, 2):
        clock[0] = NOW / 1000 + second
        service.put(NOW + second * 1000, f"{second}")
        assert texts(reader) == [f"{second}"]
    assert texts(reader) == []
    assert service.requests[-1]["startTime"] == NOW + 398_000 - LATE
    assert len(reader._seen) == LATE // 2000 + 1


@pytest.mark.parametrize("late", [1, 30, 60])
def test_an_event_that_comes_up_to_a_minute_late_is_read(clock: list[float], late: int) -> None:
    service = Service()
    reader = feed(service)
    for second in range(0, 300, 2):
        clock[0] = NOW / 1000 + second
        service.put(NOW + second * 1000, f"{second}")
        service.put(NOW + (second - late) * 1000, f"{second} late", f"{TWO}/backend")
        assert texts(reader) == [f"{second} late", f"{second}"]


def test_an_event_that_comes_while_a_slow_read_goes_on_is_read_by_the_next(
    clock: list[float],
) -> None:
    """The read of many pages takes 80 s, and an event comes late behind where it already was."""
    service = Service(page=1)
    service.put(NOW - 1000, "first")
    service.put(NOW + 80_000, "second")
    reader = feed(service)
    reading = reader.read()
    assert next(reading)["message"] == "first"
    clock[0] += 80
    service.put(NOW - 59_000, "late")
    assert [event["message"] for event in reading][-1:] == ["second"]
    assert "late" in texts(reader)


def test_an_instance_whose_clock_is_ahead_hides_nothing_of_the_others(clock: list[float]) -> None:
    service = Service()
    service.put(NOW + 7_000_000, "ahead", f"{TWO}/backend")
    reader = feed(service)
    assert texts(reader) == ["ahead"]
    service.put(NOW, "in time")
    assert texts(reader) == ["in time"]
    assert texts(reader) == []


def test_a_machine_whose_clock_is_ahead_misses_nothing(clock: list[float]) -> None:
    service = Service()
    service.put(NOW - 300_000, "first")
    reader = feed(service)
    assert texts(reader) == ["first"]
    service.put(NOW - 299_000, "second")
    assert texts(reader) == ["second"]


def test_events_of_all_pages_are_read_also_after_an_empty_one(clock: list[float]) -> None:
    stubbed = Stubbed()
    event = {"eventId": "1", "timestamp": NOW, "message": "x", "logStreamName": f"{ONE}/backend"}
    stubbed.say("logs", "filter_log_events", events=[], nextToken="a")
    stubbed.say("logs", "filter_log_events", events=[event])
    reader = LogFeed(stubbed.aws, "group", Streams("backend"), datetime(2026, 1, 1, tzinfo=UTC))
    assert texts(reader) == ["x"]
    stubbed.of("logs").assert_no_pending_responses()


@pytest.mark.parametrize(
    ("streams", "read", "prefix"),
    [
        (Streams("backend"), ["1", "2"], None),
        (Streams("boot"), ["3"], None),
        (Streams("backend", ONE), ["1"], f"{ONE}/backend"),
        (Streams("backend", "bbbb"), ["2"], None),
        (Streams("boot", ONE), ["3"], f"{ONE}/boot"),
    ],
)
def test_streams_are_chosen_by_log_and_instance(
    clock: list[float], streams: Streams, read: list[str], prefix: str | None
) -> None:
    service = Service()
    service.put(NOW, "1", f"{ONE}/backend")
    service.put(NOW, "2", f"{TWO}/backend")
    service.put(NOW, "3", f"{ONE}/boot")
    service.put(NOW, "typed in a shell", "somebody-0a1b2c3d")
    assert texts(feed(service, streams)) == read
    assert service.requests[0].get("logStreamNamePrefix") == prefix


def test_a_group_or_stream_that_is_not_there_has_no_events(clock: list[float]) -> None:
    stubbed = Stubbed()
    stubbed.of("logs").add_client_error("filter_log_events", "ResourceNotFoundException")
    assert texts(LogFeed(stubbed.aws, "gone", BACKEND, datetime(2026, 1, 1, tzinfo=UTC))) == []


def test_another_refusal_is_not_taken_for_an_absent_group(clock: list[float]) -> None:
    stubbed = Stubbed()
    stubbed.of("logs").add_client_error("filter_log_events", **DENIED)
    with pytest.raises(ClientError):
        texts(LogFeed(stubbed.aws, "group", BACKEND, datetime(2026, 1, 1, tzinfo=UTC)))


def test_no_more_calls_begin_in_a_second_than_two_people_may_make(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept = list[float]()
    monkeypatch.setattr(time, "sleep", slept.append)
    service = Service(page=1)
    for number in range(20):
        service.put(NOW, f"{number}")
    assert len(texts(feed(service))) == 20
    assert CALLS_A_SECOND * 2 < 5
    assert max(slept) > 19 / CALLS_A_SECOND - 1


def test_the_start_of_a_far_past_is_no_negative_time() -> None:
    assert feed(Service(), since=-1_000_000)._start == 0


def test_the_client_is_the_one_that_the_connection_has(aws: Aws) -> None:
    """At the embedded endpoint an empty group has no events."""
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="group")
    assert is_empty(aws, "group")
    assert is_empty(aws, "gone")
    assert texts(LogFeed(aws, "group", Streams("boot"), datetime(2026, 1, 1, tzinfo=UTC))) == []
    logs.create_log_stream(logGroupName="group", logStreamName="i-1/boot")
    assert not is_empty(aws, "group")
