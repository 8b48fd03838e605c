from __future__ import annotations

import pytest

from tests.resolved import of_type, properties, resources

FILES = "DocumentsFileSystemResource"
SUBNETS = ["AppSubnetA", "AppSubnetB", "AppSubnetC"]


def files(environment: str = "seed", **changes: str) -> dict:
    return properties(FILES, environment, **changes)


@pytest.mark.parametrize("environment", ["seed", "dev", "prod"])
def test_every_environment_has_an_encrypted_file_system_that_outlives_its_stack(environment):
    found = resources(environment)[FILES]
    assert found["Properties"]["Encrypted"] is True
    assert found["DeletionPolicy"].startswith("Retain")
    assert found["UpdateReplacePolicy"] == "Retain"


def test_it_is_encrypted_with_the_customers_key_if_there_is_one():
    assert files(CustomerKey="true")["KmsKeyId"] == {"Fn::GetAtt": ["CustomerKeyResource", "Arn"]}
    assert "KmsKeyId" not in files()


@pytest.mark.parametrize("zones", ["2", "3"])
def test_every_zone_that_may_have_an_instance_has_a_mount_target(zones):
    """The name of the file system does not resolve in a zone without one."""
    targets = of_type("AWS::EFS::MountTarget", Zones=zones).values()
    assert [target["SubnetId"]["Ref"] for target in targets] == SUBNETS[: int(zones)]
    for target in targets:
        assert target["FileSystemId"] == {"Ref": FILES}
        assert target["SecurityGroups"] == [{"Ref": "DocumentsSecurityGroup"}]


def test_only_the_backend_reaches_it_and_only_by_nfs():
    rules = [
        rule
        for rule in of_type("AWS::EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == {"Ref": "DocumentsSecurityGroup"}
    ]
    assert [(r["FromPort"], r["ToPort"], r["SourceSecurityGroupId"]["Ref"]) for r in rules] == [
        (2049, 2049, "BackendSecurityGroup")
    ]


def test_nobody_uses_it_without_tls_or_but_through_a_mount_target():
    allow, deny = files()["FileSystemPolicy"]["Statement"]
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert allow["Condition"] == {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Principal"] == {"AWS": ["*"]}
    assert deny["Action"] == ["elasticfilesystem:Client*"]
    assert "elasticfilesystem:ClientMount" in allow["Action"]


@pytest.mark.parametrize("plan", ["true", "false"])
def test_efs_keeps_its_own_daily_backups_with_the_plan_and_without(plan):
    """Switching the plan off and on, or losing its vault, must not leave a day without a backup."""
    assert files(BackupPlan=plan)["BackupPolicy"] == {"Status": "ENABLED"}
    assert ("DocumentsBackupSelection" in resources(BackupPlan=plan)) == (plan == "true")


@pytest.mark.parametrize("shared", ["true", "false"])
def test_the_plan_covers_the_bucket_and_the_file_system(shared):
    chosen = properties("DocumentsBackupSelection", "prod", DocumentsFileSystem=shared)
    covered = str(chosen["BackupSelection"]["Resources"])
    assert "'DocumentsBucket'" in covered
    assert (FILES in covered) == (shared == "true")


def test_the_plans_role_may_read_the_bucket():
    """S3's part is in a policy of its own (AWS Backup developer guide, "Amazon S3 backups")."""
    role = properties("DocumentsBackupRole", "prod")
    assert "iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup" in str(role["ManagedPolicyArns"])
    assert len(role["ManagedPolicyArns"]) == 2
    assert len(properties("BackupRole", "prod")["ManagedPolicyArns"]) == 1


def test_what_is_backed_up_keeps_versions():
    """AWS Backup refuses a bucket without versioning."""
    assert properties("DocumentsBucket")["VersioningConfiguration"] == {"Status": "Enabled"}


def test_switched_off_nothing_of_it_is_there():
    kinds = {resource["Type"] for resource in resources(DocumentsFileSystem="false").values()}
    assert not any(kind.startswith("AWS::EFS::") for kind in kinds)
    assert "DocumentsSecurityGroup" not in resources(DocumentsFileSystem="false")
