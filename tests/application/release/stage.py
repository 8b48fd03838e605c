"""The part of the architecture that a release touches, deployed at the endpoint in a moment."""

from __future__ import annotations

import base64
import io
import json
import os
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from generator import bootstrap, functions
from generator.application.release.fleet import Fleet, Group
from generator.application.release.plan import Release, at_rest
from generator.application.release.release import release
from generator.application.release.wish import Order, of_user_data
from generator.cloud.aws import Aws, connect, explained
from generator.cloud.deploy import DeployOptions
from generator.cloud.environment import Environment
from generator.cloud.stacks import Stack, find
from generator.functions import release_backend
from generator.report import Report
from generator.shipped import text
from tests.cloud import small
from tests.cloud.small import PACE

STACK, FIRST, NEXT = "clinic-small", "docker.io/clinic/backend:1", "docker.io/clinic/backend:2"
AMI = "ami-0123456789abcdef0"
SCRIPT = bootstrap.part("migrate.sh")
PARAMETERS = {
    "MachineImage": "resolve:ssm:/aws/service/canonical/ubuntu/ami-id",
    "BackendImage": FIRST,
    "BackendRevision": "main",
    "Release": "1",
    "RollingUpdate": "true",
    "HealthCheckPath": "/api",
}


def environment(**values: str) -> Environment:
    """A flat set of a launch template, a group of two, a target group and the alarms."""
    head: list[Any] = ["#!/bin/bash\n# Release ", {"Ref": "Release"}, "\nREGION='x'\n"]
    for name, parameter in (("IMAGE", "BackendImage"), ("REVISION", "BackendRevision")):
        head += [f"BACKEND_{name}='", {"Ref": parameter}, "'\n"]
    head += ["IMAGE_REPOSITORY='registry.example/clinic'\n"]
    head += [bootstrap.user_data(), "echo 'BACKEND_IMAGE=x'\n"]
    data = {
        "ImageId": {"Ref": "MachineImage"},
        "UserData": {"Fn::Base64": {"Fn::Join": ["", head]}},
    }
    launch = {"LaunchTemplateId": {"Ref": "LaunchTemplate"}}
    launch["Version"] = {"Fn::GetAtt": ["LaunchTemplate", "LatestVersionNumber"]}
    alarm = {"Namespace": "x", "MetricName": "x", "Threshold": 1, "EvaluationPeriods": 1}
    alarm |= {"Period": 60, "Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold"}
    group = {"LaunchTemplate": launch, "MinSize": "2", "MaxSize": "4"}
    resources: dict[str, Any] = {
        "LaunchTemplate": thing("EC2::LaunchTemplate", LaunchTemplateData=data),
        "TargetGroup": thing("ElasticLoadBalancingV2::TargetGroup", Port=3000, Protocol="HTTP"),
        "BackendGroup": thing(
            "AutoScaling::AutoScalingGroup", TargetGroupARNs=[{"Ref": "TargetGroup"}], **group
        ),
        "BackendErrorsAlarm": thing("CloudWatch::Alarm", **alarm),
        "NoHealthyHostAlarm": thing("CloudWatch::Alarm", **alarm),
        "ReleaseFunction": _function(),
    }
    given = {**PARAMETERS, **values}
    outputs = {
        "BackendGroupName": {"Value": {"Ref": "BackendGroup"}},
        "TargetGroupArn": {"Value": {"Ref": "TargetGroup"}},
        "ReleaseFunctionName": {"Value": {"Ref": "ReleaseFunction"}},
    }
    declared = {name: {"Type": "String", "Default": value} for name, value in given.items()}
    made = small.one(resources, **declared)
    flat = made.documents["flat.json"] | {"Outputs": outputs}
    return replace(made, documents={"flat.json": flat})


def _function() -> dict[str, Any]:
    """The function that releases, as the identity's layer makes it."""
    code = text(functions.__name__, "release_backend.py").replace('"@migrate.sh@"', repr(SCRIPT))
    role = "arn:aws:iam::123456789012:role/release"
    return thing(
        "Lambda::Function",
        **{"Runtime": "python3.13", "Handler": "index.handler", "Role": role, "Timeout": 50},
        Code={"ZipFile": code},
        Environment={"Variables": {"ROOT": {"Ref": "AWS::StackName"}}},
    )


def thing(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


class Inside:
    """Lambda with the function in this process: its calls go over the wire that a test watches."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.settings: dict[str, str] = {}

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.settings = self.settings or self._settings(request["FunctionName"])
        inside = patch.object(release_backend.boto3, "client", self.aws.client)
        script = patch.object(release_backend, "SCRIPT", SCRIPT)
        with inside, script, patch.dict(os.environ, self.settings):
            try:
                answer = {}, release_backend.handler(json.loads(request["Payload"]), None)
            except ValueError as error:
                answer = {"FunctionError": "Unhandled"}, {"errorMessage": str(error)}
        return {**answer[0], "Payload": io.BytesIO(json.dumps(answer[1]).encode())}

    def _settings(self, function: str) -> dict[str, str]:
        """The function's own, asked for over another wire."""
        keys = self.aws.session.get_credentials()
        endpoint = {"AWS_ENDPOINT_URL": self.aws.endpoint or "", "AWS_REGION": self.aws.region}
        apart = connect(
            variables={
                **endpoint,
                "AWS_ACCESS_KEY_ID": keys.access_key,
                "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            }
        )
        told = apart.client("lambda").get_function_configuration(FunctionName=function)
        settings: dict[str, str] = told["Environment"]["Variables"]
        return settings


@dataclass
class Scene:
    """A deployed stack of an account, whose function runs in this process unless told."""

    aws: Aws
    env: Environment
    inside: bool = True

    def __post_init__(self) -> None:
        if self.inside:
            self.aws._clients.setdefault("lambda", Inside(self.aws))

    @property
    def stack(self) -> Stack:
        stack = find(self.aws, STACK)
        assert stack
        return stack

    @property
    def fleet(self) -> Fleet:
        return Fleet.of(self.aws, self.stack.outputs)

    def group(self) -> Group:
        return self.fleet.look()

    def image(self, version: str = "") -> str:
        """What a version of the launch template runs; the group's own without one."""
        group = self.group()
        return self.fleet.version(group.template, version or group.version).wish.image

    def runs(self) -> set[str]:
        """The images of the instances."""
        return {self.image(instance.version) for instance in self.group().instances}

    def versions(self) -> dict[str, str]:
        """Images by version number."""
        told = self.aws.client("ec2").describe_launch_template_versions(
            LaunchTemplateId=self.group().template
        )["LaunchTemplateVersions"]
        return {
            str(one["VersionNumber"]): of_user_data(
                base64.b64decode(one["LaunchTemplateData"]["UserData"]).decode()
            ).image
            for one in told
        }

    def refreshes(self) -> list[dict[str, Any]]:
        """Newest first."""
        told: list[dict[str, Any]] = self.aws.client("autoscaling").describe_instance_refreshes(
            AutoScalingGroupName=self.fleet.name
        )["InstanceRefreshes"]
        return told

    def ring(self, alarm: str = "BackendErrorsAlarm", state: str = "ALARM") -> None:
        made = {r.path: r.physical for r in small.resources(self.aws, STACK)}
        self.aws.client("cloudwatch").set_alarm_state(
            AlarmName=made[alarm], StateValue=state, StateReason="a test"
        )


def deployed(aws: Aws, **values: str) -> Scene:
    scene = Scene(aws, environment(**values))
    small.deploy(aws, scene.env)
    return scene


@explained()
def rolled(scene: Scene, image: str = NEXT, **changes: Any) -> bool:
    """A release without pauses, questions and words."""
    order = changes.pop("order", None) or Order(image)
    given: dict[str, Any] = {"site": None, "agreed": lambda _: True, "pace": 0, "patience": 0}
    wishes = DeployOptions(yes=True, report=Report(brief=True), pace=PACE)
    stack = at_rest(scene.aws, scene.env, wishes)
    fleet = Fleet.of(scene.aws, stack.outputs)
    more = {**given, **changes}
    return release(Release(scene.aws, scene.env, stack, fleet, order, wishes, **more))
