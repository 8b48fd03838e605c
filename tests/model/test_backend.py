"""What templates launch, in the words of a launch template, whoever describes it."""

from __future__ import annotations

from typing import Any

import pytest

from generator.model import backend, view
from generator.model.backend import credits, image, interface, launches, script, settings, tracking
from generator.model.references import References
from tests.model.test_view import ROOT

TEMPLATE = {"LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": "1"}}


def launched(kind: str, given: dict[str, Any], **others: tuple[str, dict[str, Any]]) -> list[Any]:
    resources = {name: {"Type": t, "Properties": p} for name, (t, p) in others.items()}
    resources["It"] = {"Type": kind, "Properties": given}
    return launches("It", given, References(resources))


def user_data(text: str) -> dict[str, Any]:
    return {"UserData": {"Fn::Base64": text}}


def test_an_instances_own_settings_go_before_those_of_its_template() -> None:
    template = {"LaunchTemplateData": {"InstanceType": "t3.micro", "KeyName": "k"}}
    own = {**TEMPLATE, "InstanceType": "t3.large", "Monitoring": True}
    own["CreditSpecification"] = {"CPUCredits": "standard"}
    [found] = launched(backend.INSTANCE, own, Template=("AWS::EC2::LaunchTemplate", template))
    assert (found["InstanceType"], found["KeyName"], found["from"]) == ("t3.large", "k", "Template")
    assert found["Monitoring"] == {"Enabled": True}
    assert credits(found) == "standard"


def test_a_template_may_be_named_by_its_name() -> None:
    template = {"LaunchTemplateName": "web", "LaunchTemplateData": {"InstanceType": "t3.nano"}}
    group = {"LaunchTemplate": {"LaunchTemplateName": "web"}}
    [found] = launched(backend.GROUP, group, Template=("AWS::EC2::LaunchTemplate", template))
    assert found["InstanceType"] == "t3.nano"


@pytest.mark.parametrize(("given", "enabled"), [({}, True), ({"InstanceMonitoring": False}, False)])
def test_a_launch_configuration_monitors_every_minute_unless_told_not_to(
    given: dict[str, Any], enabled: bool
) -> None:
    group = {"LaunchConfigurationName": {"Ref": "Old"}}
    [found] = launched(backend.GROUP, group, Old=("AWS::AutoScaling::LaunchConfiguration", given))
    assert found["Monitoring"]["Enabled"] is enabled


@pytest.mark.parametrize(
    ("kind", "usual"), [("t2.micro", "standard"), ("t3.micro", "unlimited"), ("t2x.y", "unlimited")]
)
def test_only_t2_is_standard_unless_it_is_said(kind: str, usual: str) -> None:
    assert credits({"InstanceType": kind}) == usual


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BACKEND_IMAGE=''\ndocker pull x", "build"),
        ("BACKEND_IMAGE='r/x:1'\ndocker build .", "pull"),
        ("docker build -t x .\ndocker run x", "build"),
        ("docker run r/x:1", "pull"),
        ("systemctl start backend", "baked"),
    ],
)
def test_user_data_says_how_the_image_comes(text: str, expected: str) -> None:
    assert image(user_data(text)) == expected


def test_our_own_user_data_is_read_unpacked_and_its_settings_by_name() -> None:
    seen = view.load("seed", ROOT / "params")
    [launch] = launches(
        "BackendGroup", seen.of_type(backend.GROUP)["BackendGroup"], seen.references
    )
    assert "docker run" in script(launch)
    assert settings(launch)["DATABASE_SECRET"].startswith("${")
    assert image(launch) == "build"


def test_groups_address_and_subnet_are_those_of_the_interface() -> None:
    assert interface({"SecurityGroupIds": ["a"]}) == (["a"], None, None)
    card = {"Groups": ["a", "b"], "AssociatePublicIpAddress": "false", "SubnetId": "s"}
    assert interface({"NetworkInterfaces": [card]}) == (["a", "b"], False, "s")


def test_tracking_is_by_group_and_leaves_other_policies_out() -> None:
    kind = "AWS::AutoScaling::ScalingPolicy"
    group = {"AutoScalingGroupName": {"Ref": "G"}}
    resources = {
        "Steps": {"Type": kind, "Properties": {**group, "PolicyType": "StepScaling"}},
        "Cpu": {
            "Type": kind,
            "Properties": {**group, "TargetTrackingConfiguration": {"TargetValue": 60}},
        },
    }
    assert tracking(References(resources)) == {"G": [{"TargetValue": 60}]}
