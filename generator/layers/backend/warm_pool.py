"""Stopped instances that have booted once, and the hook that waits for their boot."""

from __future__ import annotations

from typing import Any

from troposphere import Equals, Not, Ref, Template, autoscaling

from generator.layer import Name, Values

WARM_POOL_SIZE = Name(
    "WarmPoolSize",
    Type="Number",
    Default=0,
    AllowedValues=[*range(9)],
    Description="Stopped instances that have booted once and join within a minute; 0: none. Needs "
    "BackendImage. With a pool a deployment replaces nobody; `clinic release` renews all.",
)

NEEDS_IMAGE: dict[str, Any] = {
    "RuleCondition": Not(Equals(Ref("WarmPoolSize"), "0")),
    "Assertions": [
        {
            "Assert": Not(Equals(Ref("BackendImage"), "")),
            "AssertDescription": "WarmPoolSize needs BackendImage: a pool of instances "
            "that build their own image saves nothing.",
        }
    ],
}


def has_warm_pool(template: Template, values: Values) -> str:
    """The condition that there is a pool."""
    return template.add_condition("HasWarmPool", Not(Equals(values[WARM_POOL_SIZE], "0")))


def add_warm_pool(template: Template, values: Values, group: autoscaling.AutoScalingGroup) -> None:
    """Add the pool, if it is to hold any."""
    template.add_resource(
        autoscaling.WarmPool(
            "WarmPool",
            Condition=has_warm_pool(template, values),
            AutoScalingGroupName=group.ref(),
            # Only with both alike is it of this size; else it fills the group up to its maximum.
            MinSize=values[WARM_POOL_SIZE],
            MaxGroupPreparedCapacity=values[WARM_POOL_SIZE],
            PoolState="Stopped",
            InstanceReusePolicy=autoscaling.InstanceReusePolicy(ReuseOnScaleIn=False),
        )
    )


def boot_hook(seconds: int) -> autoscaling.LifecycleHookSpecification:
    """The lifecycle hook: an instance waits until its boot completes the action; after ``seconds``
    without that it is abandoned."""
    return autoscaling.LifecycleHookSpecification(
        LifecycleHookName="boot",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        HeartbeatTimeout=seconds,
        DefaultResult="ABANDON",
    )
