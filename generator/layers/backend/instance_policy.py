"""What an instance may do with its own stack's things; its role lets it do the rest."""

from __future__ import annotations

import awacs.autoscaling
import awacs.aws as aws
import awacs.cloudformation
import awacs.cloudwatch
import awacs.logs
import awacs.ssm
from troposphere import If, NoValue, Ref, Sub, Template, iam, logs

from generator.layer import Values
from generator.layers.backend.boot_library import NAME as LIBRARY
from generator.layers.backend.scaling import METRIC_NAMESPACE, has_fast_metric
from generator.layers.backend.warm_pool import has_warm_pool
from generator.layers.identity import INSTANCE_ROLE_NAME
from generator.layers.shared import allow, policy


def instance_policy(
    template: Template, values: Values, log_group: logs.LogGroup
) -> iam.ManagedPolicy:
    """To read its program, write its log, signal, say how busy it is and when it is ready."""
    signal = allow(
        [awacs.cloudformation.SignalResource], [Ref("AWS::StackId")], Sid="SignalThisStack"
    )
    write_log = allow(
        [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents, awacs.logs.DescribeLogStreams],
        [log_group.get_att("Arn")],
        Sid="WriteBackendLog",
    )
    # Session Manager's agent looks whether the group that it shall log a shell to is encrypted
    # (Systems Manager user guide, session-manager-logging).
    groups = Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*")
    find_log = allow([awacs.logs.DescribeLogGroups], [groups], Sid="FindSessionLog")
    # Of this stack whatever its content: with the digest in it, the right would leave instances of
    # the launch template before in the middle of an update, or of its rollback.
    library = Sub(
        f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter{LIBRARY}*"
    )
    read_library = allow([awacs.ssm.GetParameter], [library], Sid="ReadBootLibrary")
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
                find_log,
                read_library,
                If(has_fast_metric(template, values), publish, NoValue),
                *_end_the_wait(template, values),
            ),
            Roles=[values[INSTANCE_ROLE_NAME]],
        )
    )


def _end_the_wait(template: Template, values: Values) -> list[If]:
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
    has_pool = has_warm_pool(template, values)
    return [If(has_pool, statement, NoValue) for statement in (ready, find)]
