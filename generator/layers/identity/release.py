"""The Lambda function that releases, for people who may call it but lack its own rights.

IAM cannot tell one user data from another, nor an update with the template as it is from one with
a template of somebody's own. So whoever releases has neither right, and asks this function, which
takes an image or a revision and nothing else.

It lies in a layer that the backend waits for anyway, and finds the backend's launch template and
group when it is called.
"""

from __future__ import annotations

import json
from typing import Any

import awacs.autoscaling
import awacs.aws as aws
import awacs.cloudformation
import awacs.ec2
import awacs.iam
import awacs.s3
import awacs.ssm
from troposphere import Join, Ref, Select, Split, Sub, Template, awslambda

from generator import bootstrap
from generator.layer import Values
from generator.layers.secrets import key_id
from generator.layers.shared import allow, named
from generator.layers.shared.inline_function import inline_function

ARTIFACTS = "arn:${AWS::Partition}:s3:::clinic-artifacts-${AWS::AccountId}-${AWS::Region}/*"
"""Where `clinic deploy` leaves the templates of nested stacks."""
PLACE = "${AWS::Region}:${AWS::AccountId}"


def release_function(template: Template, values: Values, instance_role: Any) -> awslambda.Function:
    """Add the function; ``instance_role`` is the ARN of the role of the instances."""
    return inline_function(
        template,
        values,
        "Release",
        "release_backend.py",
        [
            *_versions(values),
            *_refresh(values, instance_role),
            *_update(),
            *_migration(),
        ],
        code={'"@migrate.sh@"': json.dumps(bootstrap.part("migrate.sh"))},
        KmsKeyArn=key_id(template, values),
        Timeout=50,  # below what `clinic release` waits for an answer
        Environment=awslambda.Environment(Variables={"ROOT": _root()}),
    )


def _root() -> Select:
    """The name of the stack of which this one is nested, or of this one: a nested one's name is
    its parent's, its logical id and a random end."""
    return Select(0, Split("-IdentityStack-", Ref("AWS::StackName")))


def _of_this_stack(key: str) -> aws.Condition:
    """CloudFormation's own tag, which Auto Scaling passes on to instances."""
    names = [_root(), Join("", [_root(), "-BackendStack-*"])]
    return aws.Condition(aws.StringLike({f"{key}/aws:cloudformation:stack-name": names}))


def _launch_template(values: Values) -> dict[str, Any]:
    """The one of this stack: by its Name tag, since it takes none of CloudFormation's."""
    own = aws.StringEquals({"aws:ResourceTag/Name": named(values, "launch-template")})
    anyone = Sub(f"arn:${{AWS::Partition}}:ec2:{PLACE}:launch-template/*")
    return {"resources": [anyone], "Condition": aws.Condition(own)}


def _versions(values: Values) -> list[Any]:
    return [
        # EC2 and Auto Scaling describe all of an account, or nothing.
        allow(
            [awacs.ec2.Action("Describe*"), awacs.autoscaling.Action("Describe*")],
            ["*"],
            Sid="Read",
        ),
        allow(
            [awacs.ec2.CreateLaunchTemplateVersion, awacs.ec2.DeleteLaunchTemplateVersions],
            **_launch_template(values),
            Sid="Versions",
        ),
    ]


def _refresh(values: Values, instance_role: Any) -> list[Any]:
    groups = Sub(f"arn:${{AWS::Partition}}:autoscaling:{PLACE}:autoScalingGroup:*")
    tagged = [
        Sub(f"arn:${{AWS::Partition}}:ec2:{PLACE}:{kind}/*")
        for kind in ("instance", "network-interface", "volume")
    ]
    return [
        allow(
            [
                awacs.autoscaling.ResumeProcesses,
                awacs.autoscaling.SetDesiredCapacity,
                awacs.autoscaling.StartInstanceRefresh,
                awacs.autoscaling.SuspendProcesses,
                awacs.autoscaling.TerminateInstanceInAutoScalingGroup,
                awacs.autoscaling.UpdateAutoScalingGroup,
            ],
            [groups],
            Sid="Group",
            Condition=_of_this_stack("aws:ResourceTag"),
        ),
        # Auto Scaling tries the launch as whoever asks: of this stack's launch template, with all
        # that it names (subnet, image, group, ...), of which each is asked for.
        allow([awacs.ec2.RunInstances], **_launch_template(values), Sid="TryLaunch"),
        aws.Statement(
            Sid="WithWhatItNames",
            Effect=aws.Allow,
            Action=[awacs.ec2.RunInstances],
            NotResource=_launch_template(values)["resources"],
            Condition=aws.Condition(
                aws.ArnLike({"ec2:LaunchTemplate": _launch_template(values)["resources"]})
            ),
        ),
        allow(
            [awacs.ec2.CreateTags],
            tagged,
            Sid="TagLaunch",
            Condition=aws.Condition(aws.StringEquals({"ec2:CreateAction": "RunInstances"})),
        ),
        allow(
            [awacs.iam.PassRole],
            [instance_role],
            Sid="PassInstanceRole",
            Condition=aws.Condition(aws.StringEquals({"iam:PassedToService": "ec2.amazonaws.com"})),
        ),
        allow(
            [awacs.ssm.GetParameters],
            [Sub("arn:${AWS::Partition}:ssm:${AWS::Region}::parameter/aws/service/canonical/*")],
            Sid="NewestUbuntu",
        ),
    ]


def _update() -> list[Any]:
    """CloudFormation updates the stack, and those nested in it, as whoever asks."""
    begin = Sub(f"arn:${{AWS::Partition}}:cloudformation:{PLACE}:stack/")
    stacks = [Join("", [begin, _root(), end]) for end in ("/*", "-*Stack-*/*")]
    through = aws.ForAnyValueStringEquals({"aws:CalledVia": ["cloudformation.amazonaws.com"]})
    return [
        allow(
            [
                awacs.cloudformation.CreateChangeSet,
                awacs.cloudformation.DescribeChangeSet,
                awacs.cloudformation.DescribeStackResource,
                awacs.cloudformation.DescribeStackResources,
                awacs.cloudformation.DescribeStacks,
                awacs.cloudformation.ExecuteChangeSet,
                awacs.cloudformation.GetTemplate,
                awacs.cloudformation.ListStackResources,
            ],
            stacks,
            Sid="ChangeSets",
        ),
        allow(
            [awacs.cloudformation.UpdateStack],
            stacks,
            Sid="Children",
            Condition=aws.Condition(through),
        ),
        allow([awacs.s3.GetObject], [Sub(ARTIFACTS)], Sid="ChildTemplates"),
    ]


def _migration() -> list[Any]:
    return [
        allow(
            [awacs.ssm.SendCommand],
            [Sub(f"arn:${{AWS::Partition}}:ec2:{PLACE}:instance/*")],
            Sid="SendToBackend",
            Condition=_of_this_stack("ssm:resourceTag"),
        ),
        allow(
            [awacs.ssm.SendCommand],
            [Sub("arn:${AWS::Partition}:ssm:${AWS::Region}::document/AWS-RunShellScript")],
            Sid="SendScript",
        ),
        # AWS knows no narrower resource for commands; the function shows its own only.
        allow([awacs.ssm.GetCommandInvocation, awacs.ssm.ListCommands], ["*"], Sid="ReadItsEnd"),
    ]
