"""Print what instances log, merged by time."""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import click

from generator.application.logs.feed import POLL, LogFeed, Streams, is_empty
from generator.cloud import backend
from generator.cloud.aws import Aws
from generator.cloud.text import printable
from generator.errors import ClinicError, quote
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

SHORT = 6
"""Hexadecimal digits of an instance id that a line shows, and that --instance takes."""
INSTANCE = re.compile(r"i-[0-9a-f]{8}([0-9a-f]{9})?|[0-9a-f]{4,17}")
COLOURS = ("cyan", "magenta", "green", "blue", "yellow", "red")
"""One for each instance, again from the first one on; all can be read on light and on dark."""
STYLES = re.compile(r"\x1b\[[0-9;]*m")
"""Colours of the backend's own logger."""


@dataclass
class Lines:
    """Writes events on one line each: time (UTC), end of the instance id, text."""

    coloured: bool
    _colours: dict[str, str] = field(default_factory=dict)

    def line(self, event: FilteredLogEventTypeDef) -> str:
        instance = event["logStreamName"].rpartition("/")[0]
        short = printable(instance[-SHORT:])
        if self.coloured:
            next_colour = COLOURS[len(self._colours) % len(COLOURS)]
            short = click.style(short, fg=self._colours.setdefault(instance, next_colour))
        text = printable(STYLES.sub("", event["message"]).rstrip())
        return f"{_time(event):%Y-%m-%dT%H:%M:%SZ} {short} {text}"


def logs(
    aws: Aws, name: str, streams: Streams, since: datetime, report: Report, follow: bool = False
) -> None:
    """Print the events of a stack by name from ``since`` on; with ``follow`` until interrupted.

    ClinicError (2) if there is no such stack or log group, or the instance id is none.
    """
    if streams.instance and not INSTANCE.fullmatch(streams.instance):
        raise ClinicError(
            f"{quote(streams.instance)} is no instance id: give one such as i-0123456789abcdef0, "
            "or the end of it that `clinic logs` shows."
        )
    log_group = backend.of_stack(aws, name).log_group
    if not log_group:
        raise ClinicError(f"{name} has no log group (yet): `clinic status` shows what it has.")
    feed = LogFeed(aws, log_group, streams, since)
    lines = Lines(sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    count = _print(feed, lines, report)
    if not count:
        _explain(aws, log_group, streams, since)
    if follow:
        _follow(feed, lines, report)
    report.tell("done", log_group=log_group, events=count)


def _follow(feed: LogFeed, lines: Lines, report: Report) -> NoReturn:
    """Go on until a person interrupts; click then ends the line that the terminal's ^C is on."""
    while True:
        time.sleep(POLL)
        _print(feed, lines, report)


def _print(feed: LogFeed, lines: Lines, report: Report) -> int:
    """Print what one read has; how many events."""
    count = 0
    for event in feed.read():
        count += 1
        instance, _, log = event["logStreamName"].rpartition("/")
        at = _time(event).isoformat(timespec="milliseconds")
        report.tell("event", time=at, instance=instance, log=log, message=event["message"])
        if not report.json:
            report.say(lines.line(event))
    return count


def _explain(aws: Aws, log_group: str, streams: Streams, since: datetime) -> None:
    """Say on stderr, so that a pipe gets events only, why there is nothing."""
    if is_empty(aws, log_group):
        sentence = f"No instance has written a log yet: {printable(log_group)} has no streams."
    else:
        who = f" of {streams.instance}" if streams.instance else ""
        sentence = (
            f"Nothing in the {streams.log} log{who} since {since:%Y-%m-%dT%H:%M:%SZ}: for more, "
            "give an earlier --since, such as 2d."
        )
    print(sentence, file=sys.stderr, flush=True)


def _time(event: FilteredLogEventTypeDef) -> datetime:
    return datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
