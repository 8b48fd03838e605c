"""The events of a log group by FilterLogEvents: each once, late ones too."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from generator.application.doctor.instance import Pace
from generator.cloud.aws import Aws, code_of

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef, FilterLogEventsRequestTypeDef

CALLS_A_SECOND = 2
"""FilterLogEvents takes 5 calls a second in an account and region (CloudWatch Logs quotas): two
people can follow at once, and a console beside them."""
POLL = 2.0
"""Seconds between two reads while following."""
LATE = 90_000
"""Milliseconds by which an event may come after those that are newer than it: a minute, and a read
in which it was not yet to be seen."""
WHOLE_ID = re.compile(r"i-[0-9a-f]{8}(?:[0-9a-f]{9})?")


@dataclass(frozen=True)
class Streams:
    """Which streams of a log group are read. Their names are ``<instance>/<log>``."""

    log: str
    """boot or backend."""
    instance: str = ""
    """An instance id, or the end of one; empty for all instances."""

    def includes(self, stream: str) -> bool:
        instance, _, log = stream.rpartition("/")
        return log == self.log and instance.endswith(self.instance)

    @property
    def prefix(self) -> str:
        """What the service can select by: the stream of one instance; else nothing, since it knows
        no ends of names."""
        return f"{self.instance}/{self.log}" if WHOLE_ID.fullmatch(self.instance) else ""


class LogFeed:
    """The events of some streams of a log group from a moment on, each once."""

    def __init__(self, aws: Aws, log_group: str, streams: Streams, since: datetime) -> None:
        self.aws, self.log_group, self.streams = aws, log_group, streams
        self._start = max(0, int(since.timestamp() * 1000))
        self._newest = 0
        self._seen: dict[str, int] = {}
        """Timestamps by event id, of those events that the next read returns once more."""
        self._calls = Pace(CALLS_A_SECOND)

    def read(self) -> Iterator[FilteredLogEventTypeDef]:
        """What there is that no earlier read had, by time.

        The next read begins LATE before the newest event, but no later than LATE before this read
        began, however far ahead an instance's clock is.
        """
        begun, token = int(time.time() * 1000), ""
        while True:
            self._calls.wait()
            events, token = self._page(token)
            for event in events:
                self._newest = max(self._newest, event["timestamp"])
                known = event["eventId"] in self._seen
                self._seen[event["eventId"]] = event["timestamp"]
                if not known and self.streams.includes(event["logStreamName"]):
                    yield event
            start = max(self._start, min(self._newest, begun) - LATE)
            self._seen = {id: at for id, at in self._seen.items() if at >= start}
            if not token:
                self._start = start
                return

    def _page(self, token: str) -> tuple[list[FilteredLogEventTypeDef], str]:
        """One call: its events and the token of the next page. A group or stream that is not there
        (yet) has no events."""
        try:
            page = self.aws.client("logs").filter_log_events(**self._request(token))
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return [], ""
        return page.get("events", []), page.get("nextToken", "")

    def _request(self, token: str) -> FilterLogEventsRequestTypeDef:
        request: FilterLogEventsRequestTypeDef = {
            "logGroupName": self.log_group,
            "startTime": self._start,
        }
        if self.streams.prefix:
            request["logStreamNamePrefix"] = self.streams.prefix
        if token:
            request["nextToken"] = token
        return request


def is_empty(aws: Aws, log_group: str) -> bool:
    """Whether no stream was ever made in a log group, or it is gone."""
    try:
        page = aws.client("logs").describe_log_streams(logGroupName=log_group, limit=1)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return True
    return not page["logStreams"]
