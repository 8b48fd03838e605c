"""The instances that templates describe: launch data, groups, scaling."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Literal

from generator.bootstrap import unpacked
from generator.model.references import References
from generator.model.walk import is_true, nodes, text

GROUP, INSTANCE = "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"
SETTING = re.compile(r"([A-Z][A-Z_]*)='(.*)'")
IMAGE = re.compile(r"BACKEND_IMAGE='([^']*)'")
"""The setting of our own user data that names a finished image."""


def launches(logical: str, given: Mapping[str, Any], names: References) -> list[dict[str, Any]]:
    """What a group or an instance may be launched with: templates' data under its own settings."""
    mixed = given.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    asked = [
        given.get("LaunchTemplate"),
        mixed.get("LaunchTemplateSpecification"),
        *(each.get("LaunchTemplateSpecification") for each in mixed.get("Overrides", [])),
    ]
    templates = names.of_type("AWS::EC2::LaunchTemplate")
    own = _instance(given) if names.resources[logical]["Type"] == INSTANCE else {}
    found = []
    for one in filter(None, asked):
        name = names.target(one.get("LaunchTemplateId", one.get("LaunchTemplateName")))
        data = templates.get(name, {}).get("LaunchTemplateData", {})
        found.append({**data, **own, "from": name})
    configurations = names.of_type("AWS::AutoScaling::LaunchConfiguration")
    if "LaunchConfigurationName" in given:
        name = names.target(given["LaunchConfigurationName"])
        found.append({**_configuration(configurations.get(name, {})), "from": name})
    return found or [{**own, "from": logical}]


def _instance(given: Mapping[str, Any]) -> dict[str, Any]:
    """An instance's own settings in the words of a launch template."""
    found = dict(given)
    if "Monitoring" in given:
        found["Monitoring"] = {"Enabled": given["Monitoring"]}
    # One setting is written in two ways: CPUCredits here, CpuCredits in a launch template.
    if credits := given.get("CreditSpecification", {}).get("CPUCredits"):
        found["CreditSpecification"] = {"CpuCredits": credits}
    return found


def _configuration(given: Mapping[str, Any]) -> dict[str, Any]:
    """A launch configuration in the words of a launch template.

    Its detailed monitoring is on unless it is switched off:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-launchconfiguration.html
    """
    return {**given, "Monitoring": {"Enabled": given.get("InstanceMonitoring", True)}}


def credits(launch: Mapping[str, Any]) -> str:
    """What happens to a burstable instance without CPU credits: ``standard`` ones are slowed down,
    ``unlimited`` ones cost more. Unless it is said, T2 is standard and every other family
    unlimited."""
    usual = "standard" if text(launch.get("InstanceType")).startswith("t2.") else "unlimited"
    return str(launch.get("CreditSpecification", {}).get("CpuCredits", usual))


def script(launch: Mapping[str, Any]) -> str:
    """Every piece of text in user data, unpacked where it is packed."""
    return unpacked("".join(item for item in nodes(launch.get("UserData")) if _is_text(item)))


def _is_text(item: Any) -> bool:
    return isinstance(item, str)


def settings(launch: Mapping[str, Any]) -> dict[str, str]:
    """The ``NAME='value'`` lines at the head of user data; what follows may be packed."""
    given = launch.get("UserData")
    words = text(given["Fn::Base64"]) if isinstance(given, dict) and "Fn::Base64" in given else ""
    found: dict[str, str] = {}
    for line in words.splitlines():
        setting = SETTING.fullmatch(line)
        if setting:
            found[setting[1]] = setting[2]
        elif not line.startswith("#"):
            break
    return found


def image(launch: Mapping[str, Any]) -> Literal["build", "pull", "baked"]:
    """How an instance comes to its image, as the user data says: our script by its setting, another
    one by the commands in it."""
    words = script(launch)
    if ours := IMAGE.search(words):
        return "pull" if ours[1] else "build"
    if "docker build" in words:
        return "build"
    return "pull" if "docker " in words else "baked"


def tracking(names: References) -> dict[str, list[Mapping[str, Any]]]:
    """The target tracking configurations of each group, by logical id."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for given in names.of_type("AWS::AutoScaling::ScalingPolicy").values():
        if "TargetTrackingConfiguration" in given:
            group = names.target(given.get("AutoScalingGroupName"))
            found[group].append(given["TargetTrackingConfiguration"])
    return found


def interface(launch: Mapping[str, Any]) -> tuple[Any, bool | None, Any]:
    """Groups, public address or not (None: the subnet decides) and subnet of an instance."""
    cards = launch.get("NetworkInterfaces") or [{}]
    groups = [
        group for card in cards for key in ("Groups", "GroupSet") for group in card.get(key, [])
    ]
    for key in ("SecurityGroupIds", "SecurityGroups"):
        groups += launch.get(key, [])
    stated = [
        place["AssociatePublicIpAddress"]
        for place in (*cards, launch)
        if "AssociatePublicIpAddress" in place
    ]
    subnet = next((card["SubnetId"] for card in cards if "SubnetId" in card), None)
    return groups or None, any(map(is_true, stated)) if stated else None, subnet
