"""What a template says of scaling: all that a simulation of it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from generator.errors import ClinicError
from generator.model import backend
from generator.model.instance_types import InstanceType, require
from generator.model.view import View
from generator.model.walk import is_true, nodes

Boot = Literal["build", "pull", "baked"]


@dataclass(frozen=True)
class Settings:
    """How a group scales."""

    period: int
    """Seconds that one point of the metric stands for: 10, 60 or 300."""
    target: float
    """Average CPU in percent."""
    smallest: int
    largest: int
    boot: Boot
    """How an instance comes to its image."""
    warm: int
    """Stopped instances that wait in a warm pool."""
    health: int
    """Seconds of health checks before a new target gets requests."""
    grace: int | None
    """Seconds after which an instance that is not healthy is replaced; None: never."""
    instance_type: str
    standard: bool
    """Whether an instance without CPU credits is slowed down."""

    @property
    def machine(self) -> InstanceType:
        """What AWS says of the type; ClinicError if that is not known here."""
        return require(self.instance_type)


def settings(view: View) -> Settings:
    """What the set of ``view`` says; ClinicError if nothing in it grows with the CPU."""
    name, group = next(iter(view.of_type(backend.GROUP).items()), ("", {}))
    if not name:
        raise ClinicError("these templates make no Auto Scaling group: there is nothing to stress.")
    launch = backend.launches(name, group, view.references)[0]
    tracking = _tracking(view, name)
    check = next(iter(view.of_type("AWS::ElasticLoadBalancingV2::TargetGroup").values()), {})
    pool = next(iter(view.of_type("AWS::AutoScaling::WarmPool").values()), {})
    kind = launch.get("InstanceType")
    if not isinstance(kind, str):
        raise ClinicError(f"{name} launches no type that these templates name: give one.")
    by_balancer = group.get("HealthCheckType") == "ELB"
    interval = _number(check.get("HealthCheckIntervalSeconds", 30), "HealthCheckIntervalSeconds")
    threshold = _number(check.get("HealthyThresholdCount", 5), "HealthyThresholdCount")
    return Settings(
        period=_period(tracking, launch),
        target=_number(tracking["TargetValue"], "TargetValue"),
        smallest=int(_number(group["MinSize"], "MinSize")),
        largest=int(_number(group["MaxSize"], "MaxSize")),
        boot=backend.image(launch),
        warm=int(_number(pool.get("MinSize", 0), "the warm pool's MinSize")),
        health=int(interval * threshold),
        grace=int(_number(group.get("HealthCheckGracePeriod", 0), "HealthCheckGracePeriod"))
        if by_balancer
        else None,
        instance_type=kind,
        standard=backend.credits(launch) == "standard",
    )


def _tracking(view: View, group: str) -> Mapping[str, Any]:
    for tracking in backend.tracking(view.references).get(group, []):
        if "CPUUtilization" in "".join(n for n in nodes(tracking) if isinstance(n, str)):
            return tracking
    raise ClinicError(
        "these templates have no target tracking on CPU: no load would make the group grow."
    )


def _period(tracking: Mapping[str, Any], launch: Mapping[str, Any]) -> int:
    own = tracking.get("CustomizedMetricSpecification", {})
    for query in own.get("Metrics", []):
        if "Period" in (stat := query.get("MetricStat", {})):
            return int(_number(stat["Period"], "Period"))
    detailed = is_true(launch.get("Monitoring", {}).get("Enabled"))
    return 60 if own or detailed else 300


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ClinicError(
            f"{what} is no number before the deployment: give it as a parameter or a literal."
        ) from error
