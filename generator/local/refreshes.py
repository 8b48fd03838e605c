"""Instance refreshes that replace instances, one at each look, and turn back as AWS's do.

The emulator's own ones are over as soon as they are begun. These take a launch template version,
keep a new instance beside the old one, move its targets, heed alarms, and refuse what AWS refuses.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from generator.local.engine import Record, alb, autoscaling, cloudwatch, ec2

ACTIVE = ("Pending", "InProgress", "RollbackInProgress")


def install() -> None:
    """Put these in the emulator's place, and let versions of a launch template be deleted."""
    autoscaling._ACTION_MAP.update(
        StartInstanceRefresh=_start,
        DescribeInstanceRefreshes=_describe,
    )
    ec2._ACTION_MAP["DeleteLaunchTemplateVersions"] = _delete_versions


def _start(params: Record) -> Any:
    name = params.get("AutoScalingGroupName", "")
    group = autoscaling._asgs.get(name)
    if not group:
        return autoscaling._error("ValidationError", f"AutoScalingGroup {name} not found")
    refreshes = group.setdefault("InstanceRefreshes", [])
    if any(refresh["Status"] in ACTIVE for refresh in refreshes):
        return autoscaling._error(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this one.",
        )
    desired = autoscaling._parse_nested(params, "DesiredConfiguration").get("LaunchTemplate", {})
    preferences = autoscaling._parse_nested(params, "Preferences")
    launch = {**group["LaunchTemplate"], **desired}
    images = [_machine_image(group["LaunchTemplate"]), _machine_image(launch)]
    if not all(images):
        return autoscaling._error("ValidationError", "That launch template version is not valid.")
    fixed = not any(image.startswith("resolve:ssm:") for image in images)
    if preferences.get("AutoRollback") == "true" and not (desired and fixed):
        why = "AutoRollback needs a desired configuration, and machine images that are ids."
        return autoscaling._error("ValidationError", why)
    refresh = {
        "InstanceRefreshId": str(uuid.uuid4()),
        "AutoScalingGroupName": name,
        "Status": "Pending",
        "StatusReason": "",
        "StartTime": _now(),
        "PercentageComplete": 0,
        "InstancesToUpdate": len(group["Instances"]),
        "Preferences": preferences,
        "DesiredConfiguration": {"LaunchTemplate": launch},
    }
    refreshes.insert(0, refresh)
    return _answer("StartInstanceRefresh", {"InstanceRefreshId": refresh["InstanceRefreshId"]})


def _describe(params: Record) -> Any:
    name = params.get("AutoScalingGroupName", "")
    group = autoscaling._asgs.get(name)
    if not group:
        return autoscaling._error("ValidationError", f"AutoScalingGroup {name} not found")
    ids = autoscaling._parse_member_list(params, "InstanceRefreshIds")
    refreshes = group.get("InstanceRefreshes", [])
    for refresh in refreshes:
        if refresh["Status"] in ACTIVE:
            _advance(group, refresh)
    shown = [one for one in refreshes if not ids or one["InstanceRefreshId"] in ids]
    return _answer("DescribeInstanceRefreshes", {"InstanceRefreshes": shown})


def _advance(group: Record, refresh: Record) -> None:
    """Replace one instance, or end."""
    back = refresh["Status"] == "RollbackInProgress"
    launch = group["LaunchTemplate"] if back else refresh["DesiredConfiguration"]["LaunchTemplate"]
    if not back:
        refresh["Status"] = "InProgress"
        if loud := _alarm_in_alarm_state(refresh["Preferences"]):
            return _fail(refresh, f"The alarm {loud} is in ALARM state.")
    instances = group["Instances"]
    old = [one for one in instances if one["LaunchTemplate"].get("Version") != launch["Version"]]
    if old:
        _replace(group, old[0], launch)
    done = len(instances) - len(old) + bool(old)
    refresh["PercentageComplete"] = 100 * done // max(1, len(instances))
    refresh["InstancesToUpdate"] = len(instances) - done
    if len(old) <= 1:
        group["LaunchTemplate"] = launch
        status = "RollbackSuccessful" if back else "Successful"
        refresh.update(Status=status, EndTime=_now())


def _fail(refresh: Record, why: str) -> None:
    rolls_back = refresh["Preferences"].get("AutoRollback") == "true"
    refresh.update(Status="RollbackInProgress" if rolls_back else "Failed", StatusReason=why)
    if rolls_back:
        refresh["RollbackDetails"] = {"RollbackReason": why}


def _replace(group: Record, old: Record, launch: Record) -> None:
    name = f"i-{uuid.uuid4().hex[:17]}"
    group["Instances"].remove(old)
    group["Instances"].append({**old, "InstanceId": name, "LaunchTemplate": launch})
    for targets in alb._targets.values():
        for target in targets:
            if target["Id"] == old["InstanceId"]:
                target["Id"] = name


def _alarm_in_alarm_state(preferences: Record) -> str:
    names = preferences.get("AlarmSpecification", {}).get("Alarms", [])
    states = {name: cloudwatch._alarms.get(name, {}).get("StateValue") for name in names}
    return next((name for name, state in states.items() if state == "ALARM"), "")


def _machine_image(launch: Record) -> str:
    """What a launch template version starts; empty if there is no such version."""
    template = ec2._launch_templates.get(launch["LaunchTemplateId"], {})
    for version in template.get("Versions", []):
        if str(version["VersionNumber"]) == launch["Version"]:
            return str(version["LaunchTemplateData"]["ImageId"])
    return ""


def _delete_versions(params: Record) -> Any:
    template = ec2._launch_templates.get(ec2._p(params, "LaunchTemplateId"))
    if not template:
        return ec2._error("InvalidLaunchTemplateId.NotFoundException", "There is none.", 400)
    gone = ec2._parse_member_list(params, "LaunchTemplateVersion")
    kept = [one for one in template["Versions"] if str(one["VersionNumber"]) not in gone]
    template["Versions"] = kept
    template["LatestVersionNumber"] = max(int(one["VersionNumber"]) for one in kept)
    done = "".join(f"<item><versionNumber>{number}</versionNumber></item>" for number in gone)
    return ec2._xml(
        200,
        "DeleteLaunchTemplateVersionsResponse",
        "<successfullyDeletedLaunchTemplateVersionSet>"
        f"{done}</successfullyDeletedLaunchTemplateVersionSet>",
    )


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _answer(action: str, result: Record) -> Any:
    inner = autoscaling._member_xml({f"{action}Result": result})
    return autoscaling._xml(200, f"{action}Response", inner)
