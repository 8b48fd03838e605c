"""The course of a stress test, second by second, simulated or live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

IN_SERVICE = "in-service"
"""The kind of the moment in which a new instance answers requests."""


@dataclass(frozen=True)
class StressLoad:
    """``stress --cpu CPU --timeout TIMEOUT`` on every instance in service."""

    cpu: int = 2
    """Workers, each of which wants a whole virtual CPU."""
    timeout: int = 600
    """Seconds."""


@dataclass(frozen=True)
class Sample:
    """The state at one time; None is what was not measured."""

    second: float
    """Since the load began; negative before it."""
    cpu: float | None
    """Average of the group in percent."""
    wanted: int
    """Instances that the group should have."""
    serving: int
    """Instances that answer requests."""
    latency: float | None
    """Milliseconds of a request to the health path through the CDN, the median."""
    requests: int
    """Since the sample before."""
    failures: int
    """Of these requests."""


@dataclass(frozen=True)
class Moment:
    """Something that happened."""

    second: float
    kind: str
    """load, point, alarm, scaling, boot, in-service, lost or quiet."""
    text: str


@dataclass(frozen=True)
class StressTimeline:
    """A whole test."""

    title: str
    target: float
    """Percent of CPU that the group keeps to."""
    load: StressLoad
    samples: Sequence[Sample]
    moments: Sequence[Moment]

    @property
    def seconds(self) -> float | None:
        """The figure that matters: from load to new capacity in service; None if none came."""
        return next((m.second for m in self.moments if m.kind == IN_SERVICE), None)

    @property
    def requests(self) -> int:
        return sum(sample.requests for sample in self.samples)

    @property
    def failures(self) -> int:
        return sum(sample.failures for sample in self.samples)

    def figures(self) -> dict[str, Any]:
        """What it comes down to."""
        return {
            "seconds": self.seconds,
            "serving": self.samples[-1].serving if self.samples else 0,
            "requests": self.requests,
            "failures": self.failures,
            **asdict(self.load),
        }
