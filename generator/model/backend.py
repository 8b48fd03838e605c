"""EC2 instances: launch template data, Auto Scaling groups, target tracking."""

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


def launches(
    logical: str, properties: Mapping[str, Any], names: References
) -> list[dict[str, Any]]:
    """The launch template data of a group or an instance, its own properties on top: one for
    each template that it may use, with its logical id under ``from``."""
    mixed = properties.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    asked = [
        properties.get("LaunchTemplate"),
        mixed.get("LaunchTemplateSpecification"),
        *(each.get("LaunchTemplateSpecification") for each in mixed.get("Overrides", [])),
    ]
    templates = names.of_type("AWS::EC2::LaunchTemplate")
    own = _instance(properties) if names.resources[logical]["Type"] == INSTANCE else {}
    launch_data = []
    for one in filter(None, asked):
        name = names.target(one.get("LaunchTemplateId", one.get("LaunchTemplateName")))
        data = templates.get(name, {}).get("LaunchTemplateData", {})
        launch_data.append({**data, **own, "from": name})
    configurations = names.of_type("AWS::AutoScaling::LaunchConfiguration")
    if "LaunchConfigurationName" in properties:
        name = names.target(properties["LaunchConfigurationName"])
        launch_data.append({**_configuration(configurations.get(name, {})), "from": name})
    return launch_data or [{**own, "from": logical}]


def _instance(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An instance's own properties under the names that a launch template has for them."""
    launch = dict(properties)
    if "Monitoring" in properties:
        launch["Monitoring"] = {"Enabled": properties["Monitoring"]}
    # One setting is written in two ways: CPUCredits here, CpuCredits in a launch template.
    if credits := properties.get("CreditSpecification", {}).get("CPUCredits"):
        launch["CreditSpecification"] = {"CpuCredits": credits}
    return launch


def _configuration(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A launch configuration under the names that a launch template has for its properties.

    Its detailed monitoring is on unless it is switched off:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-launchconfiguration.html
    """
    return {**properties, "Monitoring": {"Enabled": properties.get("InstanceMonitoring", True)}}


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
    user_data = launch.get("UserData")
    words = (
        text(user_data["Fn::Base64"])
        if isinstance(user_data, dict) and "Fn::Base64" in user_data
        else ""
    )
    result: dict[str, str] = {}
    for line in words.splitlines():
        setting = SETTING.fullmatch(line)
        if setting:
            result[setting[1]] = setting[2]
        elif not line.startswith("#"):
            break
    return result


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
    by_group: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for properties in names.of_type("AWS::AutoScaling::ScalingPolicy").values():
        if "TargetTrackingConfiguration" in properties:
            group = names.target(properties.get("AutoScalingGroupName"))
            by_group[group].append(properties["TargetTrackingConfiguration"])
    return by_group


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
