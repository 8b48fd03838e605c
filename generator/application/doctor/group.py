"""What the group itself has: launches that fail, and instances that never stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from generator.application.doctor.examine import HealthFinding
from generator.cloud import catalogue
from generator.cloud.text import plain

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import ActivityTypeDef, AutoScalingGroupTypeDef

REPLACED = 3
"""Instances taken away for their health, one after the other, that are no accident."""
PLACE = "group"
LAUNCH = (
    "The group cannot launch an instance.",
    "Look the sentence up in EC2's documentation and mend it; the group tries again by itself.",
)
REPLACING = (
    "The group takes instances away for their health, one after the other.",
    "Run this again while one boots, or read the newest boot log: `clinic status` has the command.",
)
FEWER = (
    "The group has fewer instances than it should and does nothing about it.",
    "Are its processes suspended? `aws autoscaling resume-processes` lets it work again.",
)


def examine_group(
    group: AutoScalingGroupTypeDef,
    activities: Sequence[ActivityTypeDef],
    others: Sequence[HealthFinding],
) -> list[HealthFinding]:
    """What keeps the group from having its instances; ``activities`` are the newest first.

    A consequence of what its instances have (``others``) is no finding.
    """
    launches = [a for a in activities if a["Description"].startswith("Launching")]
    if launches and launches[0]["StatusCode"] == "Failed":
        message = launches[0].get("StatusMessage") or launches[0]["Description"]
        trap = catalogue.look_up(message)
        words = (trap.meaning, trap.advice) if trap else LAUNCH
        return [HealthFinding(PLACE, "launch", *words, plain(message))]
    if others:
        return []
    # Each goes before the next one comes: every second activity.
    replaced = [a for a in activities[: 2 * REPLACED] if "health check" in a.get("Cause", "")]
    if len(replaced) >= REPLACED:
        return [HealthFinding(PLACE, "replaced", *REPLACING, plain(replaced[0]["Cause"]))]
    missing = group["DesiredCapacity"] - len(group.get("Instances", []))
    if missing > 0 and all(a["StatusCode"] == "Successful" for a in activities):
        evidence = f"{missing} of {group['DesiredCapacity']} instances are missing"
        return [HealthFinding(PLACE, "too-few", *FEWER, evidence)]
    return []
