"""What the architecture promises, whatever the operator chooses.

The numbers are those of the design's list of invariants.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from generator import output
from generator.architecture import LAYERS, OUTPUTS
from generator.model.nesting import inline
from generator.model.resolve import resolve
from generator.model.walk import nodes, references
from tests.resolved import CERTIFICATE, ENVIRONMENTS, IMAGE, WEB_ACL, children, flat, parameters

STATEFUL = {
    "AWS::Backup::BackupVault",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}
"""Types that hold something which nobody can make again."""

STATEFUL_IDS = {
    *("Database", "DatabaseSecret", "OriginVerifySecret", "OriginVerifySecretSecond"),
    *("CustomerKeyResource", "BackupVault"),
    *("ConfigurationBucket", "DocumentsBucket", "LogBucket", "CdnLogBucket", "FrontendBucket"),
    *("ImageRepository", "BackendLogGroupResource", "FlowLogGroup", "RotationLogGroup"),
    *("CloseDefaultGroupLogGroup", "DatabaseLogsLogGroup", "DocumentsFileSystemResource"),
    "ReleaseLogGroup",
    "DocumentsBackupVault",
}
"""Never rename one: CloudFormation would delete it and make an empty one."""

WORDS: dict[str, list[str]] = {
    name: [str(value) for value in declared["AllowedValues"]]
    for name, declared in flat()["Parameters"].items()
    if "AllowedValues" in declared
}
TEXTS = {
    "BackendImage": ["", IMAGE],
    "CertificateArn": ["", CERTIFICATE],
    "DomainName": ["", "clinic.example"],
    "AlbCertificateArn": ["", CERTIFICATE],
    "AlbDomainName": ["", "origin.clinic.example"],
    "HostedZoneId": ["", "Z0123456789ABC"],
    "DatabaseSnapshot": ["", "before-the-move"],
    "AlarmEmail": ["", "team@clinic.example"],
    "ZoneNames": ["", "us-east-1c,us-east-1a,us-east-1b"],
    "WarmPoolSize": ["0", "1"],
    "PasswordRotationDays": ["0", "30"],
    "DocumentLockDays": ["0", "30"],
    "CloudFrontPrefixListId": ["pl-3b927c52"],
    "WebAclArn": ["", WEB_ACL.replace("regional", "global")],
    "AlbWebAclArn": ["", WEB_ACL],
}
choices = st.fixed_dictionaries({name: st.sampled_from(v) for name, v in (WORDS | TEXTS).items()})
"""Any combination of the operator's choices, the forbidden ones too: promises hold for all."""


def without_order(resources: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: value for key, value in resource.items() if key != "DependsOn"}
        for name, resource in resources.items()
    }


def depends_on(resource: dict[str, Any]) -> set[str]:
    stated = resource.get("DependsOn", [])
    return {stated} if isinstance(stated, str) else set(stated)


# 1 and 2


def test_the_committed_output_is_what_the_code_builds():
    folder = Path(__file__).parents[1] / "output"
    files = output.render(output.documents())
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.json")}
    assert found == files


def test_another_process_with_another_hash_seed_builds_the_same_bytes():
    program = (
        "from generator import output; import hashlib, sys;"
        "files = output.render(output.documents());"
        "print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1


def test_nested_and_flat_hold_the_same_after_inlining():
    inlined, whole = inline(children()), flat()
    assert without_order(inlined["Resources"]) == without_order(whole["Resources"])
    for section in ("Parameters", "Conditions", "Outputs", "Rules"):
        assert inlined[section] == whole[section]


def test_flat_adds_no_order_but_what_nested_stacks_give():
    inlined, whole = inline(children())["Resources"], flat()["Resources"]
    settled = {title for layer in LAYERS for title in layer.settles}
    for name, resource in whole.items():
        own = depends_on(inlined[name])
        assert own <= depends_on(resource) <= own | settled, name


@given(choices)
def test_nested_and_flat_resolve_alike_for_any_choice(chosen):
    inlined, whole = (resolve(form, chosen) for form in (inline(children()), flat()))
    assert without_order(inlined["Resources"]) == without_order(whole["Resources"])
    assert inlined["Outputs"] == whole["Outputs"]


# 3 and 4


def test_declared_is_used_and_used_is_declared():
    for name, template in children().items():
        body = {key: value for key, value in template.items() if key != "Parameters"}
        used = set(references(body)) & set(template["Parameters"])
        if name == "root":
            used |= {"TemplateBaseUrl"}
        assert used == set(template["Parameters"]), name


def test_a_layer_refers_to_nothing_outside_itself():
    for name, template in children().items():
        inside = set(template["Parameters"]) | set(template["Resources"])
        for reference in references(template):
            thing = reference.split(".")[0]
            assert thing in inside or thing.startswith("AWS::") or _sub_variable(template, thing), (
                f"{name} mentions {reference}"
            )


def _sub_variable(template: dict[str, Any], name: str) -> bool:
    """Whether some Fn::Sub defines the name for itself."""
    return any(
        name in node["Fn::Sub"][1]
        for node in nodes(template)
        if isinstance(node, dict) and isinstance(node.get("Fn::Sub"), list)
    )


# 5, 6 and 7


def test_the_root_owns_stacks_only():
    root = children()["root"]
    assert {r["Type"] for r in root["Resources"].values()} == {"AWS::CloudFormation::Stack"}
    for stack in root["Resources"].values():
        assert stack["DeletionPolicy"] == stack["UpdateReplacePolicy"] == "Delete"


def test_logical_ids_are_unique_over_all_layers():
    ids = [i for name, t in children().items() if name != "root" for i in t["Resources"]]
    assert len(ids) == len(set(ids))


def test_the_stateful_resources_are_the_listed_ones():
    found = {name for name, r in flat()["Resources"].items() if r["Type"] in STATEFUL}
    assert found == STATEFUL_IDS


def test_every_stateful_resource_says_what_becomes_of_it():
    for name in STATEFUL_IDS:
        resource = flat()["Resources"][name]
        assert resource["DeletionPolicy"] in ("RetainExceptOnCreate", "Snapshot", "Delete"), name
        assert resource["UpdateReplacePolicy"] in ("Retain", "Snapshot", "Delete"), name


# 8


@given(choices)
def test_only_the_balancers_group_admits_addresses(chosen):
    for rule in _properties(chosen, "AWS::EC2::SecurityGroupIngress"):
        source = set(rule) & {"CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId"}
        [kind] = source
        port = (rule["GroupId"]["Ref"], rule["FromPort"], rule["ToPort"])
        if kind == "SourceSecurityGroupId":
            chain = (*port, rule[kind]["Ref"])
            assert chain in {
                ("BackendSecurityGroup", 3000, 3000, "AlbSecurityGroup"),
                ("DatabaseSecurityGroup", 5432, 5432, "BackendSecurityGroup"),
                ("DocumentsSecurityGroup", 2049, 2049, "BackendSecurityGroup"),
            }
        else:
            assert port in {
                ("AlbSecurityGroup", 80, 80),
                ("AlbSecurityGroup", 443, 443),
                ("AlbHttpsSecurityGroup", 443, 443),
            }
            assert kind == "SourcePrefixListId" or chosen["AlbExposure"] == "public"


@given(choices)
def test_nothing_is_sent_anywhere_but_where_it_is_needed(chosen):
    sent = {
        (
            rule["GroupId"]["Ref"],
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIp") or rule["DestinationSecurityGroupId"]["Ref"],
        )
        for rule in _properties(chosen, "AWS::EC2::SecurityGroupEgress")
    }
    has_files = chosen["DocumentsFileSystem"] == "true"
    files = {("BackendSecurityGroup", 2049, 2049, "DocumentsSecurityGroup")}
    assert sent == (files if has_files else set()) | {
        ("AlbSecurityGroup", 3000, 3000, "BackendSecurityGroup"),
        ("BackendSecurityGroup", 5432, 5432, "DatabaseSecurityGroup"),
        ("BackendSecurityGroup", 443, 443, "0.0.0.0/0"),
        ("BackendSecurityGroup", 80, 80, "0.0.0.0/0"),
    }


@given(choices)
def test_every_store_is_encrypted_and_no_bucket_is_public(chosen):
    for bucket in _properties(chosen, "AWS::S3::Bucket"):
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    files = _properties(chosen, "AWS::EFS::FileSystem")
    assert [one["Encrypted"] for one in files] == [True] * len(files)
    [database] = _properties(chosen, "AWS::RDS::DBInstance")
    assert database["PubliclyAccessible"] is False
    assert database.get("StorageEncrypted", chosen["DatabaseSnapshot"] != "") is True


@given(choices)
def test_every_reference_leads_to_something_that_exists(chosen):
    resolved = resolve(flat(), chosen)
    for name, resource in resolved["Resources"].items():
        for reference in references(resource):
            thing = reference.split(".")[0]
            known = thing in resolved["Resources"] or thing.startswith("AWS::")
            assert known or _sub_variable(resource, thing), f"{name} mentions {reference}"


def _properties(chosen: dict[str, str], kind: str) -> list[dict[str, Any]]:
    resources = resolve(flat(), chosen)["Resources"]
    return [r["Properties"] for r in resources.values() if r["Type"] == kind]


# 9


def test_outputs_name_secrets_and_hold_none():
    for name, declared in flat()["Outputs"].items():
        assert "resolve:" not in json.dumps(declared), name


def test_dynamic_references_stand_only_where_the_service_hides_them():
    places = {
        name
        for name, resource in flat()["Resources"].items()
        if "{{resolve:" in json.dumps(resource)
    }
    rules = {f"OriginVerify{kind}Rule{which}" for kind in ("", "Https") for which in ("", "Second")}
    assert places == {"Database", "Distribution", *rules}


def test_no_statement_allows_everything():
    for node in nodes(flat()):
        if isinstance(node, dict) and node.get("Effect") == "Allow":
            services = [a for a in node["Action"] if re.fullmatch(r"(\w+:)?\*", a)]
            assert not services or node.get("Sid") == "AccountDecides"


# 11


def test_every_operator_parameter_is_explained_labelled_grouped_and_bounded():
    form = flat()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in form["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(flat()["Parameters"])
    for name, declared in flat()["Parameters"].items():
        assert declared["Description"].endswith("."), name
        assert form["ParameterLabels"][name]["default"], name
        assert "Default" in declared, name
        assert {"AllowedValues", "AllowedPattern", "MinValue"} & set(declared), name
        if "AllowedPattern" in declared:
            assert declared["ConstraintDescription"], name


def test_only_the_address_of_the_templates_has_no_default():
    root = children()["root"]["Parameters"]
    assert [n for n, declared in root.items() if "Default" not in declared] == ["TemplateBaseUrl"]


def test_the_first_output_is_the_sites_address():
    assert next(iter(flat()["Outputs"])) == "SiteUrl"
    assert set(flat()["Outputs"]) == {name.title for name in OUTPUTS}


def test_only_the_root_exports():
    for name, template in children().items():
        exported = ["Export" in declared for declared in template.get("Outputs", {}).values()]
        assert all(exported) if name == "root" else not any(exported), name


PHYSICAL_NAMES = {
    *("Name", "RoleName", "GroupName", "BucketName", "FunctionName", "TopicName", "LogGroupName"),
    *("LaunchTemplateName", "DBInstanceIdentifier", "RepositoryName", "ManagedPolicyName"),
    *("AutoScalingGroupName", "AlarmName", "DashboardName", "SubscriptionName", "BackupVaultName"),
}


def test_only_what_must_be_named_has_a_name_of_its_own():
    named = {
        name
        for name, resource in flat()["Resources"].items()
        for key, value in resource.get("Properties", {}).items()
        if key in PHYSICAL_NAMES and not (isinstance(value, dict) and "Ref" in value)
    }
    # The dashboard draws the alarms before they are there.
    drawn = {"BackendCpuAlarm", "CpuCreditsLowAlarm", "CpuCreditsChargedAlarm"}
    functions, vaults = (
        {"SpaRoutes", "ApiDescriptionCloser"},
        {"BackupVault", "DocumentsBackupVault"},
    )
    # An instance of a launch template before, or after, must find the content that is its own.
    by_content = {"BootLibrary"}
    assert named == functions | vaults | drawn | by_content


def test_every_parameter_file_asks_for_something_else():
    made = {e: json.dumps(resolve(flat(), parameters(e)), sort_keys=True) for e in ENVIRONMENTS}
    assert len(set(made.values())) == 3
