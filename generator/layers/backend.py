"""The backend's instances: launch template, Auto Scaling group, scaling, warm pool, log group."""

from __future__ import annotations

from typing import Any

import awacs.autoscaling
import awacs.aws as aws
import awacs.cloudformation
import awacs.cloudwatch
import awacs.elasticloadbalancing
import awacs.logs
from troposphere import (
    And,
    Base64,
    Condition,
    Equals,
    If,
    Join,
    Not,
    NoValue,
    Ref,
    Sub,
    Template,
    autoscaling,
    ec2,
    iam,
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

from generator import bootstrap
from generator.layer import Layer, Name, Values
from generator.layers.balancer import HEALTH_CHECK_PATH, TARGET_GROUP_ARN
from generator.layers.database import DATABASE_NAME
from generator.layers.identity import ENV_FILE, INSTANCE_PROFILE_ARN, INSTANCE_ROLE_NAME
from generator.layers.network import APP_SUBNET_IDS
from generator.layers.perimeter import INSTANCE_PUBLIC_ADDRESS
from generator.layers.secrets import CUSTOMER_KEY, CUSTOMER_KEY_ARN, DATABASE_SECRET_ARN, key_id
from generator.layers.security import BACKEND_SECURITY_GROUP_ID
from generator.layers.shared import (
    ENVIRONMENT_NAME,
    LOG_RETENTION_DAYS,
    allow,
    choice,
    flag,
    is_given,
    is_true,
    named,
    policy,
    tags,
)
from generator.layers.storage import CONFIGURATION_BUCKET

INSTANCE_TYPE = choice(
    "InstanceType",
    "Size of a backend instance. A micro builds an image with the help of swap.",
    "t3.micro",
    "t2.micro",
    "t3.small",
    "t3.medium",
    "t3.large",
)
MACHINE_IMAGE = Name(
    "MachineImage",
    Type="String",
    Default="resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/"
    "ebs-gp3/ami-id",
    Description="Ubuntu Server 24.04 LTS for amd64: an AMI id, or resolve:ssm: and a public "
    "parameter, which EC2 reads at each launch, so that a new AMI replaces nobody by itself.",
    AllowedPattern=r"^(ami-[0-9a-f]{8,17}|resolve:ssm:/[A-Za-z0-9/_.-]{1,200})$",
    ConstraintDescription="An id such as ami-0123456789abcdef0, or resolve:ssm:/aws/service/...",
)
BACKEND_IMAGE = Name(
    "BackendImage",
    Type="String",
    Default="",
    Description="Container image to pull, from ECR or Docker Hub (recommended: 40 seconds to "
    "health instead of 4 minutes). Empty: each instance builds BackendRepository.",
    AllowedPattern=r"^[a-z0-9][A-Za-z0-9./_:@-]{0,254}$|^$",
    ConstraintDescription="An image such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/backend:1 "
    "or docker.io/clinic/backend:1, or nothing.",
)
BACKEND_REPOSITORY = Name(
    "BackendRepository",
    Type="String",
    Default="https://github.com/Deus-Ex-Umbra/COM610-0d3nt-backend.git",
    Description="Public git repository that instances build when BackendImage is empty.",
    AllowedPattern=r"^https://[A-Za-z0-9.-]+/[A-Za-z0-9._/~-]{1,120}$",
    ConstraintDescription="An https address such as https://github.com/clinic/backend.git.",
)
BACKEND_REVISION = Name(
    "BackendRevision",
    Type="String",
    Default="main",
    Description="Branch or tag of BackendRepository.",
    AllowedPattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,100}$",
    ConstraintDescription="A branch or tag such as main or v1.2.0.",
)
RELEASE = Name(
    "Release",
    Type="String",
    Default="1",
    Description="Any word; a new one replaces the instances one by one, so that they take up a "
    "moved branch.",
    AllowedPattern=r"^[A-Za-z0-9._-]{1,64}$",
    ConstraintDescription="1 to 64 letters, digits, dots, underscores and hyphens.",
)
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
CPU_TARGET = Name(
    "CpuTarget",
    Type="Number",
    Default=40,
    MinValue=10,
    MaxValue=90,
    Description="Average CPU in percent that scaling keeps to.",
)
METRIC_PERIOD = choice(
    "MetricPeriod",
    "Seconds between CPU readings. 10: instances publish a metric of their own and scaling reacts "
    "minutes earlier (about 3 USD a month each).",
    "60",
    "10",
)
WARM_POOL_SIZE = Name(
    "WarmPoolSize",
    Type="Number",
    Default=0,
    AllowedValues=[*range(9)],
    Description="Stopped instances that have booted once and join within a minute; 0: none. Needs "
    "BackendImage. With a pool a deployment replaces nobody; `clinic release` renews all.",
)
CPU_CREDITS = choice(
    "CpuCredits",
    "unlimited: a busy instance may cost more. standard: it slows down instead, and a tired one "
    "never reaches the target that would make the group grow.",
    "unlimited",
    "standard",
)

BACKEND_LOG_GROUP = Name(
    "BackendLogGroup", Type="String", Description="Log group of the boot and the container."
)
BACKEND_GROUP_NAME = Name("BackendGroupName", Type="String", Description="The Auto Scaling group.")

GROUP = "BackendGroup"
METRIC_NAMESPACE = "Clinic/Backend"
VOLUME_GIB = 16

# Measured from boot to health: 38 s with an image, 226 s with a build on one GiB. The first boot
# also waits for the database: 8 minutes as a rule, up to 25 with a standby.
WARM_UP_SECONDS = {"pull": 90, "build": 360}
DATABASE_SECONDS = 1500
BOOT_SECONDS = {how: seconds + DATABASE_SECONDS for how, seconds in WARM_UP_SECONDS.items()}
SIGNAL_TIMEOUT = {how: f"PT{seconds // 60 + 5}M" for how, seconds in BOOT_SECONDS.items()}


def build(template: Template, values: Values) -> Values:
    log_group = template.add_resource(
        logs.LogGroup(
            "BackendLogGroupResource",
            RetentionInDays=values[LOG_RETENTION_DAYS],
            KmsKeyId=key_id(template, values),
            Tags=tags(values, "backend"),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        )
    )
    stack_policy = _own_stack_policy(template, values, log_group)
    launch = _launch_template(template, values, log_group)
    group = _group(template, values, launch, stack_policy)
    _scaling(template, values, group)
    return {BACKEND_LOG_GROUP: log_group.ref(), BACKEND_GROUP_NAME: group.ref()}


def has_fast_metric(template: Template, values: Values) -> str:
    """The condition that instances publish their CPU themselves every ten seconds."""
    return template.add_condition("HasFastMetric", Equals(values[METRIC_PERIOD], "10"))


def _has_warm_pool(template: Template, values: Values) -> str:
    return template.add_condition("HasWarmPool", Not(Equals(values[WARM_POOL_SIZE], "0")))


def _own_stack_policy(
    template: Template, values: Values, log_group: logs.LogGroup
) -> iam.ManagedPolicy:
    """What the role may do with this stack's things: write its log, signal, say how busy it is,
    see whether others serve before it restarts its container, say when it is ready."""
    signal = allow(
        [awacs.cloudformation.SignalResource], [Ref("AWS::StackId")], Sid="SignalThisStack"
    )
    write_log = allow(
        [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
        [log_group.get_att("Arn")],
        Sid="WriteBackendLog",
    )
    # AWS knows no narrower resource for looking at targets.
    see_others = allow([awacs.elasticloadbalancing.DescribeTargetHealth], ["*"], Sid="SeeWhoServes")
    namespace = aws.StringEquals({"cloudwatch:namespace": METRIC_NAMESPACE})
    publish = allow(
        [awacs.cloudwatch.PutMetricData],
        ["*"],
        Sid="PublishCpu",
        Condition=aws.Condition(namespace),
    )
    return template.add_resource(
        iam.ManagedPolicy(
            "BackendStackPolicy",
            Description="One log group, one stack's signal, one metric namespace",
            PolicyDocument=policy(
                signal,
                write_log,
                see_others,
                If(has_fast_metric(template, values), publish, NoValue),
                *_wait_for_boot(template, values),
            ),
            Roles=[values[INSTANCE_ROLE_NAME]],
        )
    )


def _wait_for_boot(template: Template, values: Values) -> list[If]:
    """The rights by which an instance ends the wait of the group's hook."""
    groups = Sub(
        "arn:${AWS::Partition}:autoscaling:${AWS::Region}:${AWS::AccountId}:autoScalingGroup:*:"
        "autoScalingGroupName/*"
    )
    own = aws.StringEquals({"aws:ResourceTag/aws:cloudformation:stack-id": Ref("AWS::StackId")})
    ready = allow(
        [awacs.autoscaling.CompleteLifecycleAction],
        [groups],
        Sid="SayReady",
        Condition=aws.Condition(own),
    )
    # AWS knows no narrower resource for looking up an instance's group.
    find = allow([awacs.autoscaling.DescribeAutoScalingInstances], ["*"], Sid="FindOwnGroup")
    has_pool = _has_warm_pool(template, values)
    return [If(has_pool, statement, NoValue) for statement in (ready, find)]


def _user_data(template: Template, values: Values, log_group: logs.LogGroup) -> Base64:
    settings = {
        "REGION": Ref("AWS::Region"),
        "STACK": Ref("AWS::StackId"),
        "GROUP_RESOURCE": GROUP,
        "LOG_GROUP": log_group.ref(),
        "CONFIG_BUCKET": values[CONFIGURATION_BUCKET],
        "CONFIG_KEY": ENV_FILE,
        "DATABASE_SECRET": values[DATABASE_SECRET_ARN],
        "DATABASE_NAME": values[DATABASE_NAME],
        "BACKEND_IMAGE": values[BACKEND_IMAGE],
        "BACKEND_REPOSITORY": values[BACKEND_REPOSITORY],
        "BACKEND_REVISION": values[BACKEND_REVISION],
        "HEALTH_PATH": values[HEALTH_CHECK_PATH],
        "METRIC_PERIOD": values[METRIC_PERIOD],
        "METRIC_NAMESPACE": METRIC_NAMESPACE,
        "GROUP_DIMENSION": values[ENVIRONMENT_NAME],
        "TARGET_GROUP": values[TARGET_GROUP_ARN],
    }
    lines: list[Any] = ["#!/bin/bash\n# Release ", values[RELEASE], "\n"]
    for name in bootstrap.SETTINGS:
        lines += _assigned(name, settings)
    pull, build = (bootstrap.part(bootstrap.IMAGE[way]) for way in ("pull", "build"))
    pulls = is_given(template, values, BACKEND_IMAGE)
    before, after = bootstrap.part(*bootstrap.BEFORE), bootstrap.part(*bootstrap.AFTER)
    pool = If(_has_warm_pool(template, values), bootstrap.part(bootstrap.POOL), "")
    return Base64(Join("", [*lines, before, If(pulls, pull, build), pool, after]))


def _assigned(name: str, settings: dict[str, Any]) -> list[Any]:
    return [f"{name}='", settings[name], "'\n"]


def _launch_template(
    template: Template, values: Values, log_group: logs.LogGroup
) -> ec2.LaunchTemplate:
    disk = ec2.LaunchTemplateBlockDeviceMapping(
        DeviceName="/dev/sda1",
        Ebs=ec2.EBSBlockDevice(
            VolumeSize=VOLUME_GIB, VolumeType="gp3", Encrypted=True, DeleteOnTermination=True
        ),
    )
    interface = ec2.NetworkInterfaces(
        DeviceIndex=0,
        AssociatePublicIpAddress=values[INSTANCE_PUBLIC_ADDRESS],
        Groups=[values[BACKEND_SECURITY_GROUP_ID]],
        DeleteOnTermination=True,
    )
    data = ec2.LaunchTemplateData(
        ImageId=values[MACHINE_IMAGE],
        InstanceType=values[INSTANCE_TYPE],
        IamInstanceProfile=ec2.IamInstanceProfile(Arn=values[INSTANCE_PROFILE_ARN]),
        # One hop: the container must not become whoever its host is; it gets what it needs by file.
        MetadataOptions=ec2.MetadataOptions(
            HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=1
        ),
        Monitoring=ec2.Monitoring(Enabled=True),
        CreditSpecification=ec2.LaunchTemplateCreditSpecification(CpuCredits=values[CPU_CREDITS]),
        BlockDeviceMappings=[disk],
        NetworkInterfaces=[interface],
        TagSpecifications=[
            ec2.TagSpecifications(ResourceType=kind, Tags=tags(values, "backend"))
            for kind in ("instance", "volume")
        ],
        UserData=_user_data(template, values, log_group),
    )
    return template.add_resource(
        ec2.LaunchTemplate(
            "LaunchTemplate",
            LaunchTemplateData=data,
            TagSpecifications=[
                ec2.TagSpecifications(
                    ResourceType="launch-template", Tags=tags(values, "launch-template")
                )
            ],
        )
    )


def _group(
    template: Template, values: Values, launch: ec2.LaunchTemplate, needed: iam.ManagedPolicy
) -> autoscaling.AutoScalingGroup:
    pulls = is_given(template, values, BACKEND_IMAGE)

    def by_boot(seconds: dict[str, Any]) -> If:
        return If(pulls, seconds["pull"], seconds["build"])

    # DesiredCapacity stays out: it would shrink a grown group at every update.
    return template.add_resource(
        autoscaling.AutoScalingGroup(
            GROUP,
            DependsOn=needed.title,
            LaunchTemplate=autoscaling.LaunchTemplateSpecification(
                LaunchTemplateId=launch.ref(), Version=launch.get_att("LatestVersionNumber")
            ),
            MinSize=values[MIN_INSTANCES],
            MaxSize=values[MAX_INSTANCES],
            VPCZoneIdentifier=values[APP_SUBNET_IDS],
            TargetGroupARNs=[values[TARGET_GROUP_ARN]],
            HealthCheckType="ELB",
            HealthCheckGracePeriod=by_boot(BOOT_SECONDS),
            DefaultInstanceWarmup=by_boot(WARM_UP_SECONDS),
            LifecycleHookSpecificationList=If(_has_warm_pool(template, values), [_hook()], NoValue),
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


def _hook() -> autoscaling.LifecycleHookSpecification:
    """Nobody is stopped in the pool, or put into service, before its boot says so."""
    return autoscaling.LifecycleHookSpecification(
        LifecycleHookName="boot",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        HeartbeatTimeout=BOOT_SECONDS["pull"],
        DefaultResult="ABANDON",
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
            Not(Condition(_has_warm_pool(template, values))),
        ),
    )
    return UpdatePolicy(
        AutoScalingRollingUpdate=If(rolls, rolling, NoValue),
        AutoScalingScheduledAction=AutoScalingScheduledAction(
            IgnoreUnmodifiedGroupSizeProperties=True
        ),
    )


def _scaling(template: Template, values: Values, group: autoscaling.AutoScalingGroup) -> None:
    fast = has_fast_metric(template, values)
    own_metric = autoscaling.TargetTrackingMetricStat(
        Metric=autoscaling.Metric(
            Namespace=METRIC_NAMESPACE,
            MetricName="CPUUtilization",
            Dimensions=[
                autoscaling.MetricDimension(Name="Environment", Value=values[ENVIRONMENT_NAME])
            ],
        ),
        Period=10,
        Stat="Average",
    )
    own = autoscaling.CustomizedMetricSpecification(
        Metrics=[autoscaling.TargetTrackingMetricDataQuery(Id="cpu", MetricStat=own_metric)]
    )
    predefined = autoscaling.PredefinedMetricSpecification(
        PredefinedMetricType="ASGAverageCPUUtilization"
    )
    template.add_resource(
        autoscaling.ScalingPolicy(
            "CpuScaling",
            AutoScalingGroupName=group.ref(),
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration=autoscaling.TargetTrackingConfiguration(
                TargetValue=values[CPU_TARGET],
                CustomizedMetricSpecification=If(fast, own, NoValue),
                PredefinedMetricSpecification=If(fast, NoValue, predefined),
            ),
        )
    )
    template.add_resource(
        autoscaling.WarmPool(
            "WarmPool",
            Condition=_has_warm_pool(template, values),
            AutoScalingGroupName=group.ref(),
            # Only with both alike is it of this size; else it fills the group up to its maximum.
            MinSize=values[WARM_POOL_SIZE],
            MaxGroupPreparedCapacity=values[WARM_POOL_SIZE],
            PoolState="Stopped",
            InstanceReusePolicy=autoscaling.InstanceReusePolicy(ReuseOnScaleIn=False),
        )
    )


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = {
        "WarmPoolNeedsAnImage": {
            "RuleCondition": Not(Equals(Ref("WarmPoolSize"), "0")),
            "Assertions": [
                {
                    "Assert": Not(Equals(Ref("BackendImage"), "")),
                    "AssertDescription": "WarmPoolSize needs BackendImage: a pool of instances "
                    "that build their own image saves nothing.",
                }
            ],
        }
    }
    for least in LEAST:
        above = [str(most) for most in MOST if most > least]
        rules[f"MoreThan{least}Instances"] = {
            "RuleCondition": Equals(Ref("MinInstances"), str(least)),
            "Assertions": [
                {
                    "Assert": {"Fn::Contains": [above, Ref("MaxInstances")]},
                    "AssertDescription": "MaxInstances must be above MinInstances: an update "
                    "starts a new instance before it stops an old one.",
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
        TARGET_GROUP_ARN,
        CONFIGURATION_BUCKET,
        DATABASE_SECRET_ARN,
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
    rules=_rules(),
)
