"""The table of controls that are not met, in docs/security.md: each line is true, and of prod."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator import suppressions
from tests.benchmarks.explained import EXPLAINED
from tests.resolved import CERTIFICATE, WEB_ACL, of_type, properties, resources

ROOT = Path(__file__).parents[1]
HEADINGS = {
    "docs/security.md": "## Controls that are not met",
    "docs/es/security.md": "## Controles que no se cumplen",
}
ALB_NAME = {"AlbDomainName": "origin.clinic.example", "AlbCertificateArn": CERTIFICATE}
NAME = {"DomainName": "clinic.example", "CertificateArn": CERTIFICATE}


def prod(kind: str, **changes: str) -> dict[str, dict[str, Any]]:
    return of_type(kind, "prod", **changes)


def buckets_with(name: str) -> set[str]:
    return {bucket for bucket, made in prod("AWS::S3::Bucket").items() if name in made}


def buckets_under_the_key() -> set[str]:
    return {
        bucket
        for bucket, made in prod("AWS::S3::Bucket").items()
        if "KMSMasterKeyID" in str(made["BucketEncryption"])
    }


def public_address(environment: str, **changes: str) -> Any:
    data = properties("LaunchTemplate", environment, **changes)["LaunchTemplateData"]
    return data["NetworkInterfaces"][0]["AssociatePublicIpAddress"]


def protocols(**changes: str) -> set[str]:
    listeners = prod("AWS::ElasticLoadBalancingV2::Listener", **changes)
    return {listener["Protocol"] for listener in listeners.values()}


def distribution(**changes: str) -> dict[str, Any]:
    return properties("Distribution", "prod", **changes)["DistributionConfig"]


def open_egress() -> set[int]:
    rules = prod("AWS::EC2::SecurityGroupEgress").values()
    return {rule["FromPort"] for rule in rules if rule.get("CidrIp") == "0.0.0.0/0"}


def routes_to_the_internet_gateway() -> set[str]:
    return {name for name, route in prod("AWS::EC2::Route").items() if "GatewayId" in route}


def functions() -> list[dict[str, Any]]:
    return list(prod("AWS::Lambda::Function").values())


def statements_about_everything() -> set[str]:
    """Their actions, of every policy that a role has."""
    return {
        action
        for made in prod("AWS::IAM::ManagedPolicy").values()
        for statement in made["PolicyDocument"]["Statement"]
        if statement.get("Resource") == ["*"]
        for action in statement["Action"]
    }


def statements_about_all_but_something() -> list[tuple[Any, Any]]:
    """Action and condition of each."""
    return [
        (statement["Action"], statement["Condition"])
        for made in prod("AWS::IAM::ManagedPolicy").values()
        for statement in made["PolicyDocument"]["Statement"]
        if "NotResource" in statement
    ]


TRUE: dict[str, Callable[[], bool]] = {
    "EC2.9": lambda: (
        public_address("prod") == "false"
        and public_address("prod", NatGateways="one") == "false"
        and public_address("dev") == "true"
    ),
    "EC2.10,": lambda: (
        [made["VpcEndpointType"] for made in prod("AWS::EC2::VPCEndpoint").values()] == ["Gateway"]
    ),
    "AWS-0104": lambda: open_egress() == {80, 443},
    "VPCNoUnrestrictedRouteToIGW": lambda: (
        routes_to_the_internet_gateway() == {"PublicRoute"}
        and properties("LoadBalancer", "prod")["Scheme"] == "internal"
    ),
    "EC2.21": lambda: not prod("AWS::EC2::NetworkAcl"),
    "AutoScaling.6": lambda: "MixedInstancesPolicy" not in properties("BackendGroup", "prod"),
    "ELB.1,": lambda: protocols() == {"HTTP"} and "HTTPS" in protocols(**ALB_NAME),
    "ELB.16,": lambda: (
        "WebACLId" not in distribution()
        and not prod("AWS::WAFv2::WebACLAssociation")
        and bool(prod("AWS::WAFv2::WebACLAssociation", AlbWebAclArn=WEB_ACL))
        and "WebACLId" in distribution(WebAclArn=WEB_ACL)
    ),
    "CloudFront.4": lambda: "OriginGroups" not in distribution(),
    "CloudFront.7,": lambda: (
        "Aliases" not in distribution()
        and distribution(**NAME)["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    ),
    "CloudFront.9,": lambda: any("VpcOriginConfig" in o for o in distribution()["Origins"]),
    "W13": lambda: (
        statements_about_everything()
        == {
            *("ecr:GetAuthorizationToken", "secretsmanager:GetRandomPassword"),
            *(f"ssmmessages:{how}{what}Channel" for how, what in CHANNELS),
            *("cloudwatch:PutMetricData", "autoscaling:DescribeAutoScalingInstances"),
            "ec2:DescribeSecurityGroups",
            # Of the release function: EC2 and Auto Scaling describe all of an account or nothing.
            *("ec2:Describe*", "autoscaling:Describe*"),
            *("ssm:GetCommandInvocation", "ssm:ListCommands"),
        }
        # What a launch names beside the stack's own launch template, and of that one only.
        and [(does, list(limit["ArnLike"])) for does, limit in statements_about_all_but_something()]
        == [(["ec2:RunInstances"], ["ec2:LaunchTemplate"])]
    ),
    "F24": lambda: properties("Database", "prod")["MasterUsername"] == "clinic_owner",
    "RDS.23": lambda: properties("Database", "prod")["Port"] == "5432",
    "S3.7": lambda: (
        not buckets_with("ReplicationConfiguration")
        and "DocumentsBucket" in str(properties("DocumentsBackupSelection", "prod"))
    ),
    "S3.9": lambda: (
        set(prod("AWS::S3::Bucket")) - buckets_with("LoggingConfiguration") == {"LogBucket"}
    ),
    "S3.15": lambda: buckets_with("ObjectLockEnabled") == {"DocumentsBucket"},
    "S3.17": lambda: (
        set(prod("AWS::S3::Bucket")) - buckets_under_the_key() == {"LogBucket", "FrontendBucket"}
    ),
    "SecretsManager.1": lambda: (
        {made["SecretId"]["Ref"] for made in prod("AWS::SecretsManager::RotationSchedule").values()}
        == {"DatabaseSecret"}
    ),
    "EC2.3": lambda: "KmsKeyId" not in str(properties("LaunchTemplate", "prod")),
    "Lambda.3": lambda: (
        all("VpcConfig" not in made for made in functions()) and len(functions()) == 4
    ),
    "CKV_AWS_116": lambda: (
        {
            name
            for name, made in prod("AWS::Lambda::Function").items()
            if made.get("DeadLetterConfig") != {"TargetArn": {"Ref": "AlarmTopic"}}
        }
        == {"RotationFunction", "ReleaseFunction"}
    ),
    "CKV_AWS_115": lambda: all("ReservedConcurrentExecutions" not in made for made in functions()),
    "CFN": lambda: (
        {
            bucket
            for bucket, made in prod("AWS::S3::Bucket").items()
            if made["OwnershipControls"]["Rules"] != [{"ObjectOwnership": "BucketOwnerEnforced"}]
        }
        == {"CdnLogBucket"}
        and not buckets_with("AccessControl")
        and bool(prod("AWS::CloudFront::OriginAccessControl"))
        and len(properties("BackendGroup", "prod")["VPCZoneIdentifier"]) == 2
    ),
}
CHANNELS = [(how, what) for how in ("Create", "Open") for what in ("Control", "Data")]


def rows(page: str) -> list[str]:
    """First words of the table's lines."""
    text = (ROOT / page).read_text("utf-8")
    section = text[text.index(HEADINGS[page]) :].split("\n## ")[0]
    return re.findall(r"^\| (\S+)", section, re.M)[1:]


@pytest.mark.parametrize("page", HEADINGS)
def test_every_line_of_the_table_of_controls_is_tried_here(page):
    assert rows(page) == [row for row in rows("docs/security.md") if row in TRUE]
    assert set(rows(page)) == set(TRUE)


@pytest.mark.parametrize("line", TRUE)
def test_a_line_of_the_table_of_controls_is_true(line):
    assert TRUE[line]()


def test_what_judges_still_object_to_points_to_lines_of_the_table():
    assert set(EXPLAINED.values()) <= set(TRUE)


def suppressed_lines() -> set[str]:
    """Those that a suppression's reason begins with."""
    return {one.reason.split(":")[0] for one in suppressions.SUPPRESSIONS if one.judge}


def test_what_judges_are_told_to_leave_out_points_to_lines_of_the_table():
    assert suppressed_lines() <= set(TRUE)
    assert len(suppressed_lines()) > 5


def test_what_an_operator_still_has_to_bring_is_never_left_out():
    """A name, a certificate, a web ACL, and egress that could be narrower."""
    assert not suppressed_lines() & {"ELB.1,", "ELB.16,", "CloudFront.7,", "CloudFront.9,"}
    assert not suppressed_lines() & {"AWS-0104", "CloudFront.4"}
    left_out = {one.rule.split("-")[-1] for one in suppressions.SUPPRESSIONS if one.judge}
    assert not left_out & EXPLAINED.keys()


def test_prod_turns_on_what_its_parameters_can():
    assert {"CdnLogBucket", "DocumentsBucket", "ConfigurationBucket"} == buckets_under_the_key()
    assert "DocumentsBackupSelection" in resources("prod")
