from __future__ import annotations

from typing import Any

import pytest

from tests.resolved import of_type, properties, resources

GROUPS = {
    "AlbSecurityGroup": "sg-alb-public",
    "BackendSecurityGroup": "sg-backend-ec2",
    "DatabaseSecurityGroup": "sg-db-rds",
}


def rules_into(group: str, environment: str = "seed", **changes: str) -> set[tuple]:
    return {
        (
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIp")
            or rule.get("SourcePrefixListId")
            or rule["SourceSecurityGroupId"]["Ref"],
        )
        for rule in of_type("AWS::EC2::SecurityGroupIngress", environment, **changes).values()
        if rule["GroupId"] == {"Ref": group}
    }


def rules_out_of(group: str, environment: str = "seed", **changes: str) -> set[tuple]:
    return {
        (
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIp") or rule["DestinationSecurityGroupId"]["Ref"],
        )
        for rule in of_type("AWS::EC2::SecurityGroupEgress", environment, **changes).values()
        if rule["GroupId"] == {"Ref": group}
    }


def test_the_documented_groups_exist_under_their_documented_names():
    for title, documented in GROUPS.items():
        group = properties(title)
        assert group["GroupDescription"] == documented
        assert {"Key": "Name", "Value": f"seed-{documented}"} in group["Tags"]


def test_the_public_balancer_admits_the_web_on_80_and_443_as_documented():
    assert rules_into("AlbSecurityGroup", AlbExposure="public") == {
        (80, 80, "0.0.0.0/0"),
        (443, 443, "0.0.0.0/0"),
    }


@pytest.mark.parametrize("exposure", ["cloudfront", "private"])
@pytest.mark.parametrize(("certificate", "port"), [("", 80), ("arn:x", 443)])
def test_a_closed_balancer_admits_only_the_cdns_prefix_list_on_one_port(
    exposure, certificate, port
):
    closed = {
        "AlbExposure": exposure,
        "CloudFrontPrefixListId": "pl-3b927c52",
        "AlbCertificateArn": certificate,
    }
    groups = [group["Ref"] for group in properties("LoadBalancer", **closed)["SecurityGroups"]]
    rules = set[tuple]().union(*(rules_into(group, **closed) for group in groups))
    assert rules == {(port, port, "pl-3b927c52")}


def test_each_port_for_the_cdn_has_its_own_group_that_stays_while_the_port_changes():
    # The new rule comes before the old one goes, and the list weighs 55 of a group's 60.
    closed = {"AlbExposure": "private", "CloudFrontPrefixListId": "pl-3b927c52"}
    plain, tls = closed, closed | {"AlbCertificateArn": "arn:x"}
    used: dict[str, Any] = {}
    for one in (plain, tls):
        rules = of_type("AWS::EC2::SecurityGroupIngress", **one)
        by_list = {n: r["GroupId"]["Ref"] for n, r in rules.items() if "SourcePrefixListId" in r}
        assert not used.keys() & by_list.keys()
        assert not set(used.values()) & set(by_list.values())
        used |= by_list
        groups = [group["Ref"] for group in properties("LoadBalancer", **one)["SecurityGroups"]]
        assert groups == ["AlbSecurityGroup", "AlbHttpsSecurityGroup"]
    assert set(used.values()) == set(groups)


@pytest.mark.parametrize("environment", ["seed", "dev", "prod"])
def test_the_backend_admits_only_the_balancer_on_3000(environment):
    assert rules_into("BackendSecurityGroup", environment) == {(3000, 3000, "AlbSecurityGroup")}


@pytest.mark.parametrize("environment", ["seed", "dev", "prod"])
def test_the_database_admits_only_the_backend_on_5432(environment):
    assert rules_into("DatabaseSecurityGroup", environment) == {
        (5432, 5432, "BackendSecurityGroup")
    }


def test_each_group_sends_only_what_it_has_to():
    assert rules_out_of("AlbSecurityGroup") == {(3000, 3000, "BackendSecurityGroup")}
    assert rules_out_of("DatabaseSecurityGroup") == set()
    assert rules_out_of("BackendSecurityGroup") == {
        (5432, 5432, "DatabaseSecurityGroup"),
        (2049, 2049, "DocumentsSecurityGroup"),
        (443, 443, "0.0.0.0/0"),
        (80, 80, "0.0.0.0/0"),
    }


def test_no_group_keeps_the_rule_by_which_aws_lets_everything_out():
    for group in of_type("AWS::EC2::SecurityGroup").values():
        assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["127.0.0.1/32"]
        assert "SecurityGroupIngress" not in group


def test_every_rule_says_why():
    rules = [
        resource["Properties"]
        for resource in resources().values()
        if resource["Type"].startswith("AWS::EC2::SecurityGroup")
        and resource["Type"] != "AWS::EC2::SecurityGroup"
    ]
    assert rules
    assert all(rule["Description"] for rule in rules)
