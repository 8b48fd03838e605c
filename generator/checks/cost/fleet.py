"""An Auto Scaling group as it runs under a load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from generator.checks.cost.bill import is_true, number, referred
from generator.checks.view import View

_SIZES = {
    "nano": (2, "5"),
    "micro": (2, "10"),
    "small": (2, "20"),
    "medium": (2, "20"),
    "large": (2, "30"),
    "xlarge": (4, "40"),
    "2xlarge": (8, "40"),
}
BURSTABLE: Mapping[str, tuple[int, Decimal]] = {
    **{
        f"{family}.{size}": (vcpus, Decimal(baseline))
        for family in ("t3", "t4g")
        for size, (vcpus, baseline) in _SIZES.items()
    },
    "t2.nano": (1, Decimal(5)),
    "t2.micro": (1, Decimal(10)),
    "t2.small": (1, Decimal(20)),
    "t2.medium": (2, Decimal(20)),
    "t2.large": (2, Decimal(30)),
}
"""vCPUs and the CPU in percent that the price includes, by type.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html
"""


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
        """CPU in percent that the price includes; None if the type is not burstable."""
        return BURSTABLE[self.type][1] if self.type in BURSTABLE else None

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
        return BURSTABLE[self.type][0] * max(Decimal(0), self.cpu(load) - self.baseline) / 100


def fleets(view: View) -> dict[str, Fleet | None]:
    """Every group by logical id; None for one that cannot be told from a launch template."""
    templates = view.of_type("AWS::EC2::LaunchTemplate")
    targets = _targets(view)
    return {
        name: _fleet(group, templates.get(_launched(group), {}), targets.get(name))
        for name, group in view.of_type("AWS::AutoScaling::AutoScalingGroup").items()
    }


def _fleet(
    group: Mapping[str, Any], template: Mapping[str, Any], target: Decimal | None
) -> Fleet | None:
    least, most = number(group.get("MinSize")), number(group.get("MaxSize"))
    data = template.get("LaunchTemplateData", {})
    kind = data.get("InstanceType")
    if not isinstance(kind, str) or least is None or most is None:
        return None
    usual = "standard" if kind.startswith("t2.") else "unlimited"
    interfaces = data.get("NetworkInterfaces", [])
    return Fleet(
        type=kind,
        least=least,
        most=most,
        target=target,
        credits=data.get("CreditSpecification", {}).get("CpuCredits", usual),
        volumes=tuple(_volumes(data)),
        public=any(is_true(each.get("AssociatePublicIpAddress")) for each in interfaces),
        detailed=is_true(data.get("Monitoring", {}).get("Enabled")),
    )


def _volumes(data: Mapping[str, Any]) -> list[tuple[str, Decimal | None]]:
    disks = [mapping.get("Ebs", {}) for mapping in data.get("BlockDeviceMappings", [{}])]
    return [(str(disk.get("VolumeType", "gp2")), number(disk.get("VolumeSize"))) for disk in disks]


def _targets(view: View) -> dict[str, Decimal | None]:
    return {
        referred(policy.get("AutoScalingGroupName")): number(
            policy.get("TargetTrackingConfiguration", {}).get("TargetValue")
        )
        for policy in view.of_type("AWS::AutoScaling::ScalingPolicy").values()
    }


def _launched(group: Mapping[str, Any]) -> str:
    return referred(group.get("LaunchTemplate", {}).get("LaunchTemplateId"))
