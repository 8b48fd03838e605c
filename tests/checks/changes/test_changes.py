"""The templates tell what will change, and what only looks as if it did."""

from __future__ import annotations

from typing import Any

import pytest

from generator.checks.changes.compare import Change, Side, forecast
from generator.checks.changes.stateful import loss
from generator.layers.balancer import BALANCER
from generator.layers.database import DATABASE
from generator.layers.monitoring import MONITORING
from generator.layers.network import NETWORK
from generator.layers.secrets import DATABASE_SECRET_ARN, SECRETS
from generator.layers.security import SECURITY
from generator.model.children import stack_file
from generator.model.resolve import PSEUDO_PARAMETERS, Resolver
from generator.model.schemas import is_secret, recreates
from tests.cloud import small
from tests.resolved import children, parameters
from tests.resolved import flat as whole

LAYERS = (NETWORK, SECURITY, SECRETS, MONITORING, DATABASE)


def side(**values: str) -> Side:
    env = small.nested(*LAYERS, publish=(DATABASE_SECRET_ARN,), **values)
    return Side(env.documents["root.json"], env.parameters("https://x/y"), env.children())


def changes(**values: str) -> dict[str, Change]:
    return {change.path: change for change in forecast(side(), side(**values))}


def flat(old: dict[str, Any], new: dict[str, Any], **values: str) -> dict[str, Change]:
    sides = [Side({"Resources": resources}, values, {}) for resources in (old, new)]
    return {change.path: change for change in forecast(*sides)}


def test_nothing_changes_when_nothing_is_changed() -> None:
    assert changes() == {}


def test_the_address_of_the_templates_changes_nothing() -> None:
    assert forecast(side(), side(TemplateBaseUrl="https://other/place")) == []


def test_an_output_that_stays_changes_none_of_its_readers() -> None:
    found = changes(EnvironmentName="other")
    assert found["NetworkStack/Vpc"].details[0].after == "other-vpc"
    assert not any(detail.name == "VpcId" for c in found.values() for detail in c.details)
    assert not any(change.replacement for change in found.values())


def test_an_output_that_changes_reaches_every_reader_of_every_layer() -> None:
    found = changes(VpcCidr="10.9.0.0/16")
    assert found["NetworkStack/Vpc"].replacement == "yes"
    group = found["SecurityStack/BackendSecurityGroup"]
    assert group.replacement == "yes"
    assert group.details[0].before == "<NetworkStack.VpcId>"
    assert group.details[0].after == "<NetworkStack.VpcId, new>"
    assert found["DatabaseStack/Database"].replacement == ""


def test_a_new_layer_is_added_whole_and_an_old_one_removed_whole() -> None:
    env = small.nested(*LAYERS, BALANCER, publish=(), LogBucketName="logs")
    more = Side(env.documents["root.json"], env.parameters("https://x/y"), env.children())
    added = {change.path: change.action for change in forecast(side(), more)}
    removed = {change.path: change.action for change in forecast(more, side())}
    assert added["BalancerStack/LoadBalancer"] == "Add"
    assert removed["BalancerStack/LoadBalancer"] == "Remove"


def test_a_condition_makes_and_removes_its_resources() -> None:
    assert changes(CustomerKey="true")["SecretsStack/CustomerKeyResource"].action == "Add"
    back = forecast(side(CustomerKey="true"), side())
    [key] = [change for change in back if change.type == "AWS::KMS::Key"]
    assert (key.action, key.declared) == ("Remove", "RetainExceptOnCreate")


def test_a_change_only_of_what_creation_takes_replaces() -> None:
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"StorageEncrypted": False}}
    encrypted = {**database, "Properties": {"StorageEncrypted": True}}
    found = flat({"Db": database}, {"Db": encrypted})["Db"]
    assert found.replacement == "yes"
    assert found.declared == "Snapshot"
    assert "leaves the stack, a snapshot is kept" in loss(found)


@pytest.mark.parametrize(
    ("kind", "properties", "policy"),
    [
        ("AWS::RDS::DBInstance", {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {"DBClusterIdentifier": "one"}, "Delete"),
        ("AWS::RDS::DBCluster", {}, "Snapshot"),
        ("AWS::S3::Bucket", {}, "Delete"),
    ],
)
def test_what_states_no_policy_has_cloudformation_s_own(
    kind: str, properties: dict[str, str], policy: str
) -> None:
    [change] = flat({"A": {"Type": kind, "Properties": properties}}, {}).values()
    assert change.policy == policy


def test_another_type_under_the_same_name_replaces() -> None:
    found = flat({"A": {"Type": "AWS::SNS::Topic"}}, {"A": {"Type": "AWS::SQS::Queue"}})
    assert found["A"].replacement == "yes"


def test_an_attribute_of_a_modified_resource_is_only_perhaps_new() -> None:
    def template(size: str) -> dict[str, Any]:
        data = {"LaunchTemplateData": {"InstanceType": size}}
        version = {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]}
        group = {"LaunchTemplate": {"LaunchTemplateId": {"Ref": "Launch"}, "Version": version}}
        return {
            "Launch": {"Type": "AWS::EC2::LaunchTemplate", "Properties": data},
            "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group},
        }

    [detail] = flat(template("t3.micro"), template("t3.small"))["Group"].details
    assert not detail.certain
    assert detail.before == "<Launch.LatestVersionNumber>"


def test_an_arn_of_a_modified_resource_stays() -> None:
    def template(name: str) -> dict[str, Any]:
        policy = {"Topics": [{"Fn::GetAtt": ["Topic", "TopicArn"]}], "PolicyDocument": {}}
        return {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}},
            "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": policy},
        }

    assert list(flat(template("a"), template("b"))) == ["Topic"]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("AWS::RDS::DBInstance", "MasterUsername", "yes"),
        ("AWS::RDS::DBInstance", "DBSnapshotIdentifier", "maybe"),
        ("AWS::RDS::DBInstance", "DBParameterGroupName", ""),
        ("AWS::RDS::DBInstance", "DBInstanceClass", ""),
        ("AWS::S3::Bucket", "BucketName", "yes"),
        ("AWS::EC2::SecurityGroup", "GroupDescription", "yes"),
        ("AWS::ECR::Repository", "EncryptionConfiguration.KmsKey", "yes"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Port", "yes"),
        ("Custom::Anything", "Name", ""),
    ],
)
def test_aws_schemas_say_what_replaces(kind: str, name: str, expected: str) -> None:
    assert recreates(kind, name) == expected


def test_aws_schemas_say_what_is_never_read_back() -> None:
    assert is_secret("AWS::RDS::DBInstance", "MasterUserPassword")
    assert not is_secret("AWS::RDS::DBInstance", "DBName")


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Ref": "Size"}, "2"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Fn::If": ["IsBig", "yes", "no"]}, "no"),
        ({"Fn::If": ["IsSmall", {"A": {"Ref": "AWS::NoValue"}, "B": 1}, 0]}, {"B": 1}),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"Fn::Sub": "x-${Size}-${!kept}"}, "x-2-${kept}"),
        ({"Fn::Sub": ["${Own}-${Size}", {"Own": {"Ref": "Size"}}]}, "2-2"),
        ({"Fn::Sub": "${Bucket.Arn}/${Size}"}, {"Fn::Sub": "${Bucket.Arn}/2"}),
        ({"Fn::Join": ["-", ["a", {"Ref": "Size"}]]}, "a-2"),
        ({"Fn::Select": ["1", {"Ref": "Names"}]}, "b"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Bucket"}]]}, None),
        ({"Fn::Select": ["7", {"Ref": "Names"}]}, {"Fn::Select": ["7", ["a", "b"]]}),
    ],
)
def test_what_is_known_is_resolved_and_the_rest_stays(node: Any, expected: Any) -> None:
    document = {
        "Parameters": {
            "Size": {"Type": "Number", "Default": 1},
            "Names": {"Type": "CommaDelimitedList", "Default": "a,b"},
        },
        "Conditions": {
            "IsBig": {"Fn::Equals": [{"Ref": "Size"}, "9"]},
            "IsSmall": {"Fn::Not": [{"Condition": "IsBig"}]},
        },
    }
    resolved = Resolver(document, {"Size": "2"}).resolve(node)
    assert resolved == (node if expected is None else expected)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("MultiAZ", "false", "true"),
        ("BackupRetentionPeriod", "7", "14"),
        ("DBParameterGroupName", "old", "new"),
        ("PreferredMaintenanceWindow", "sun:04:00-sun:05:00", "sun:06:00-sun:07:00"),
    ],
)
def test_what_rds_modifies_in_place_loses_nothing(name: str, before: str, after: str) -> None:
    [change] = forecast(*(_database(**{name: value}) for value in (before, after)))
    assert change.verb == "updated in place"
    assert not change.leaves


@pytest.mark.parametrize("name", ["DBSnapshotIdentifier", "AvailabilityZone", "Engine"])
def test_what_nobody_can_decide_may_still_replace(name: str) -> None:
    [change] = forecast(*(_database(**{name: value}) for value in ("one", "other")))
    assert change.verb == "perhaps replaced"
    assert change.leaves


def test_a_key_for_insights_is_added_in_place_and_never_changed() -> None:
    name = "PerformanceInsightsKMSKeyId"
    before, one, other = _database(), _database(**{name: "one"}), _database(**{name: "other"})
    assert forecast(before, one)[0].verb == "updated in place"
    assert forecast(one, other)[0].verb == "perhaps replaced"
    assert forecast(one, before)[0].verb == "perhaps replaced"


def _database(**properties: str) -> Side:
    database = {"Type": "AWS::RDS::DBInstance", "Properties": properties}
    return Side({"Resources": {"Database": database}}, {}, {})


def _told(templates: dict[str, Any], env: str, **changed: str) -> dict[str, str]:
    """What is done to each resource, by logical id."""
    values = parameters(env)
    top = templates.get("root") or templates["flat"]
    stacks = {
        name: templates[stack_file(stack, templates)]
        for name, stack in top["Resources"].items()
        if stack["Type"] == "AWS::CloudFormation::Stack"
    }
    around = {**PSEUDO_PARAMETERS, "TemplateBaseUrl": "https://templates.example"}
    sides = (Side(top, {**around, **v}, stacks) for v in (values, {**values, **changed}))
    return {change.logical: change.verb for change in forecast(*sides)}


@pytest.mark.parametrize(
    ("env", "name", "value"),
    [
        ("seed", "MultiAz", "true"),
        ("seed", "DatabaseMonitoring", "true"),
        ("seed", "CustomerKey", "true"),
        ("seed", "DatabaseVersion", "18"),
        ("seed", "AlbExposure", "private"),
        ("dev", "NatGateways", "one"),
        ("prod", "BackupDays", "14"),
        ("prod", "DatabaseMonitoring", "false"),
        ("prod", "FlowLogs", "false"),
    ],
)
def test_both_forms_say_the_same_of_one_change(env: str, name: str, value: str) -> None:
    prefixes = {"CloudFrontPrefixListId": "pl-3b927c52"}
    told = _told({"flat": whole()}, env, **{name: value}, **prefixes)
    assert told
    assert _told(children(), env, **{name: value}, **prefixes) == told


@pytest.mark.parametrize(
    ("env", "name", "value"),
    [
        ("seed", "MultiAz", "true"),
        ("seed", "BackupDays", "14"),
        ("seed", "DatabaseMonitoring", "true"),
        ("prod", "DatabaseMonitoring", "false"),
    ],
)
def test_no_everyday_change_of_the_database_asks_for_a_word(
    env: str, name: str, value: str
) -> None:
    assert _told({"flat": whole()}, env, **{name: value})["Database"] == "updated in place"
