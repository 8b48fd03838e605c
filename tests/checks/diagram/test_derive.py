"""What a picture shows is what the templates say, and changes with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.checks.diagram.derive import derive
from generator.model import view
from tests.checks.diagram.sets import (
    CERTIFICATE,
    PARAMS,
    ROOT,
    between,
    changed,
    ours,
    text,
    theirs,
)

HEADER = "X-Origin-Verify"
CLOSED = {"CloudFrontPrefixListId": "pl-3b927c52"}


def test_the_documented_chain_has_its_documented_ports() -> None:
    found = ours()
    assert text(found, "browser", "Distribution") == "HTTPS"
    assert text(found, "Distribution", "FrontendBucket") == "* · OAC"
    assert (
        text(found, "Distribution", "LoadBalancer")
        == f"/api, /api/*, /docs-0d3nt/* · HTTP 80 · {HEADER}"
    )
    assert text(found, "internet", "LoadBalancer") == "80, 443"
    assert text(found, "LoadBalancer", "BackendGroup") == "3000"
    assert text(found, "BackendGroup", "Database") == "5432"


def test_the_role_reads_what_its_policies_name() -> None:
    found = ours()
    reads = {(a.target, a.text) for a in found.arrows if a.kind in ("read", "pull")}
    assert reads == {
        ("ConfigurationBucket", ".env"),
        ("DatabaseSecret", "password"),
        ("ImageRepository", ""),
    }


def test_the_nested_and_the_flat_form_give_the_same_picture(tmp_path: Path) -> None:
    flat = changed(tmp_path, "prod", lambda resources: None)
    nested = ours("prod")
    assert set(flat.arrows) == set(nested.arrows)
    assert flat.parts == nested.parts


@pytest.mark.parametrize(
    ("gateways", "expected"), [("none", []), ("one", ["A"]), ("per-zone", ["A", "B"])]
)
def test_nat_gateways_are_shown_as_they_are(gateways: str, expected: list[str]) -> None:
    found = ours(NatGateways=gateways)
    assert [part.id for part in found.of_kind("nat")] == [f"NatGateway{z}" for z in expected]
    ways = {subnet.way for subnet in found.rows["AppSubnet"]}
    assert ways == ({"private"} if expected else {"public"})
    gate = "NatGatewayA" if expected else "InternetGateway"
    assert text(found, "BackendGroup", gate) == "80, 443"


def test_a_third_zone_is_a_third_column() -> None:
    assert len(ours().zones) == 2
    found = ours(Zones="3")
    assert found.zones == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert all(len(row) == 3 for row in found.rows.values())
    assert len(found.parts["BackendGroup"].subnets) == 3


def test_tiers_go_from_public_to_isolated() -> None:
    rows = ours().rows
    assert list(rows) == ["PublicSubnet", "AppSubnet", "DataSubnet"]
    assert [row[0].way for row in rows.values()] == ["public", "private", "isolated"]


@pytest.mark.parametrize("exposure", ["cloudfront", "private"])
def test_a_closed_balancer_has_no_arrow_from_the_internet(exposure: str) -> None:
    found = ours(AlbExposure=exposure, **CLOSED)
    assert between(found, "internet", "LoadBalancer") == []
    expected = {
        "cloudfront": f"/api, /api/*, /docs-0d3nt/* · HTTP 80 · {HEADER}",
        "private": f"/api, /api/*, /docs-0d3nt/* · HTTP 80 · VPC origin · {HEADER}",
    }
    assert text(found, "Distribution", "LoadBalancer") == expected[exposure]


def test_an_internal_balancer_is_among_the_instances() -> None:
    found = ours("prod")
    assert found.parts["LoadBalancer"].subnets == ("AppSubnetA", "AppSubnetB")
    assert "internal" in found.parts["LoadBalancer"].facts


@pytest.mark.parametrize("zone", ["", "Z0123456789ABCDEFGHIJ"])
def test_a_balancer_under_a_name_of_its_own_is_asked_by_https(zone: str) -> None:
    found = ours(
        AlbDomainName="origin.clinic.example", AlbCertificateArn=CERTIFICATE, HostedZoneId=zone
    )
    assert (
        text(found, "Distribution", "LoadBalancer")
        == f"/api, /api/*, /docs-0d3nt/* · HTTPS 443 · {HEADER}"
    )


def test_of_two_balancers_the_record_tells_which_one_is_meant(tmp_path: Path) -> None:
    def edit(resources: dict[str, Any]) -> None:
        resources["AnotherBalancer"] = resources["LoadBalancer"]

    found = changed(
        *(tmp_path, "seed", edit),
        AlbDomainName="origin.clinic.example",
        AlbCertificateArn=CERTIFICATE,
        HostedZoneId="Z0123456789ABCDEFGHIJ",
    )
    assert (
        text(found, "Distribution", "LoadBalancer")
        == f"/api, /api/*, /docs-0d3nt/* · HTTPS 443 · {HEADER}"
    )
    assert between(found, "Distribution", "AnotherBalancer") == []


def test_a_standby_a_rotation_and_a_backup_are_shown_where_they_are() -> None:
    prod, seed = ours("prod"), ours("seed")
    assert "standby" in prod.parts["Database"].facts
    assert "standby" not in seed.parts["Database"].facts
    assert prod.parts["DatabaseSecret"].facts["days"] == "30"
    assert between(prod, "Database", "BackupVault")
    assert "BackupVault" not in seed.parts


def test_another_port_is_another_text(tmp_path: Path) -> None:
    def edit(resources: dict[str, Any]) -> None:
        for rule in ("BackendIngress", "BackendEgress"):
            resources[rule]["Properties"] |= {"FromPort": 3000, "ToPort": 3005}

    assert text(changed(tmp_path, "seed", edit), "LoadBalancer", "BackendGroup") == "3000-3005"


def test_an_open_door_is_an_arrow(tmp_path: Path) -> None:
    def edit(resources: dict[str, Any]) -> None:
        resources["Database"]["Properties"]["PubliclyAccessible"] = True
        resources["DatabaseIngress"]["Properties"] |= {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}
        resources["Lateral"] = {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": {"Ref": "BackendSecurityGroup"},
                "SourceSecurityGroupId": {"Fn::GetAtt": ["BackendSecurityGroup", "GroupId"]},
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
            },
        }

    found = changed(tmp_path, "seed", edit)
    assert text(found, "internet", "Database") == "*"
    assert text(found, "BackendGroup", "BackendGroup") == "22"


def test_an_open_group_around_an_internal_balancer_is_no_door(tmp_path: Path) -> None:
    def edit(resources: dict[str, Any]) -> None:
        resources["AlbFromCdn"]["Properties"] |= {"CidrIp": "0.0.0.0/0"}

    assert between(changed(tmp_path, "prod", edit), "internet", "LoadBalancer") == []


def test_what_a_policy_denies_or_another_role_has_is_no_arrow(tmp_path: Path) -> None:
    def edit(resources: dict[str, Any]) -> None:
        statements = resources["InstancePolicy"]["Properties"]["PolicyDocument"]["Statement"]
        for statement in statements:
            if ".env" in json.dumps(statement):
                statement["Effect"] = "Deny"

    found = changed(tmp_path, "seed", edit)
    assert between(found, "BackendGroup", "ConfigurationBucket") == []
    assert between(found, "BackendGroup", "DatabaseSecret")
    assert between(found, "BackendGroup", "DocumentsBucket") == []


def test_rules_inside_a_group_count_as_well(tmp_path: Path) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIpv6": "::/0"}
    found = theirs(
        tmp_path,
        {
            "Open": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"SecurityGroupIngress": [rule], "GroupDescription": "two words"},
            },
            "Front": {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "Properties": {"SecurityGroups": [{"Ref": "Open"}]},
            },
        },
    )
    assert text(found, "internet", "Front") == "80"
    assert found.parts["Front"].facts["groups"] == "Open"


def test_the_committed_folder_is_drawn_like_the_code() -> None:
    assert derive(view.load("prod", PARAMS, ROOT / "output")) == ours("prod")


SUBNET = {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": "us-east-1a"}}


def test_instances_and_classic_balancers_of_others_are_drawn_with_their_ports(
    tmp_path: Path,
) -> None:
    def group(*rules: dict[str, Any]) -> dict[str, Any]:
        properties = {"GroupDescription": "of others", "SecurityGroupIngress": list(rules)}
        return {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}

    def of(kind: str, **properties: Any) -> dict[str, Any]:
        return {"Type": f"AWS::{kind}", "Properties": properties}

    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
    inside = {**web, "SourceSecurityGroupId": {"Fn::GetAtt": ["Front", "GroupId"]}}
    launch = of("AutoScaling::LaunchConfiguration", InstanceType="t3.nano")
    launch["Properties"]["SecurityGroups"] = [{"Ref": "Back"}]
    found = theirs(
        tmp_path,
        {
            "Place": SUBNET,
            "Front": group({**web, "CidrIp": "0.0.0.0/0"}),
            "Back": group(inside),
            "Classic": of(
                "ElasticLoadBalancing::LoadBalancer",
                SecurityGroups=[{"Ref": "Front"}],
                Subnets=[{"Ref": "Place"}],
            ),
            "Machine": of(
                "EC2::Instance",
                InstanceType="t3.micro",
                SubnetId={"Ref": "Place"},
                SecurityGroupIds=[{"Ref": "Back"}],
            ),
            "Launch": launch,
            "Group": of(
                "AutoScaling::AutoScalingGroup",
                LaunchConfigurationName={"Ref": "Launch"},
                VPCZoneIdentifier=[{"Ref": "Place"}],
            ),
        },
    )
    assert found.parts["Machine"].facts == {
        "name": "Machine",
        "type": "t3.micro",
        "groups": "Back",
    }
    assert found.parts["Group"].facts["type"] == "t3.nano"
    assert [found.parts[one].subnets for one in ("Machine", "Classic")] == [("Place",)] * 2
    assert text(found, "internet", "Classic") == "80"
    assert text(found, "Classic", "Machine") == "80"
    assert text(found, "Classic", "Group") == "80"


def test_an_instance_is_public_by_its_interface_or_else_by_its_subnet(tmp_path: Path) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    group = {"GroupDescription": "of others", "SecurityGroupIngress": [rule]}
    for public, of_subnet, of_interface in (
        (False, False, None),
        (True, True, None),
        (True, False, True),
        (False, True, False),
    ):
        machine: dict[str, Any] = {"SubnetId": {"Ref": "Place"}, "SecurityGroupIds": ["Open"]}
        machine["SecurityGroupIds"] = [{"Ref": "Open"}]
        if of_interface is not None:
            machine["NetworkInterfaces"] = [{"AssociatePublicIpAddress": of_interface}]
        found = theirs(
            tmp_path,
            {
                "Place": {
                    "Type": "AWS::EC2::Subnet",
                    "Properties": {"MapPublicIpOnLaunch": of_subnet, "AvailabilityZone": "a"},
                },
                "Open": {"Type": "AWS::EC2::SecurityGroup", "Properties": group},
                "Machine": {"Type": "AWS::EC2::Instance", "Properties": machine},
            },
        )
        assert bool(between(found, "internet", "Machine")) is public


def test_what_only_aws_knows_is_left_out_of_a_part(tmp_path: Path) -> None:
    name = {"Fn::ImportValue": "zone-HostedZoneName"}
    config = {"Aliases": [{"Fn::Sub": ["www.${Zone}", {"Zone": name}]}], "Origins": []}
    found = theirs(
        tmp_path,
        {
            "Site": {
                "Type": "AWS::CloudFront::Distribution",
                "Properties": {"DistributionConfig": config},
            },
            "Machine": {"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": name}},
        },
    )
    assert "domain" not in found.parts["Site"].facts
    assert "type" not in found.parts["Machine"].facts


def test_a_policy_that_is_text_is_read(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    words = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = {"Policies": [{"PolicyName": "text", "PolicyDocument": words}]}
    data = {"IamInstanceProfile": {"Name": {"Ref": "Profile"}}}
    found = theirs(
        tmp_path,
        {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Profile": {
                "Type": "AWS::IAM::InstanceProfile",
                "Properties": {"Roles": [{"Ref": "Role"}]},
            },
            "Launch": {
                "Type": "AWS::EC2::LaunchTemplate",
                "Properties": {"LaunchTemplateData": data},
            },
            "Group": {
                "Type": "AWS::AutoScaling::AutoScalingGroup",
                "Properties": {"LaunchTemplate": {"LaunchTemplateId": {"Ref": "Launch"}}},
            },
        },
    )
    assert "Group" in found.parts
