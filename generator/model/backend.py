"""The instances that templates describe: launch data, groups, scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.references import References
from generator.model.walk import is_true


def launches(logical: str, given: Mapping[str, Any], names: References) -> list[dict[str, Any]]:
    """What a group or an instance may be launched with: templates' data under its own settings."""
    mixed = given.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    asked = [
        given.get("LaunchTemplate"),
        mixed.get("LaunchTemplateSpecification"),
        *(each.get("LaunchTemplateSpecification") for each in mixed.get("Overrides", [])),
    ]
    templates = names.of_type("AWS::EC2::LaunchTemplate")
    own = given if names.resources[logical]["Type"] == "AWS::EC2::Instance" else {}
    found = []
    for one in filter(None, asked):
        name = names.target(one.get("LaunchTemplateId", one.get("LaunchTemplateName")))
        data = templates.get(name, {}).get("LaunchTemplateData", {})
        found.append({**data, **own, "from": name})
    configurations = names.of_type("AWS::AutoScaling::LaunchConfiguration")
    if "LaunchConfigurationName" in given:
        name = names.target(given["LaunchConfigurationName"])
        found.append({**configurations.get(name, {}), "from": name})
    return found or [{**own, "from": logical}]


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
