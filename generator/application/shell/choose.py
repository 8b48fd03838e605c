"""Which instance a shell is opened on."""

from __future__ import annotations

from dataclasses import dataclass

from generator.cloud import backend
from generator.cloud.aws import Aws
from generator.cloud.text import printable
from generator.errors import ClinicError, quote


@dataclass(frozen=True)
class Instance:
    """One of the group, as group and balancer see it."""

    id: str
    lifecycle: str
    """Of the group: Pending, InService, Terminating, ..."""
    target: str
    """Of the balancer: healthy, unhealthy, initial, ...; empty where it does not know it."""

    @property
    def rank(self) -> tuple[bool, bool, str]:
        """Sorts healthy ones first, then those in service."""
        return self.target != "healthy", self.lifecycle != "InService", self.id

    def __str__(self) -> str:
        return f"{self.id} ({self.lifecycle}, {self.target or 'unknown to the balancer'})"


def choose(aws: Aws, name: str, instance_id: str = "") -> Instance:
    """A healthy instance of a stack by name if there is one, else the best there is; or the one
    whose id is ``wanted``, or ends so.

    ClinicError (2) if there is no such stack or instance, (1) if it has none at all.
    """
    located = backend.of_stack(aws, name)
    group = backend.group(aws, located.group) if located.group else None
    targets = {target.id: target.state for target in backend.targets(aws, group)}
    instances = sorted(
        (
            Instance(one["InstanceId"], one["LifecycleState"], targets.get(one["InstanceId"], ""))
            for one in backend.instances(group)
        ),
        key=lambda instance: instance.rank,
    )
    if not instances:
        raise ClinicError(
            f"{name} is in {located.stack.status} and has no instance now: "
            f"`clinic doctor {located.stack.env}` says why.",
            exit_code=1,
        )
    chosen = [instance for instance in instances if instance.id.endswith(instance_id)]
    if not chosen or (instance_id and len(chosen) > 1):
        which = "the end of several instances" if chosen else "no instance"
        raise ClinicError(
            f"{quote(instance_id)} is {which} of "
            f"{name}: it has {', '.join(printable(instance) for instance in instances)}."
        )
    return chosen[0]
