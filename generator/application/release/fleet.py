"""Launch template versions, the group, its instances and their targets, as they are now."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from generator.application.release.function import invoke
from generator.application.release.revision import Revision, of_user_data, require_support
from generator.cloud.aws import Aws
from generator.errors import ClinicError


@dataclass(frozen=True)
class TemplateVersion:
    """One version of a launch template."""

    template: str
    """The launch template's id."""
    number: str
    user_data: str
    machine_image: str
    """An AMI id, or resolve:ssm:..."""
    before: str = ""
    """The number of the version that it was made of; empty if a stack made it."""

    @property
    def runs(self) -> Revision:
        return of_user_data(self.user_data)

    @property
    def specification(self) -> dict[str, str]:
        return {"LaunchTemplateId": self.template, "Version": self.number}


@dataclass(frozen=True)
class GroupInstance:
    """An instance of the group."""

    id: str
    version: str
    """Of the launch template; empty if it came from elsewhere."""
    state: str
    """Lifecycle: Pending, InService, Terminating, ..."""
    health: str
    """What the group thinks: Healthy or Unhealthy."""
    target: str
    """What the balancer thinks: healthy, initial, unhealthy, draining; empty if it has none."""

    @property
    def serves(self) -> bool:
        return self.state == "InService" and self.target == "healthy"


@dataclass(frozen=True)
class GroupState:
    """The Auto Scaling group."""

    template: str
    version: str
    desired: int
    instances: tuple[GroupInstance, ...] = field(default=())


@dataclass(frozen=True)
class BackendFleet:
    """The backend's group by name, its target group by ARN, its releasing function by name."""

    aws: Aws
    name: str
    targets: str
    function: str

    @classmethod
    def of(cls, aws: Aws, outputs: Mapping[str, str]) -> BackendFleet:
        """The one that a stack's outputs name."""
        names = ("BackendGroupName", "TargetGroupArn", "ReleaseFunctionName")
        return cls(aws, *(outputs[name] for name in names))

    def look(self) -> GroupState:
        """The group now: two calls. ClinicError (3) if it is gone."""
        response = self.aws.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[self.name]
        )["AutoScalingGroups"]
        if not response or "LaunchTemplate" not in response[0]:
            raise ClinicError(
                f"the group {self.name} is gone or has no launch template: run `clinic status`.",
                exit_code=3,
            )
        health = self._health()
        instances = tuple(
            GroupInstance(
                id=one["InstanceId"],
                version=one.get("LaunchTemplate", {}).get("Version", ""),
                state=one["LifecycleState"],
                health=one["HealthStatus"],
                target=health.get(one["InstanceId"], ""),
            )
            for one in response[0]["Instances"]
        )
        launch = response[0]["LaunchTemplate"]
        return GroupState(
            launch["LaunchTemplateId"],
            launch["Version"],
            response[0]["DesiredCapacity"],
            instances,
        )

    def version(self, template: str, number: str) -> TemplateVersion:
        """One version of the stack's launch template, by number or $Latest."""
        return TemplateVersion(template=template, **self.invoke("show_version", version=number))

    def make(self, base: TemplateVersion, runs: Revision) -> TemplateVersion:
        """A new version that is ``base`` but for what it has instances run."""
        require_support(base.user_data, runs)
        # A retry of this call makes no second version; a later release is another one.
        token = secrets.token_hex(16)
        made = self.invoke("make_version", source=base.number, token=token, **asdict(runs))
        return self.version(base.template, made)

    def drop(self, version: TemplateVersion) -> None:
        """Delete a version that nothing uses any more."""
        self.invoke("drop_version", version=version.number)

    def invoke(self, step: str, **arguments: Any) -> Any:
        """Have the stack's function do a step of the release."""
        return invoke(self.aws, self.function, step, **arguments)

    def _health(self) -> dict[str, str]:
        response = self.aws.client("elbv2").describe_target_health(TargetGroupArn=self.targets)
        return {
            one["Target"]["Id"]: one["TargetHealth"]["State"]
            for one in response["TargetHealthDescriptions"]
        }
