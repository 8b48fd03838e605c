"""Health during a release: alarms, the balancer's targets, the health path through the CDN."""

from __future__ import annotations

import time
from collections.abc import Mapping

from generator.application.release.fleet import BackendFleet
from generator.application.smoke.ask import ask, describe_error
from generator.application.smoke.site import SmokeTarget
from generator.cloud.aws import Aws
from generator.cloud.stacks import tree, walk

ALARMS = ("BackendErrorsAlarm", "BalancerErrorsAlarm", "NoHealthyHostAlarm")
"""Logical ids. UnhealthyHosts is not among them: an instance that builds its image at boot fails
the health check for minutes without harm."""
PATIENCE = 120.0
"""Seconds that the last instances get to become healthy, and the CDN to answer."""


def alarms(aws: Aws, stack: str) -> dict[str, str]:
    """Physical names of the alarms that stop a release, by logical id, where they exist."""
    resources = {resource.path.rpartition("/")[2]: resource for resource in walk(tree(aws, stack))}
    return {name: resources[name].physical for name in ALARMS if name in resources}


def in_alarm(aws: Aws, names: Mapping[str, str]) -> list[str]:
    """Those of the alarms, by logical id, that are in ALARM now."""
    if not names:
        return []
    response = aws.client("cloudwatch").describe_alarms(AlarmNames=list(names.values()))
    states = {one["AlarmName"]: one["StateValue"] for one in response["MetricAlarms"]}
    return [name for name, physical in names.items() if states.get(physical) == "ALARM"]


def answers(site: SmokeTarget) -> tuple[bool | None, str]:
    """Whether the health path answers 200 through the CDN, and what was seen.

    None: nobody is reached from here, which says nothing about the backend.
    """
    try:
        answer = ask(site.address, site.health)
    except OSError as error:
        return None, describe_error(error)
    return answer.status == 200, str(answer)


def settled(fleet: BackendFleet, site: SmokeTarget | None, patience: float, pace: float) -> str:
    """Wait until every target and the health path are well; what is not, when time is over."""
    end = time.monotonic() + patience
    while True:
        ill = [one for one in fleet.look().instances if not one.serves]
        trouble = [f"{one.id} is {one.state}, target {one.target or 'missing'}" for one in ill]
        if site:
            well, evidence = answers(site)
            trouble += [] if well else [f"{site.health} through the CDN: {evidence}"]
        if not trouble or time.monotonic() >= end:
            return "; ".join(trouble)
        time.sleep(pace)
