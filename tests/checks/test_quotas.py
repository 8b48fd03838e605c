"""What an environment uses of AWS's limits, one limit at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.checks import quotas
from generator.checks.lint.limits import Measure
from generator.model import view
from tests.checks.sets import small

Used = Callable[..., dict[str, Measure]]
TRUST = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture
def used(tmp_path: Path) -> Used:
    """The tightest measure of each limit for a flat set of some resources."""

    def measure(resources: dict[str, Any], **values: str) -> dict[str, Measure]:
        declared = {name: {"Type": "String"} for name in values}
        document = {"Parameters": declared, "Resources": resources}
        rows = [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
        (tmp_path / "mine.json").write_text(json.dumps(rows))
        (tmp_path / "flat.json").write_text(json.dumps(document))
        return tightest(tmp_path / "flat.json", tmp_path / "mine.json")

    return measure


def tightest(templates: Path, params: Path) -> dict[str, Measure]:
    seen = view.load(str(params), params.parent, templates)
    found: dict[str, Measure] = {}
    for measure in sorted(quotas.measures(seen, str(templates)), key=lambda m: m.room):
        found.setdefault(measure.limit, measure)
    return found


def one(kind: str, **properties: Any) -> dict[str, Any]:
    return {"One": {"Type": kind, "Properties": properties}}


def rule(**properties: Any) -> dict[str, Any]:
    given = {"GroupId": {"Ref": "One"}, "IpProtocol": "tcp", **properties}
    return {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": given}


def test_a_prefix_list_weighs_fifty_five_rules_so_two_do_not_fit(used: Used) -> None:
    group = one("AWS::EC2::SecurityGroup", GroupDescription="x")
    listed = rule(SourcePrefixListId={"Ref": "List"})
    first = used({**group, "Http": listed}, List="pl-1")["rules of a security group"]
    assert (first.place, first.value, first.most, first.room) == (
        "Resources/One ingress IPv4",
        55,
        60,
        8,
    )
    both = used({**group, "Http": listed, "Https": listed}, List="pl-1")
    assert both["rules of a security group"].value == 110
    assert not both["rules of a security group"].kept


def test_rules_in_the_group_and_beside_it_add_up(used: Used) -> None:
    inside = [{"IpProtocol": "tcp", "CidrIp": f"10.0.{n}.0/24"} for n in range(30)]
    group = one("AWS::EC2::SecurityGroup", SecurityGroupIngress=inside)
    beside = {f"Rule{n}": rule(SourceSecurityGroupId="sg-1") for n in range(31)}
    by_attribute = rule(GroupId={"Fn::GetAtt": ["One", "GroupId"]}, CidrIp="0.0.0.0/0")
    found = used({**group, **beside, "Last": by_attribute})["rules of a security group"]
    assert found.value == 62


def test_ipv4_and_ipv6_have_sixty_rules_each_and_so_has_each_direction(used: Used) -> None:
    both = [{"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"}] * 40
    group = one("AWS::EC2::SecurityGroup", SecurityGroupIngress=both, SecurityGroupEgress=both)
    assert used(group)["rules of a security group"].value == 40


@pytest.mark.parametrize(
    ("kind", "where", "most"),
    [
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", 32),
        ("AWS::S3::Bucket", "BucketName", 63),
        ("AWS::IAM::Role", "RoleName", 64),
        ("AWS::Backup::BackupVault", "BackupVaultName", 50),
    ],
)
@pytest.mark.parametrize("over", [0, 1])
def test_a_name_made_of_the_stack_s_is_as_long_as_it_becomes(
    used: Used, kind: str, where: str, most: int, over: int
) -> None:
    rest = "x" * (most - len("clinic-mine-") + over)
    name = {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, rest]]}
    found = used(one(kind, **{where: name}))["characters of a name"]
    assert (found.value, found.most, found.kept) == (most + over, most, not over)


def test_a_nested_stack_has_a_longer_name_than_the_root(tmp_path: Path) -> None:
    documents = small()
    name = {"Fn::Sub": "${AWS::StackName}-targets"}
    documents["nested/balancer.json"]["Resources"]["Targets"]["Properties"]["Name"] = name
    for path, document in documents.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(json.dumps(document))
    (tmp_path / "mine.json").write_text("[]")
    found = tightest(tmp_path / "nested", tmp_path / "mine.json")
    stack = "clinic-mine-BalancerStack-XXXXXXXXXXXXX"
    assert found["characters of a name"].value == len(f"{stack}-targets")
    assert found["characters of a stack's name"].value == len(stack)


def test_what_is_not_called_by_hand_has_no_length(used: Used) -> None:
    assert "characters of a name" not in used(one("AWS::S3::Bucket"))


def test_user_data_counts_its_values_and_what_only_a_deployment_knows(used: Used) -> None:
    parts = ["x" * 16_000, {"Ref": "Image"}, {"Ref": "Bucket"}, {"Fn::Sub": "-${Bucket.Arn}-"}]
    data = {"UserData": {"Fn::Base64": {"Fn::Join": ["\n", parts]}}}
    found = used(one("AWS::EC2::LaunchTemplate", LaunchTemplateData=data), Image="y" * 180)
    measure = found["bytes of user data"]
    assert measure.value == 16_000 + 180 + 3 + quotas.REFERENCE + 2 + quotas.REFERENCE
    assert not measure.kept


@pytest.mark.parametrize(
    ("kind", "where", "limit", "most"),
    [
        ("AWS::IAM::ManagedPolicy", "PolicyDocument", "characters of a managed policy", 6_144),
        ("AWS::IAM::Policy", "PolicyDocument", "characters of inline policies", 10_240),
        ("AWS::IAM::Role", "AssumeRolePolicyDocument", "characters of a trust policy", 2_048),
        ("AWS::S3::BucketPolicy", "PolicyDocument", "bytes of a bucket policy", 20_480),
        ("AWS::KMS::Key", "KeyPolicy", "bytes of a key policy", 32_768),
        ("AWS::SNS::TopicPolicy", "PolicyDocument", "bytes of a topic policy", 30_720),
    ],
)
@pytest.mark.parametrize("over", [0, 1])
def test_a_policy_is_measured_without_its_spaces(
    used: Used, kind: str, where: str, limit: str, most: int, over: int
) -> None:
    document = {"Statement": [{"Sid": ""}]}
    bare = len(json.dumps(document, separators=(",", ":")))
    document["Statement"][0]["Sid"] = "x" * (most - bare + over)
    found = used(one(kind, **{where: document}))[limit]
    assert (found.value, found.most, found.kept) == (most + over, most, not over)


def test_the_inline_policies_of_a_role_add_up(used: Used) -> None:
    policies = [{"PolicyName": "a", "PolicyDocument": {"Sid": "x" * 6_000}}] * 2
    found = used(one("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, Policies=policies))
    assert not found["characters of inline policies"].kept


def test_policies_attached_from_either_side_add_up(used: Used) -> None:
    role = one("AWS::IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/A"] * 6)
    attached = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Roles": [{"Ref": "One"}]}}
    found = used({**role, **{f"Policy{n}": attached for n in range(5)}})
    assert found["managed policies of a role"].value == 11
    assert not found["managed policies of a role"].kept


@pytest.mark.parametrize(
    ("kind", "properties", "limit", "value"),
    [
        (
            "AWS::CloudFront::Distribution",
            {"DistributionConfig": {"CacheBehaviors": [{}] * 75}},
            "behaviors of a distribution",
            76,
        ),
        ("AWS::SNS::Topic", {"Tags": [{}] * 51}, "tags of a resource", 51),
        (
            "AWS::RDS::DBInstance",
            {"VPCSecurityGroups": ["sg-1"] * 6},
            "groups of an interface",
            6,
        ),
        (
            "AWS::CloudFront::Function",
            {"FunctionCode": "x" * 10_241},
            "bytes of a CDN function",
            10_241,
        ),
    ],
)
def test_what_is_too_much_is_not_kept(
    used: Used, kind: str, properties: dict[str, Any], limit: str, value: int
) -> None:
    found = used(one(kind, **properties))[limit]
    assert (found.value, found.kept) == (value, False)
    assert found.room < 0


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(min_size=1).filter(lambda k: k != "Ref" and k[:4] != "Fn::"), inner
        )
    ),
    max_leaves=20,
)


@given(plain)
def test_a_document_without_references_is_as_long_as_its_json(node: Any) -> None:
    declared_rules = json.dumps(node, ensure_ascii=False, separators=(",", ":"))
    assert quotas.characters(node) == len(declared_rules)


def test_a_reference_counts_as_an_arn() -> None:
    document = {"Resource": [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Ref": "Bucket"}]}
    assert quotas.characters(document) == len('{"Resource":["",""]}') + 2 * quotas.REFERENCE
