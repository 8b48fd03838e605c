"""How the group follows its load: target tracking of the CPU."""

from __future__ import annotations

from troposphere import Equals, If, NoValue, Template, autoscaling

from generator.layer import Name, Values
from generator.layers.shared import choice, stack_suffix

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

METRIC_NAMESPACE = "Clinic/Backend"
METRIC_DIMENSION = stack_suffix()
"""Whose CPU it is: two stacks may have one EnvironmentName, and a launch template cannot name the
group that it is for."""


def has_fast_metric(template: Template, values: Values) -> str:
    """The condition that instances publish their CPU themselves every ten seconds."""
    return template.add_condition("HasFastMetric", Equals(values[METRIC_PERIOD], "10"))


def add_scaling_policy(
    template: Template, values: Values, group: autoscaling.AutoScalingGroup
) -> None:
    """Keep the average CPU at CpuTarget, by AWS's metric or by the instances' own."""
    fast = has_fast_metric(template, values)
    own_metric = autoscaling.TargetTrackingMetricStat(
        Metric=autoscaling.Metric(
            Namespace=METRIC_NAMESPACE,
            MetricName="CPUUtilization",
            Dimensions=[autoscaling.MetricDimension(Name="Environment", Value=METRIC_DIMENSION)],
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
