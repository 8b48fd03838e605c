"""Type, number and CPU of instances under a load: Auto Scaling groups and single instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import number
from generator.model import backend, instance_types
from generator.model.view import View
from generator.model.walk import is_true


@dataclass(frozen=True)
class LaunchedInstances:
    """The type and the number of instances of a group, or one single instance."""

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


def launched_groups(view: View) -> dict[str, LaunchedInstances | None]:
    """Every group by logical id; None for one whose instances are not known from a launch template
    or configuration."""
    targets = backend.tracking(view.references)
    by_group = {}
    for name, group in view.of_type(backend.GROUP).items():
        sizes = number(group.get("MinSize")), number(group.get("MaxSize"))
        tracked = targets.get(name, [{}])[-1].get("TargetValue")
        launch = _launch_data(view, name, group)
        by_group[name] = _launched_instances(
            view, launch, sizes, group.get("VPCZoneIdentifier"), number(tracked)
        )
    return by_group


def standalone(view: View) -> dict[str, LaunchedInstances | None]:
    """As ``launched_groups``, every EC2 instance that is a resource of its own."""
    by_instance = {}
    for name, properties in view.of_type(backend.INSTANCE).items():
        [launch] = backend.launches(name, properties, view.references)
        by_instance[name] = _launched_instances(
            view, launch, (Decimal(1), Decimal(1)), properties.get("SubnetId"), None
        )
    return by_instance


def _launched_instances(
    view: View,
    data: Mapping[str, Any],
    sizes: tuple[Decimal | None, Decimal | None],
    places: Any,
    target: Decimal | None,
) -> LaunchedInstances | None:
    least, most = sizes
    kind = data.get("InstanceType")
    if not isinstance(kind, str) or least is None or most is None:
        return None
    return LaunchedInstances(
        type=kind,
        least=least,
        most=most,
        target=target,
        credits=backend.credits(data),
        volumes=tuple(_volumes(data)),
        public=_is_public(view, data, places),
        detailed=is_true(data.get("Monitoring", {}).get("Enabled")),
    )


def _volumes(data: Mapping[str, Any]) -> list[tuple[str, Decimal | None]]:
    mappings = data.get("BlockDeviceMappings", [{}])
    # Instance stores have a virtual name; they are part of the instance's price.
    disks = [each.get("Ebs", {}) for each in mappings if "VirtualName" not in each]
    return [(str(disk.get("VolumeType", "gp2")), number(disk.get("VolumeSize"))) for disk in disks]


def _launch_data(view: View, name: str, group: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a group launches; empty if that is not known."""
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    [launch, *more] = backend.launches(name, group, view.references)
    if more or mixed.get("Overrides") or "SpotPrice" in launch:
        return {}  # several types, in a mixture that only AWS decides, or a price of the day
    return launch


def _is_public(view: View, launch: Mapping[str, Any], places: Any) -> bool:
    """Whether an instance gets a public address: as its interfaces say, else as its subnets do;
    those of a default VPC give one."""
    _, stated, subnet = backend.interface(launch)
    if stated is not None:
        return stated
    inside = view.references.targets(subnet if subnet else places)
    if not inside:
        own = launch.get("NetworkInterfaces", [])
        return all("NetworkInterfaceId" not in each for each in own)
    known = view.of_type("AWS::EC2::Subnet")
    return any(is_true(known.get(name, {}).get("MapPublicIpOnLaunch")) for name in inside)
