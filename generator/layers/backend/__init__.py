"""The backend's instances: their Auto Scaling group with its log group, and what makes it up.

launch_template.py   what an instance is made of
user_data.py         what it runs at its first boot
boot_library.py      the part of that for which user data has no room
instance_policy.py   what it may do with its own stack's things
scaling.py           how the group follows its load
warm_pool.py         stopped instances for a quicker start
"""

from __future__ import annotations

from typing import Any

from troposphere import (
    And,
    Condition,
    Equals,
    If,
    Not,
    NoValue,
    Ref,
    Template,
    autoscaling,
    ec2,
    logs,
)
from troposphere.policies import (
    AutoScalingRollingUpdate,
    AutoScalingScheduledAction,
    CreationPolicy,
    ResourceSignal,
    UpdatePolicy,
)
from troposphere.validators.autoscaling import Tags as GroupTags

from generator.layer import Layer, Name, Values
from generator.layers.backend.boot_library import boot_library
from generator.layers.backend.instance_policy import instance_policy
from generator.layers.backend.launch_template import (
    CPU_CREDITS,
    INSTANCE_TYPE,
    MACHINE_IMAGE,
    launch_template,
)
from generator.layers.backend.scaling import CPU_TARGET, METRIC_PERIOD, add_scaling_policy
from generator.layers.backend.user_data import (
    BACKEND_IMAGE,
    BACKEND_REPOSITORY,
    BACKEND_REVISION,
    BOOT_SECONDS,
    RELEASE,
    WARM_UP_SECONDS,
    user_data,
)
from generator.layers.backend.warm_pool import (
    NEEDS_IMAGE,
    WARM_POOL_SIZE,
    add_warm_pool,
    boot_hook,
    has_warm_pool,
)
from generator.layers.balancer import HEALTH_CHECK_PATH, TARGET_GROUP_ARNS
from generator.layers.database import DATABASE_NAME
from generator.layers.documents import FILE_SYSTEM_ID
from generator.layers.identity import INSTANCE_PROFILE_ARN, INSTANCE_ROLE_NAME
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.network import APP_SUBNET_IDS
from generator.layers.perimeter import INSTANCE_PUBLIC_ADDRESS
from generator.layers.secrets import CUSTOMER_KEY, CUSTOMER_KEY_ARN, DATABASE_SECRET_ARN, key_id
from generator.layers.security import BACKEND_SECURITY_GROUP_ID
from generator.layers.shared import (
    DOCUMENTS_FILE_SYSTEM,
    ENVIRONMENT_NAME,
    LOG_RETENTION_DAYS,
    alarms,
    flag,
    is_given,
    is_true,
    named,
    tags,
)
from generator.layers.shared.events import add_scaling_events
from generator.layers.storage import CONFIGURATION_BUCKET, IMAGE_REPOSITORY_URI

ROLLING_UPDATE = flag(
    "RollingUpdate",
    "true: a changed launch template replaces the instances one by one. false: it is for those "
    "that start from now on; `clinic release` sets it when it has replaced them already.",
    "true",
)
# Listed, since conditions and rules compare text: 4.0 would be none of the numbers they know.
LEAST, MOST = range(1, 9), range(2, 21)
MIN_INSTANCES = Name(
    "MinInstances",
    Type="Number",
    Default=2,
    AllowedValues=[*LEAST],
    Description="Instances that are always in service.",
)
MAX_INSTANCES = Name(
    "MaxInstances",
    Type="Number",
    Default=4,
    AllowedValues=[*MOST],
    Description="The most instances under load; above MinInstances, since an update needs room.",
)

BACKEND_LOG_GROUP = Name(
    "BackendLogGroup", Type="String", Description="Log group of the boot and the container."
)
BACKEND_GROUP_NAME = Name("BackendGroupName", Type="String", Description="The Auto Scaling group.")

GROUP = "BackendGroup"
SIGNAL_TIMEOUT = {how: f"PT{seconds // 60 + 5}M" for how, seconds in BOOT_SECONDS.items()}


def build(template: Template, values: Values) -> Values:
    log_group = template.add_resource(
        logs.LogGroup(
            "BackendLogGroupResource",
            RetentionInDays=values[LOG_RETENTION_DAYS],
            KmsKeyId=key_id(template, values),
            Tags=tags(values, "backend"),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    )
    instance_policy(template, values, log_group)
    boot = user_data(template, values, GROUP, log_group, boot_library(template))
    launch = launch_template(template, values, boot)
    group = _group(template, values, launch)
    add_scaling_policy(template, values, group)
    add_warm_pool(template, values, group)
    alarms.add_alarms(template, values, alarms.GROUP, {"AutoScalingGroupName": group.ref()})
    add_scaling_events(template, values, GROUP)
    return {BACKEND_LOG_GROUP: log_group.ref(), BACKEND_GROUP_NAME: group.ref()}


def _group(
    template: Template, values: Values, launch: ec2.LaunchTemplate
) -> autoscaling.AutoScalingGroup:
    pulls = is_given(template, values, BACKEND_IMAGE)

    def by_boot(seconds: dict[str, Any]) -> If:
        return If(pulls, seconds["pull"], seconds["build"])

    hook = boot_hook(BOOT_SECONDS["pull"])  # a pool needs an image
    # DesiredCapacity stays out: it would shrink a grown group at every update. No DependsOn on the
    # instances' rights, which are there a minute before an instance uses them.
    return template.add_resource(
        autoscaling.AutoScalingGroup(
            GROUP,
            LaunchTemplate=autoscaling.LaunchTemplateSpecification(
                LaunchTemplateId=launch.ref(), Version=launch.get_att("LatestVersionNumber")
            ),
            MinSize=values[MIN_INSTANCES],
            MaxSize=values[MAX_INSTANCES],
            VPCZoneIdentifier=values[APP_SUBNET_IDS],
            TargetGroupARNs=values[TARGET_GROUP_ARNS],
            HealthCheckType="ELB",
            HealthCheckGracePeriod=by_boot(BOOT_SECONDS),
            DefaultInstanceWarmup=by_boot(WARM_UP_SECONDS),
            LifecycleHookSpecificationList=If(has_warm_pool(template, values), [hook], NoValue),
            MetricsCollection=[autoscaling.MetricsCollection(Granularity="1Minute")],
            Tags=GroupTags(Name=named(values, "backend")),
            CreationPolicy=CreationPolicy(
                ResourceSignal=ResourceSignal(
                    Count=values[MIN_INSTANCES], Timeout=by_boot(SIGNAL_TIMEOUT)
                )
            ),
            UpdatePolicy=_update_policy(template, values, by_boot(SIGNAL_TIMEOUT)),
        )
    )


def _update_policy(template: Template, values: Values, patience: If) -> UpdatePolicy:
    rolling = AutoScalingRollingUpdate(
        MinInstancesInService=values[MIN_INSTANCES],
        MaxBatchSize=1,
        WaitOnResourceSignals=True,
        PauseTime=patience,
        SuspendProcesses=[
            "AlarmNotification",
            "AZRebalance",
            "HealthCheck",
            "ReplaceUnhealthy",
            "ScheduledActions",
        ],
    )
    # What comes from a pool runs what was there before, and sends no signal.
    rolls = template.add_condition(
        "InstancesAreRolled",
        And(
            Condition(is_true(template, values, ROLLING_UPDATE)),
            Not(Condition(has_warm_pool(template, values))),
        ),
    )
    return UpdatePolicy(
        AutoScalingRollingUpdate=If(rolls, rolling, NoValue),
        AutoScalingScheduledAction=AutoScalingScheduledAction(
            IgnoreUnmodifiedGroupSizeProperties=True
        ),
    )


def _room_for_an_update() -> dict[str, Any]:
    rules: dict[str, Any] = {}
    for least in LEAST:
        above = [str(most) for most in MOST if most > least]
        rules[f"MoreThan{least}Instances"] = {
            "RuleCondition": Equals(Ref("MinInstances"), str(least)),
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [above, Ref("MaxInstances")]},
                    "AssertDescription": "MaxInstances must be above MinInstances: an update "
                    "needs room.",
                }
            ],
        }
    return rules


BACKEND = Layer(
    "Backend",
    build,
    needs=(
        ENVIRONMENT_NAME,
        APP_SUBNET_IDS,
        INSTANCE_PUBLIC_ADDRESS,
        BACKEND_SECURITY_GROUP_ID,
        INSTANCE_ROLE_NAME,
        INSTANCE_PROFILE_ARN,
        TARGET_GROUP_ARNS,
        CONFIGURATION_BUCKET,
        DOCUMENTS_FILE_SYSTEM,
        FILE_SYSTEM_ID,
        IMAGE_REPOSITORY_URI,
        DATABASE_SECRET_ARN,
        ALARM_TOPIC_ARN,
        CUSTOMER_KEY,
        CUSTOMER_KEY_ARN,
        DATABASE_NAME,
        INSTANCE_TYPE,
        MACHINE_IMAGE,
        BACKEND_IMAGE,
        BACKEND_REPOSITORY,
        BACKEND_REVISION,
        RELEASE,
        ROLLING_UPDATE,
        HEALTH_CHECK_PATH,
        MIN_INSTANCES,
        MAX_INSTANCES,
        CPU_TARGET,
        CPU_CREDITS,
        METRIC_PERIOD,
        WARM_POOL_SIZE,
        LOG_RETENTION_DAYS,
    ),
    offers=(BACKEND_LOG_GROUP, BACKEND_GROUP_NAME),
    rules={"WarmPoolNeedsAnImage": NEEDS_IMAGE, **_room_for_an_update()},
)
