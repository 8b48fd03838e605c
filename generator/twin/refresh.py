"""An instance refresh: the endpoint counts it, the group's instances follow it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from generator.twin.instances import AutoScalingGroup
from generator.twin.services import Answer, Services

FORM = [("Content-Type", "application/x-www-form-urlencoded")]
ENDED = re.compile("<Status>(Rollback)?Successful</Status>")
VERSION = re.compile("<DesiredConfiguration>.*?<Version>([0-9]+)</Version>", re.DOTALL)
"""Of the launch template, of the first refresh of a response."""
ACTIVE = re.compile("<Status>(Pending|InProgress|RollbackInProgress)</Status>")
CANCELLED = (
    '<CancelInstanceRefreshResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">'
    "<CancelInstanceRefreshResult/></CancelInstanceRefreshResponse>"
)


@dataclass
class Refreshes:
    """What is answered to who asks how a refresh goes.

    The endpoint replaces an instance each time that it is asked. It is asked only when the new
    instances so far are healthy targets; Auto Scaling waits for their warm-up instead.
    """

    services: Services
    instances: AutoScalingGroup
    asked: Mapping[str, str] = field(default_factory=dict)
    held: str = ""
    """The endpoint's last response."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self) -> None:
        """Answer in the endpoint's place."""
        self.services.overlays |= {
            "autoscaling:DescribeInstanceRefreshes": self._describe,
            "autoscaling:CancelInstanceRefresh": self._cancel,
        }

    def _cancel(self, asked: Mapping[str, str]) -> Answer | None:
        with self.lock:
            # The endpoint has replaced the last instance and calls that the end; Auto Scaling
            # would still wait for it, and can be cancelled.
            if ENDED.search(self.held) and not self.instances.all_healthy():
                self.held = ENDED.sub("<Status>Cancelled</Status>", self.held, count=1)
                return 200, CANCELLED
            self.held = ""
            return None

    def _describe(self, asked: Mapping[str, str]) -> Answer | None:
        with self.lock:
            active = self.held and ACTIVE.search(self.held)
            if asked != self.asked or not self.held or (active and self._serve()):
                self.asked = asked
                body = urlencode(asked).encode()
                _, _, data = self.services.forward("POST", "/", FORM, body, "autoscaling")
                self.held = data.decode()
                self.instances.reconcile()
            if self.instances.all_healthy():
                return 200, self.held
            return 200, ENDED.sub(r"<Status>\1InProgress</Status>", self.held, count=1)

    def _serve(self) -> bool:
        """Whether all instances of the version that the refresh is to are healthy targets."""
        health = self.instances.balancer.health()
        match = VERSION.search(self.held)
        version = match[1] if match else ""
        mine = [
            one for one, number in self.instances.desired_versions().items() if number == version
        ]
        return all(health.get(one) == "healthy" for one in mine)
