"""An operation in progress, event by event, within what the API allows.

Only stacks that are in progress are asked, one at a time and in turn, so the number of calls in a
minute is the same for one stack and for twelve.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime

from generator.cloud.aws import Aws
from generator.cloud.stacks import Event, began, events_of, family, find
from generator.model.walk import STACK

CALLS, PACE = 28, 2.1
"""At most so many calls in so many times the pace, in seconds: with one more for the stack itself
that is at most 30 in any minute."""
SILENCE = 60
"""Calls without news after which the stack itself is asked."""


class EventFeed:
    """The events of one operation on a stack and its nested stacks, each told once."""

    def __init__(self, aws: Aws, stack: str, since: datetime | None, after: str = "") -> None:
        """``stack`` is the root's id; the feed begins at ``since``, or after the root's event
        ``after``, both by the service's clock."""
        self.aws, self.stack, self.since = aws, stack, since
        self.events: list[Event] = []
        """All that was told, which is what a diagnosis needs."""
        self.status = ""
        """The root's state, as its last event says."""
        self._turns = deque([(stack, "")])
        self._last = {stack: after}
        self._open = {stack}

    @property
    def waiting(self) -> bool:
        """Whether there is a stack that may tell more."""
        return bool(self._turns)

    def read(self) -> list[Event]:
        """One call: what the stack whose turn it is has to tell, oldest first."""
        stack, path = self._turns.popleft()
        events = events_of(self.aws, stack, path, self.since, self._last.get(stack, ""))[::-1]
        for event in events:
            self._last[stack] = event.id
            self._note(event)
        if stack in self._open:
            self._turns.append((stack, path))
        self.events += events
        return events

    def resume(self) -> None:
        """Go on asking the root."""
        self._open.add(self.stack)
        self._turns.append((self.stack, ""))

    def _note(self, event: Event) -> None:
        if event.type != STACK or not event.physical:
            return
        running = family(event.status) == "busy"
        if event.own and event.stack == self.stack:
            self.status = event.status
            # The rest of the children's events is still to be fetched, once each.
            self._open = self._open if running else set()
        elif running and event.physical not in self._open:
            self._open.add(event.physical)
            self._turns.appendleft((event.physical, event.path))
        elif not running:
            self._open.discard(event.physical)


def attach(aws: Aws, stack: str) -> EventFeed:
    """The feed of the operation that is in progress on a stack, from its start."""
    return EventFeed(aws, stack, began(aws, stack))


def follow(feed: EventFeed, show: Callable[[Event], None], pace: float = PACE) -> str:
    """Show events as they come until the operation has ended; the root's last state.

    ``pace`` is the pause between two calls, in seconds. Once the root has ended, what is left to
    ask is asked at once, as long as there were not CALLS calls in that many paces.
    """
    quiet, made = 0, deque[float](maxlen=CALLS)
    while feed.waiting:
        made.append(time.monotonic())
        events = feed.read()
        for event in events:
            show(event)
        quiet = 0 if events else quiet + 1
        # What looks like the end is none while the service says that the stack is busy, and a
        # long silence may be the end.
        if not feed.waiting or quiet >= SILENCE:
            quiet, status = 0, _status(feed)
            if family(status) != "busy" and feed.waiting:
                return status
            if not feed.waiting and family(status) == "busy":
                feed.resume()
        if feed.waiting:
            time.sleep(_pause(feed, made, pace))
    return feed.status


def _pause(feed: EventFeed, made: deque[float], pace: float) -> float:
    if not feed.status or family(feed.status) == "busy":
        return pace
    return max(0.0, made[0] + CALLS * pace - time.monotonic()) if len(made) == CALLS else 0.0


def _status(feed: EventFeed) -> str:
    stack = find(feed.aws, feed.stack)
    return stack.status if stack else "DELETE_COMPLETE"
