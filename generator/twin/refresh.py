"""An instance refresh: the endpoint counts it, the group's instances follow it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from generator.twin.instances import Instances
from generator.twin.services import Answer, Services

FORM = [("Content-Type", "application/x-www-form-urlencoded")]
ENDED = re.compile("<Status>(Rollback)?Successful</Status>")
ACTIVE = re.compile("<Status>(Pending|InProgress|RollbackInProgress)</Status>")


@dataclass
class Refreshes:
    """What is answered to who asks how a refresh goes.

    The endpoint replaces an instance each time that it is asked. It is asked only when all
    instances that it has are healthy targets; Auto Scaling waits for their warm-up instead.
    """

    services: Services
    instances: Instances
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
        self.held = ""
        return None

    def _describe(self, asked: Mapping[str, str]) -> Answer | None:
        with self.lock:
            settled = self.instances.settled()
            if asked != self.asked or not self.held or (settled and ACTIVE.search(self.held)):
                self.asked = asked
                body = urlencode(asked).encode()
                _, _, data = self.services.forward("POST", "/", FORM, body, "autoscaling")
                self.held = data.decode()
                self.instances.reconcile()
                settled = self.instances.settled()
            if settled:
                return 200, self.held
            return 200, ENDED.sub(r"<Status>\1InProgress</Status>", self.held, count=1)
