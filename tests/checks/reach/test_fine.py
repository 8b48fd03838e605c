"""What is right is not complained about, whatever is chosen and however it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from generator.checks.reach import prove
from generator.model import view
from generator.model.nesting import inline
from generator.model.resolve import Resolver, pseudo_parameters
from generator.shipped import text
from tests.checks.reach.sets import CLOSED, PRIVATE, Change, Resources, proof, said
from tests.resolved import CERTIFICATE, ENVIRONMENTS, PARAMS, children, flat
from tests.test_invariants import choices

PAIRS = (("CertificateArn", "DomainName"), ("AlbCertificateArn", "AlbDomainName"))


def _possible(chosen: dict[str, str]) -> dict[str, str]:
    """Without what the templates' rules forbid."""
    fixed = dict(chosen)
    for certificate, name in PAIRS:
        fixed[certificate] = CERTIFICATE if fixed[name] else ""
    if not (fixed["DomainName"] or fixed["AlbDomainName"]):
        fixed["HostedZoneId"] = ""
    return fixed


def _view(form: str, chosen: dict[str, str]) -> view.View:
    whole = flat() if form == "flat" else inline(children())
    decided = Resolver(whole, {**pseudo_parameters("us-east-1", "clinic-any"), **chosen})
    return view.View("any", "us-east-1", chosen, {}, whole, decided.resources(), {}, {})


@pytest.mark.parametrize("form", ["flat", "nested"])
@given(chosen=choices)
@settings(max_examples=60, deadline=None)
def test_every_choice_of_the_operator_keeps_to_the_documented_table(
    form: str, chosen: dict[str, str]
) -> None:
    found = prove(_view(form, _possible(chosen)), Path("nowhere"))
    assert not found.differences, said(found)


@pytest.mark.parametrize("form", ["flat", "nested"])
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_environment_is_as_its_own_expectations_say(
    env: str, form: str, tmp_path: Path
) -> None:
    found = proof(tmp_path, lambda resources: None, env, form)
    assert not found.differences, said(found)
    assert found.expectations == str(PARAMS / "expectations" / f"{env}.json")


@pytest.mark.parametrize("closed", [CLOSED, PRIVATE])
def test_an_environment_without_expectations_has_those_of_its_exposure(
    closed: dict[str, str], tmp_path: Path
) -> None:
    found = proof(tmp_path, lambda resources: None, **closed)
    assert not found.differences, said(found)
    assert found.expectations.endswith(f"for AlbExposure {closed['AlbExposure']}")
    assert ("internet", "balancer", "tcp 80") not in {r[:3] for r in found.reaches}


EVERYTHING_ON = {
    **{"CustomerKey": "true", "PasswordRotationDays": "30", "FlowLogs": "true", "Zones": "3"},
    **{"CloseDefaultSecurityGroup": "true", "BackupPlan": "true", "DatabaseMonitoring": "true"},
    **{"CdnLogs": "true", "MetricPeriod": "10", "CloudFrontPrefixListId": "pl-3b927c52"},
    **{"WarmPoolSize": "1", "BackendImage": "docker.io/clinic/backend:1"},
}
TLS_TO_THE_BALANCER = {
    "AlbCertificateArn": CERTIFICATE,
    "AlbDomainName": "origin.clinic.example",
}


def test_nothing_is_documented_that_no_choice_makes(tmp_path: Path) -> None:
    data = json.loads(text("generator.checks.reach", "documented.json"))

    def here(words: str) -> str:
        return words.replace("ENVIRONMENT", "clinic").replace("ROOTSTACK", "clinic-any")

    documented = {
        (source, here(target), here(way))
        for part in data.values()
        for source, row in part.items()
        for target, ways in row.items()
        for way in ways
    }
    made = {
        reach[:3]
        for exposure in ("public", "cloudfront", "private")
        for more in ({"NatGateways": "none"}, {"NatGateways": "one"} | TLS_TO_THE_BALANCER)
        for reach in prove(
            _view("flat", EVERYTHING_ON | {"AlbExposure": exposure} | more), tmp_path
        ).reaches
    }
    assert documented <= made


def _rules_inside(resources: Resources) -> None:
    for kind in ("Ingress", "Egress"):
        for name in [n for n, r in resources.items() if r["Type"].endswith(f"Group{kind}")]:
            rule = resources[name]
            if "Condition" in rule:
                continue
            inside = dict(rule["Properties"])
            group = resources[inside.pop("GroupId")["Ref"]]["Properties"]
            group.setdefault(f"SecurityGroup{kind}", []).append(inside)
            del resources[name]


def _groups_by_attribute(resources: Resources) -> None:
    for resource in resources.values():
        for key in ("GroupId", "SourceSecurityGroupId", "DestinationSecurityGroupId"):
            value = resource.get("Properties", {}).get(key)
            if isinstance(value, dict) and "Ref" in value:
                resource["Properties"][key] = {"Fn::GetAtt": f"{value['Ref']}.GroupId"}


def _policy_inside_the_role(resources: Resources) -> None:
    document = resources["InstancePolicy"]["Properties"]["PolicyDocument"]
    inside = [{"PolicyName": "all", "PolicyDocument": document}]
    resources["InstanceRole"]["Properties"]["Policies"] = inside
    del resources["InstancePolicy"]


def _one_instead_of_lists(resources: Resources) -> None:
    for statement in resources["InstancePolicy"]["Properties"]["PolicyDocument"]["Statement"]:
        for key in ("Action", "Resource"):
            if key in statement and len(statement[key]) == 1:
                statement[key] = statement[key][0]


def _arns_by_substitution(resources: Resources) -> None:
    for statement in resources["InstancePolicy"]["Properties"]["PolicyDocument"]["Statement"]:
        if statement.get("Sid") == "ReadEnvFile":
            statement["Resource"] = {"Fn::Sub": "${ConfigurationBucket.Arn}/.env"}


def _addresses_of_the_network(resources: Resources) -> None:
    for resource in resources.values():
        block = resource.get("Properties", {}).get("CidrBlock")
        if isinstance(block, dict) and "Fn::Select" in block:
            index, cidr = block["Fn::Select"]
            own = [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, *cidr["Fn::Cidr"][1:]]
            resource["Properties"]["CidrBlock"] = {"Fn::Select": [index, {"Fn::Cidr": own}]}


def _a_name_of_its_own(resources: Resources) -> None:
    resources["ConfigurationBucket"]["Properties"]["BucketName"] = "clinic-configuration"
    for statement in resources["InstancePolicy"]["Properties"]["PolicyDocument"]["Statement"]:
        if statement.get("Sid") == "ReadEnvFile":
            statement["Resource"] = "arn:aws:s3:::clinic-configuration/.env"


def _open_lists(resources: Resources) -> None:
    resources["List"] = {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": {"Ref": "Vpc"}}}
    for out in (True, False):
        entry = {"NetworkAclId": {"Ref": "List"}, "RuleNumber": 100, "Protocol": "-1"}
        rest = {"Egress": out, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
        name = f"List{'Out' if out else 'In'}"
        resources[name] = {"Type": "AWS::EC2::NetworkAclEntry", "Properties": {**entry, **rest}}
    chosen = {"SubnetId": {"Ref": "DataSubnetA"}, "NetworkAclId": {"Ref": "List"}}
    kind = "AWS::EC2::SubnetNetworkAclAssociation"
    resources["DataList"] = {"Type": kind, "Properties": chosen}


def _a_refusal_more(resources: Resources) -> None:
    statement = {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
    resources["InstancePolicy"]["Properties"]["PolicyDocument"]["Statement"].append(statement)


def _an_alarm_more(resources: Resources) -> None:
    resources["More"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 60}}


def _an_endpoint_policy(resources: Resources) -> None:
    actions = ["s3:GetObject", "s3:PutObject"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*"}
    document = {"Statement": [allow]}
    resources["S3Endpoint"]["Properties"]["PolicyDocument"] = document


def _numbers_as_text(resources: Resources) -> None:
    for resource in resources.values():
        for key in ("FromPort", "ToPort"):
            if key in resource.get("Properties", {}):
                resource["Properties"][key] = str(resource["Properties"][key])
        if resource.get("Properties", {}).get("IpProtocol") == "tcp":
            resource["Properties"]["IpProtocol"] = "6"


@pytest.mark.parametrize("form", ["flat", "nested"])
@pytest.mark.parametrize(
    "change",
    [
        _a_name_of_its_own,
        _a_refusal_more,
        _addresses_of_the_network,
        _an_alarm_more,
        _an_endpoint_policy,
        _arns_by_substitution,
        _numbers_as_text,
        _one_instead_of_lists,
        _open_lists,
        _policy_inside_the_role,
    ],
)
def test_another_way_of_writing_the_same_is_fine(change: Change, form: str, tmp_path: Path) -> None:
    found = proof(tmp_path, change, "seed", form)
    assert not found.differences, said(found)


@pytest.mark.parametrize("change", [_rules_inside, _groups_by_attribute])
def test_rules_inside_and_beside_their_group_are_the_same(change: Change, tmp_path: Path) -> None:
    found = proof(tmp_path, change)
    assert not found.differences, said(found)


HAND_WRITTEN: dict[str, Any] = {
    "Resources": {
        "Net": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.1.0.0/16"}},
        "Door": {"Type": "AWS::EC2::InternetGateway"},
        "Hinge": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": {"Ref": "Net"}, "InternetGatewayId": {"Ref": "Door"}},
        },
        "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Net"}}},
        "Out": {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "Table"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": "Door"},
            },
        },
        **{
            f"Subnet{i}": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {"VpcId": {"Ref": "Net"}, "CidrBlock": f"10.1.{i}.0/24"},
            }
            for i in range(4)
        },
        **{
            f"Uses{i}": {
                "Type": "AWS::EC2::SubnetRouteTableAssociation",
                "Properties": {"SubnetId": {"Ref": f"Subnet{i}"}, "RouteTableId": {"Ref": "Table"}},
            }
            for i in range(2)
        },
        **{
            f"{title}Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {
                    "VpcId": {"Ref": "Net"},
                    "GroupDescription": title,
                    "SecurityGroupIngress": [
                        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
                    ],
                    "SecurityGroupEgress": [out],
                },
            }
            for title, port, source, out in (
                (
                    *("Web", 80, {"CidrIp": "0.0.0.0/0"}),
                    {
                        "IpProtocol": "tcp",
                        "FromPort": 3000,
                        "ToPort": 3000,
                        "CidrIp": "10.1.0.0/16",
                    },
                ),
                (
                    *("App", 3000, {"SourceSecurityGroupId": {"Ref": "WebGroup"}}),
                    {
                        **{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432},
                        "DestinationSecurityGroupId": {"Fn::GetAtt": ["DataGroup", "GroupId"]},
                    },
                ),
                (
                    "Data",
                    5432,
                    {"SourceSecurityGroupId": {"Fn::GetAtt": ["AppGroup", "GroupId"]}},
                    {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"},
                ),
            )
        },
        "Web": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Subnets": [{"Ref": "Subnet0"}, {"Ref": "Subnet1"}],
                "SecurityGroups": [{"Fn::GetAtt": ["WebGroup", "GroupId"]}],
            },
        },
        "Launch": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {
                "LaunchTemplateData": {
                    "SecurityGroupIds": [{"Ref": "AppGroup"}],
                    "MetadataOptions": {"HttpTokens": "required"},
                }
            },
        },
        "Fleet": {
            "Type": "AWS::AutoScaling::AutoScalingGroup",
            "Properties": {
                "VPCZoneIdentifier": [{"Ref": "Subnet2"}, {"Ref": "Subnet3"}],
                "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Launch"}, "Version": "1"},
            },
        },
        "Rows": {
            "Type": "AWS::RDS::DBSubnetGroup",
            "Properties": {"SubnetIds": [{"Ref": "Subnet2"}, {"Ref": "Subnet3"}]},
        },
        "Store": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "DBSubnetGroupName": {"Ref": "Rows"},
                "VPCSecurityGroups": [{"Ref": "DataGroup"}],
                "PubliclyAccessible": False,
            },
        },
    }
}


def _hand_written(folder: Path, resources: Resources) -> view.View:
    (folder / "mine.json").write_text("[]")
    (folder / "theirs.json").write_text(json.dumps({"Resources": resources}))
    return view.load(str(folder / "mine.json"), folder, folder / "theirs.json")


def test_templates_of_others_are_held_against_the_documented_chain(tmp_path: Path) -> None:
    found = prove(_hand_written(tmp_path, HAND_WRITTEN["Resources"]), tmp_path)
    ways = {r[:3] for r in found.reaches}
    assert {
        ("internet", "balancer", "tcp 80"),
        ("balancer", "backend", "tcp 3000"),
        ("backend", "database", "tcp 5432"),
    } <= ways
    sentences = said(found).splitlines()
    assert [s for s in sentences if "the network: tcp 3000 by its group alone" not in s] == [
        "backend -> internet: tcp 80 is expected and missing "
        "(no rule of AppGroup lets it out; no route of Subnet2 leads there; "
        "no route of Subnet3 leads there).",
        "backend -> internet: tcp 443 is expected and missing "
        "(no rule of AppGroup lets it out; no route of Subnet2 leads there; "
        "no route of Subnet3 leads there).",
    ]


@pytest.mark.parametrize(
    ("port", "source", "sentence"),
    [
        (5432, {"CidrIp": "0.0.0.0/0"}, "internet -> database: tcp 5432 by its group alone"),
        (22, {"CidrIp": "0.0.0.0/0"}, "internet -> database: tcp 22 by its group alone"),
        (5432, {"SourceSecurityGroupId": {"Ref": "WebGroup"}}, "balancer -> database: tcp 5432"),
        (5432, {"SourceSecurityGroupId": "sg-1"}, "whoever is in sg-1 -> database: tcp 5432"),
    ],
)
def test_a_rule_too_many_is_found_in_templates_of_others(
    port: int, source: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    resources = json.loads(json.dumps(HAND_WRITTEN["Resources"]))
    rules = resources["DataGroup"]["Properties"]["SecurityGroupIngress"]
    rules.append({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source})
    found = prove(_hand_written(tmp_path, resources), tmp_path)
    assert any(d.sentence.startswith(sentence) for d in found.differences), said(found)


def test_a_group_that_says_nothing_of_what_leaves_is_fine_in_templates_of_others(
    tmp_path: Path,
) -> None:
    resources = json.loads(json.dumps(HAND_WRITTEN["Resources"]))
    for name in ("WebGroup", "AppGroup", "DataGroup"):
        del resources[name]["Properties"]["SecurityGroupEgress"]
    for number in (2, 3):
        association = json.loads(json.dumps(resources["Uses1"]))
        association["Properties"]["SubnetId"] = {"Ref": f"Subnet{number}"}
        resources[f"Uses{number}"] = association
    resources["Launch"]["Properties"]["LaunchTemplateData"]["NetworkInterfaces"] = [
        {"AssociatePublicIpAddress": True, "Groups": [{"Ref": "AppGroup"}]}
    ]
    found = prove(_hand_written(tmp_path, resources), tmp_path)
    assert said(found).splitlines() == [
        "internet -> backend: public address is not expected (by Subnet2, Subnet3).",
        "subnets of database -> internet: route by an internet gateway is not expected "
        "(by Subnet2, Subnet3).",
    ]
