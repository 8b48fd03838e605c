"""Instances as they run under a load: an Auto Scaling group, or one by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import number, referred
from generator.model import instance_types
from generator.model.view import View
from generator.model.walk import is_true

PUBLIC, MAPPED = "AssociatePublicIpAddress", "MapPublicIpOnLaunch"


@dataclass(frozen=True)
class Fleet:
    """What a group launches, and how many."""

    type: str
    least: Decimal
    most: Decimal
    target: Decimal | None
    """Average CPU in percent that scaling keeps to; None if nothing scales it."""
    credits: str
    """unlimited or standard; of no meaning unless the type is burstable."""
    volumes: tuple[tuple[str, Decimal | None], ...]
    """Type and GiB of each volume of an instance; no GiB where the image decides."""
    public: bool
    """Whether an instance has a public address."""
    detailed: bool
    """Whether EC2 reports its metrics every minute."""

    @property
    def baseline(self) -> Decimal | None:
        """CPU in percent that the price includes; None if the type is not known or burstable."""
        known = instance_types.table().get(self.type)
        return known.baseline if known else None

    @property
    def grows(self) -> bool:
        """Whether a lasting load ever reaches the target: a throttled instance stays below it."""
        if self.target is None or self.target <= 0:
            return False
        throttled = self.credits == "standard" and self.baseline is not None
        return not (throttled and self.baseline is not None and self.target > self.baseline)

    def count(self, load: Decimal) -> Decimal:
        """Instances on average, when the least of them would be ``load`` percent busy."""
        if not self.grows or not self.target:
            return self.least
        return min(self.most, max(self.least, self.least * load / self.target))

    def cpu(self, load: Decimal) -> Decimal:
        """Average CPU in percent that each of them is asked for."""
        count = self.count(load)
        return min(Decimal(100), self.least * load / count) if count else Decimal(0)

    def surplus(self, load: Decimal) -> Decimal:
        """vCPUs above the baseline, for an hour of each instance: what unlimited credits cost."""
        if self.baseline is None or self.credits != "unlimited":
            return Decimal(0)
        return (
            instance_types.require(self.type).vcpus
            * max(Decimal(0), self.cpu(load) - self.baseline)
            / 100
        )


def fleets(view: View) -> dict[str, Fleet | None]:
    """Every group by logical id; None for one whose instances cannot be told from a launch template
    or configuration."""
    targets = _targets(view)
    found = {}
    for name, group in view.of_type("AWS::AutoScaling::AutoScalingGroup").items():
        sizes = number(group.get("MinSize")), number(group.get("MaxSize"))
        places = group.get("VPCZoneIdentifier")
        found[name] = _fleet(view, _launched(view, group), sizes, places, targets.get(name))
    return found


def alone(view: View) -> dict[str, Fleet | None]:
    """As ``fleets``, every EC2 instance that is a resource of its own."""
    found = {}
    for name, given in view.of_type("AWS::EC2::Instance").items():
        # One setting is written in two ways: CPUCredits here, CpuCredits in a launch template.
        credits = given.get("CreditSpecification", {}).get("CPUCredits")
        own = {
            **({"CreditSpecification": {"CpuCredits": credits}} if credits else {}),
            "Monitoring": {"Enabled": given.get("Monitoring")},
        }
        data = {**_template(view, given.get("LaunchTemplate", {})), **given, **own}
        places = [given["SubnetId"]] if "SubnetId" in given else None
        found[name] = _fleet(view, data, (Decimal(1), Decimal(1)), places, None)
    return found


def _fleet(
    view: View,
    data: Mapping[str, Any],
    sizes: tuple[Decimal | None, Decimal | None],
    places: Any,
    target: Decimal | None,
) -> Fleet | None:
    least, most = sizes
    kind = data.get("InstanceType")
    if not isinstance(kind, str) or least is None or most is None:
        return None
    usual = "standard" if kind.startswith("t2.") else "unlimited"
    return Fleet(
        type=kind,
        least=least,
        most=most,
        target=target,
        credits=data.get("CreditSpecification", {}).get("CpuCredits", usual),
        volumes=tuple(_volumes(data)),
        public=_is_public(view, data.get("NetworkInterfaces", []), places),
        detailed=is_true(data.get("Monitoring", {}).get("Enabled")),
    )


def _volumes(data: Mapping[str, Any]) -> list[tuple[str, Decimal | None]]:
    mappings = data.get("BlockDeviceMappings", [{}])
    # Instance stores have a virtual name; they are part of the instance's price.
    disks = [each.get("Ebs", {}) for each in mappings if "VirtualName" not in each]
    return [(str(disk.get("VolumeType", "gp2")), number(disk.get("VolumeSize"))) for disk in disks]


def _targets(view: View) -> dict[str, Decimal | None]:
    return {
        referred(policy.get("AutoScalingGroupName")): number(
            policy.get("TargetTrackingConfiguration", {}).get("TargetValue")
        )
        for policy in view.of_type("AWS::AutoScaling::ScalingPolicy").values()
    }


def _launched(view: View, group: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a group launches, as the data of a launch template; empty if that is not known."""
    if "LaunchConfigurationName" in group:
        named = referred(group["LaunchConfigurationName"])
        return _configured(view.of_type("AWS::AutoScaling::LaunchConfiguration").get(named, {}))
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    if mixed.get("Overrides"):
        return {}  # several types, in a mixture that only AWS decides
    specified = mixed.get("LaunchTemplateSpecification", {})
    return _template(view, group.get("LaunchTemplate", specified))


def _template(view: View, specified: Mapping[str, Any]) -> Mapping[str, Any]:
    named = referred(specified.get("LaunchTemplateId") or specified.get("LaunchTemplateName"))
    found: Mapping[str, Any] = (
        view.of_type("AWS::EC2::LaunchTemplate").get(named, {}).get("LaunchTemplateData", {})
    )
    return found


def _configured(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A launch configuration in the words of a launch template.

    Its detailed monitoring is on unless it is switched off:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-launchconfiguration.html
    """
    if not given or "SpotPrice" in given:
        return {}
    return {
        **given,
        "Monitoring": {"Enabled": given.get("InstanceMonitoring", True)},
        "NetworkInterfaces": [
            {key: given[key] for key in (PUBLIC,) if key in given},
        ],
    }


def _is_public(view: View, interfaces: Sequence[Mapping[str, Any]], places: Any) -> bool:
    """Whether an instance gets a public address: as its interfaces say, else as its subnets do;
    those of a default VPC give one."""
    said = [is_true(each[PUBLIC]) for each in interfaces if PUBLIC in each]
    if said:
        return any(said)
    inside = [each["SubnetId"] for each in interfaces if "SubnetId" in each]
    if not inside and places is None:
        return all("NetworkInterfaceId" not in each for each in interfaces)
    subnets = view.of_type("AWS::EC2::Subnet")
    named = inside or (places if isinstance(places, list) else [places])
    return any(is_true(subnets.get(referred(each), {}).get(MAPPED)) for each in named)
