"""Each thing that only our own checks see, planted into a set that is sound without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generator import limits, output
from generator.checks.lint import contract
from generator.checks.lint.finding import Finding
from tests.checks.sets import small, stack

Documents = dict[str, Any]


def findings(documents: Documents, **values: dict[str, str]) -> list[Finding]:
    return list(contract.check(documents, output.render(documents), values))


def told(documents: Documents) -> set[tuple[str, str, str]]:
    return {(finding.rule, finding.file, finding.place) for finding in findings(documents)}


def test_a_sound_set_has_no_findings() -> None:
    assert findings(small()) == []


def test_the_project_itself_has_no_findings(documents: Documents) -> None:
    assert findings(documents) == []


def pass_what_the_child_lacks(root: Documents, network: Documents, flat: Documents) -> None:
    root["Resources"]["NetworkStack"]["Properties"]["Parameters"]["Prefix"] = "x"


def pass_less_than_the_child_needs(root: Documents, network: Documents, flat: Documents) -> None:
    network["Parameters"]["Prefix"] = {"Type": "String"}
    network["Resources"]["Vpc"]["Properties"]["InstanceTenancy"] = {"Ref": "Prefix"}


def read_an_output_that_is_not_there(root: Documents, network: Documents, flat: Documents) -> None:
    root["Outputs"] = {"Id": {"Value": {"Fn::GetAtt": "NetworkStack.Outputs.VpcIdd"}}}


def read_an_output_that_is_not_there_in_a_text(
    root: Documents, network: Documents, flat: Documents
) -> None:
    root["Outputs"] = {"Id": {"Value": {"Fn::Sub": "-${NetworkStack.Outputs.VpcIdd}-"}}}


def offer_what_nobody_reads(root: Documents, network: Documents, flat: Documents) -> None:
    network["Outputs"]["Cidr"] = {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}


def wire_a_template_that_is_not_there(root: Documents, network: Documents, flat: Documents) -> None:
    root["Resources"]["EdgeStack"] = stack("edge")


def use_a_logical_id_twice(root: Documents, network: Documents, flat: Documents) -> None:
    network["Resources"]["Targets"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def declare_a_parameter_that_nothing_uses(
    root: Documents, network: Documents, flat: Documents
) -> None:
    flat["Parameters"]["Idle"] = {"Type": "String", "Default": ""}


def mention_a_parameter_in_metadata_only(
    root: Documents, network: Documents, flat: Documents
) -> None:
    flat["Parameters"]["Idle"] = {"Type": "String", "Default": ""}
    flat["Metadata"] = {"Note": {"Ref": "Idle"}}


def write_a_pattern_that_does_not_compile(
    root: Documents, network: Documents, flat: Documents
) -> None:
    flat["Parameters"]["VpcCidr"]["AllowedPattern"] = "("


def write_a_rule_that_needs_the_account(
    root: Documents, network: Documents, flat: Documents
) -> None:
    flat["Rules"] = {"Any": {"Assertions": [{"Assert": {"Fn::RefAll": "AWS::EC2::VPC::Id"}}]}}


def write_a_rule_about_no_parameter(root: Documents, network: Documents, flat: Documents) -> None:
    flat["Rules"] = {"Any": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "No"}, ""]}}]}}


def silence_a_linter_in_the_template(root: Documents, network: Documents, flat: Documents) -> None:
    silenced = {"cfn-lint": {"config": {"ignore_checks": ["E3002"]}}}
    flat["Resources"]["Vpc"]["Metadata"] = silenced


def wait_as_long_as_the_interval(root: Documents, network: Documents, flat: Documents) -> None:
    flat["Resources"]["Targets"]["Properties"]["HealthCheckTimeoutSeconds"] = "10"


def write_user_data_that_ec2_refuses(root: Documents, network: Documents, flat: Documents) -> None:
    text = {"Fn::Base64": {"Fn::Sub": ["#" * 16_300, {"A": "-" * 100}]}}
    flat["Resources"]["Vpc"]["Properties"] |= {"Inner": [{"UserData": text}]}


def pass_a_value_that_is_too_long(root: Documents, network: Documents, flat: Documents) -> None:
    passed = root["Resources"]["NetworkStack"]["Properties"]["Parameters"]
    passed["VpcCidr"] = {"Fn::Join": ["", [{"Ref": "VpcCidr"}, "y" * 4097]]}


def default_to_a_value_that_is_too_long(
    root: Documents, network: Documents, flat: Documents
) -> None:
    flat["Parameters"]["VpcCidr"]["Default"] = "ñ" * 2049


def have_too_many_outputs(root: Documents, network: Documents, flat: Documents) -> None:
    flat["Outputs"] = {f"Out{i}": {"Value": "x"} for i in range(201)}


def grow_a_child_beyond_a_direct_upload(
    root: Documents, network: Documents, flat: Documents
) -> None:
    network["Metadata"] = {"Note": "x" * limits.BODY}


def grow_flat_beyond_any_upload(root: Documents, network: Documents, flat: Documents) -> None:
    flat["Metadata"] = {"Note": "x" * limits.OBJECT}


ROOT, NETWORK, FLAT = "output/nested/root.json", "output/nested/network.json", "output/flat.json"


@pytest.mark.parametrize(
    ("breakage", "expected"),
    [
        (
            pass_what_the_child_lacks,
            ("passed-in-vain", ROOT, "Resources/NetworkStack/Properties/Parameters/Prefix"),
        ),
        (
            pass_less_than_the_child_needs,
            ("not-passed", ROOT, "Resources/NetworkStack/Properties/Parameters"),
        ),
        (read_an_output_that_is_not_there, ("no-output", ROOT, "Resources/NetworkStack")),
        (
            read_an_output_that_is_not_there_in_a_text,
            ("no-output", ROOT, "Resources/NetworkStack"),
        ),
        (offer_what_nobody_reads, ("unread-output", NETWORK, "Outputs/Cidr")),
        (
            wire_a_template_that_is_not_there,
            ("no-child", ROOT, "Resources/EdgeStack/Properties/TemplateURL"),
        ),
        (use_a_logical_id_twice, ("twice", "output/nested/balancer.json", "Resources/Targets")),
        (declare_a_parameter_that_nothing_uses, ("unused-parameter", FLAT, "Parameters/Idle")),
        (mention_a_parameter_in_metadata_only, ("unused-parameter", FLAT, "Parameters/Idle")),
        (write_a_pattern_that_does_not_compile, ("pattern", FLAT, "Parameters/VpcCidr")),
        (write_a_rule_that_needs_the_account, ("rule", FLAT, "Rules")),
        (write_a_rule_about_no_parameter, ("rule", FLAT, "Rules")),
        (silence_a_linter_in_the_template, ("hidden-suppression", FLAT, "Resources/Vpc/Metadata")),
        (
            wait_as_long_as_the_interval,
            ("timing", FLAT, "Resources/Targets/Properties/HealthCheckTimeoutSeconds"),
        ),
        (write_user_data_that_ec2_refuses, ("limit", FLAT, "Resources/Vpc")),
        (
            pass_a_value_that_is_too_long,
            ("limit", ROOT, "Resources/NetworkStack/Properties/Parameters/VpcCidr"),
        ),
        (default_to_a_value_that_is_too_long, ("limit", FLAT, "Parameters/VpcCidr/Default")),
        (have_too_many_outputs, ("limit", FLAT, "Outputs")),
        (grow_a_child_beyond_a_direct_upload, ("limit", NETWORK, "")),
        (grow_flat_beyond_any_upload, ("limit", FLAT, "")),
    ],
)
def test_one_breakage_is_one_finding(
    breakage: Callable[[Documents, Documents, Documents], None], expected: tuple[str, str, str]
) -> None:
    documents = small()
    breakage(
        documents["nested/root.json"], documents["nested/network.json"], documents["flat.json"]
    )
    assert told(documents) == {expected}


def test_timings_are_judged_with_the_values_of_each_parameter_file() -> None:
    [finding] = findings(small(), dev={"Interval": "9"}, prod={"Interval": "5"})
    assert finding.message == (
        "HealthCheckTimeoutSeconds is 6 and must be less than HealthCheckIntervalSeconds, 5."
    )
