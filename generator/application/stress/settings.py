"""What a template says of scaling: all that a simulation of it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from generator.errors import ClinicError
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
    groups = view.of_type("AWS::AutoScaling::AutoScalingGroup").values()
    group = next(iter(groups), None)
    if group is None:
        raise ClinicError("these templates make no Auto Scaling group: there is nothing to stress.")
    launch = _launch(view)
    tracking = _tracking(view)
    check = next(iter(view.of_type("AWS::ElasticLoadBalancingV2::TargetGroup").values()), {})
    pool = next(iter(view.of_type("AWS::AutoScaling::WarmPool").values()), {})
    on_credit = launch.get("CreditSpecification", {}).get("CpuCredits")
    kind = launch.get("InstanceType", "t3.micro")
    by_balancer = group.get("HealthCheckType") == "ELB"
    interval = _number(check.get("HealthCheckIntervalSeconds", 30), "HealthCheckIntervalSeconds")
    threshold = _number(check.get("HealthyThresholdCount", 5), "HealthyThresholdCount")
    return Settings(
        period=_period(tracking, launch),
        target=_number(tracking["TargetValue"], "TargetValue"),
        smallest=int(_number(group["MinSize"], "MinSize")),
        largest=int(_number(group["MaxSize"], "MaxSize")),
        boot=_boot(launch),
        warm=int(_number(pool.get("MinSize", 0), "the warm pool's MinSize")),
        health=int(interval * threshold),
        grace=int(_number(group.get("HealthCheckGracePeriod", 0), "HealthCheckGracePeriod"))
        if by_balancer
        else None,
        instance_type=str(kind),
        # Without a word, T2 is standard and every other family unlimited.
        standard=on_credit == "standard" or (on_credit is None and str(kind).startswith("t2")),
    )


def _launch(view: View) -> dict[str, Any]:
    templates = view.of_type("AWS::EC2::LaunchTemplate").values()
    found: dict[str, Any] = next(iter(templates), {}).get("LaunchTemplateData", {})
    return found


def _tracking(view: View) -> dict[str, Any]:
    for policy in view.of_type("AWS::AutoScaling::ScalingPolicy").values():
        found: dict[str, Any] = policy.get("TargetTrackingConfiguration", {})
        if "CPUUtilization" in "".join(n for n in nodes(found) if isinstance(n, str)):
            return found
    raise ClinicError(
        "these templates have no target tracking on CPU: no load would make the group grow."
    )


def _period(tracking: dict[str, Any], launch: dict[str, Any]) -> int:
    own = tracking.get("CustomizedMetricSpecification", {})
    for query in own.get("Metrics", []):
        if "Period" in (stat := query.get("MetricStat", {})):
            return int(_number(stat["Period"], "Period"))
    detailed = is_true(launch.get("Monitoring", {}).get("Enabled"))
    return 60 if own or detailed else 300


def _boot(launch: dict[str, Any]) -> Boot:
    """As the user data says: our script by its setting, another one by the commands in it."""
    script = "".join(node for node in nodes(launch.get("UserData")) if isinstance(node, str))
    if ours := re.search(r"BACKEND_IMAGE='([^']*)'", script):
        return "pull" if ours[1] else "build"
    if "docker build" in script:
        return "build"
    return "pull" if "docker " in script else "baked"


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ClinicError(
            f"{what} is no number before the deployment: give it as a parameter or a literal."
        ) from error
