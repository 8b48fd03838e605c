"""What the group itself has: launches that fail, and instances that never stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from generator.application.doctor.examine import Finding
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
    told: AutoScalingGroupTypeDef, activities: Sequence[ActivityTypeDef], others: Sequence[Finding]
) -> list[Finding]:
    """What keeps the group from having its instances; ``activities`` are the newest first.

    A consequence of what its instances have (``others``) is no finding.
    """
    launches = [a for a in activities if a["Description"].startswith("Launching")]
    if launches and launches[0]["StatusCode"] == "Failed":
        said = launches[0].get("StatusMessage") or launches[0]["Description"]
        trap = catalogue.look_up(said)
        words = (trap.meaning, trap.advice) if trap else LAUNCH
        return [Finding(PLACE, "launch", *words, plain(said))]
    if others:
        return []
    # Each goes before the next one comes: every second activity.
    gone = [a for a in activities[: 2 * REPLACED] if "health check" in a.get("Cause", "")]
    if len(gone) >= REPLACED:
        return [Finding(PLACE, "replaced", *REPLACING, plain(gone[0]["Cause"]))]
    missing = told["DesiredCapacity"] - len(told.get("Instances", []))
    if missing > 0 and all(a["StatusCode"] == "Successful" for a in activities):
        seen = f"{missing} of {told['DesiredCapacity']} instances are missing"
        return [Finding(PLACE, "too-few", *FEWER, seen)]
    return []
