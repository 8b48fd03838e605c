"""One instance refresh: started, found, and followed to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from generator.application.release.fleet import Fleet, Group, Version
from generator.cloud.aws import code_of
from generator.cloud.text import plain
from generator.errors import ClinicError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import (
        DescribeInstanceRefreshesTypeTypeDef,
        InstanceRefreshTypeDef,
        RefreshPreferencesTypeDef,
    )

REPLACING = {"Pending", "InProgress", "Baking"}
ACTIVE = {"Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"}
PACE = 5.0
"""Seconds between two looks, of three calls each."""
MIN_HEALTHY, MAX_HEALTHY = 100, 150
"""Percent of the desired capacity: a new instance serves before an old one goes."""
SSM = "resolve:ssm:"


@dataclass(frozen=True)
class Refresh:
    """An instance refresh as the service tells it."""

    id: str
    status: str
    reason: str
    percent: int
    version: str
    """The launch template version that it brings; empty where that is not told."""

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclass
class Guard:
    """Looks whether new instances become healthy in time.

    Auto Scaling goes on when an instance has warmed up, and does not ask the balancer before the
    health check's grace is over, which is as long as the first boot of all may take.
    """

    version: str
    """Of the launch template."""
    seconds: float
    """Within which an instance in service must be a healthy target."""
    since: dict[str, float] = field(default_factory=dict)

    def ill(self, group: Group) -> str:
        """Why the refresh must not go on; empty if it may."""
        now = time.monotonic()
        for one in group.instances:
            if one.version != self.version or one.state != "InService" or one.target == "healthy":
                self.since.pop(one.id, None)
            elif now - self.since.setdefault(one.id, now) >= self.seconds:
                target = one.target or "missing"
                return f"{one.id} did not become healthy within {self.seconds:.0f} s: {target}"
        return ""


def find(fleet: Fleet, refresh: str = "") -> Refresh | None:
    """The refresh of an id, or the one that is in progress."""
    request: DescribeInstanceRefreshesTypeTypeDef = {"AutoScalingGroupName": fleet.name}
    if refresh:
        request["InstanceRefreshIds"] = [refresh]
    told = fleet.aws.client("autoscaling").describe_instance_refreshes(**request)[
        "InstanceRefreshes"
    ]
    found = [_refresh(one) for one in told]
    return next((one for one in found if refresh or one.active), None)


def start(
    fleet: Fleet,
    now: Version,
    wanted: Version,
    *,
    alarms: Sequence[str] = (),
    warm_up: int | None = None,
    bake: int = 0,
    skip_matching: bool = False,
) -> str:
    """Start replacing instances; the refresh's id. ClinicError (3) if another one was faster.

    Never are fewer than the desired instances in service. AWS rolls back on failure or alarm where
    it can: not with a machine image that is a parameter.
    """
    fixed = not any(version.machine_image.startswith(SSM) for version in (now, wanted))
    preferences: RefreshPreferencesTypeDef = {
        "MinHealthyPercentage": MIN_HEALTHY,
        "MaxHealthyPercentage": MAX_HEALTHY,
        "SkipMatching": skip_matching,
        "AutoRollback": fixed and now != wanted,
    }
    if warm_up is not None:
        preferences["InstanceWarmup"] = warm_up
    if bake:
        preferences["BakeTime"] = bake
    if alarms:
        preferences["AlarmSpecification"] = {"Alarms": list(alarms)}
    try:
        started = fleet.ask("start_refresh", version=wanted.number, preferences=preferences)
    except ClientError as error:
        if code_of(error) not in ("InstanceRefreshInProgress", "InstanceRefreshInProgressFault"):
            raise
        why = "another instance refresh has just begun: run the same command again to follow it."
        raise ClinicError(why, exit_code=3) from error
    return str(started)


def follow(
    fleet: Fleet,
    refresh: str,
    show: Callable[[Refresh, Group], None],
    pace: float = PACE,
    guard: Guard | None = None,
) -> Refresh:
    """Show a refresh until it has ended; cancel it when ``guard`` finds an instance that is ill.

    ClinicError (3) if the service knows it no more.
    """
    ill = ""
    while True:
        told = find(fleet, refresh)
        if told is None:
            raise ClinicError(
                f"Auto Scaling no longer knows the instance refresh {refresh}: run the same "
                "command again; it goes on from what AWS has done.",
                exit_code=3,
            )
        group = fleet.look()
        show(told, group)
        if not told.active:
            return replace(told, reason=ill or told.reason)
        if guard and not ill and told.status in REPLACING and (ill := guard.ill(group)):
            _cancel(fleet)
        time.sleep(pace)


def _cancel(fleet: Fleet) -> None:
    try:
        fleet.aws.client("autoscaling").cancel_instance_refresh(AutoScalingGroupName=fleet.name)
    except ClientError as error:
        # It has ended by itself in the meantime.
        if code_of(error) not in ("ActiveInstanceRefreshNotFound", "ValidationError"):
            raise


def _refresh(told: InstanceRefreshTypeDef) -> Refresh:
    launch = told.get("DesiredConfiguration", {}).get("LaunchTemplate", {})
    return Refresh(
        id=told["InstanceRefreshId"],
        status=told["Status"],
        reason=plain(
            told.get("RollbackDetails", {}).get("RollbackReason") or told.get("StatusReason", "")
        ),
        percent=told.get("PercentageComplete", 0),
        version=launch.get("Version", ""),
    )
