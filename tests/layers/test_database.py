from __future__ import annotations

import json

import pytest

from generator.architecture import LAYERS
from generator.layers.backend import BACKEND
from generator.layers.database import DATABASE
from tests.resolved import flat, of_type, properties, resources, statements


@pytest.mark.parametrize("environment", ["seed", "dev", "prod"])
def test_the_database_is_private_encrypted_and_never_deleted_without_a_snapshot(environment):
    database = resources(environment)["Database"]
    assert database["Properties"]["PubliclyAccessible"] is False
    assert database["Properties"]["StorageEncrypted"] is True
    assert database["DeletionPolicy"] == database["UpdateReplacePolicy"] == "Snapshot"
    assert database["Properties"]["CopyTagsToSnapshot"] is True


def test_tls_is_forced():
    parameters = properties("DatabaseParameters")
    assert parameters["Parameters"]["rds.force_ssl"] == "1"
    assert properties("Database")["DBParameterGroupName"] == {"Ref": "DatabaseParameters"}


def test_the_audit_has_a_group_of_its_own_so_that_cloudformation_restarts_the_database():
    """A library is loaded at a start, and nothing starts a database whose group only changes."""
    audited = properties("Database", DatabaseAudit="true")
    assert audited["DBParameterGroupName"] == {"Ref": "DatabaseAuditParameters"}
    audit = properties("DatabaseAuditParameters", DatabaseAudit="true")["Parameters"]
    plain = properties("DatabaseParameters", DatabaseAudit="true")["Parameters"]
    assert plain == properties("DatabaseParameters")["Parameters"]
    assert plain.items() <= audit.items()
    assert "shared_preload_libraries" not in plain
    # Performance Insights reads the second: a list here takes the place of RDS's own.
    assert audit["shared_preload_libraries"] == "pgaudit,pg_stat_statements"
    assert "DatabaseAuditParameters" not in resources()


def test_production_is_audited():
    group = properties("Database", "prod")["DBParameterGroupName"]["Ref"]
    assert {"read", "write"} <= set(
        properties(group, "prod")["Parameters"]["pgaudit.log"].split(",")
    )


def test_the_certificate_is_of_the_authority_whose_bundle_instances_fetch():
    """The certificate that RDS gives a database without this one's name may be another's."""
    assert properties("Database")["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


@pytest.mark.parametrize("group", ["DatabaseParameters", "DatabaseAuditParameters"])
def test_the_parameter_group_follows_the_version(group):
    found = properties(group, DatabaseVersion="16", DatabaseAudit="true")
    assert found["Family"] == "postgres16"
    assert properties("Database", DatabaseVersion="16")["EngineVersion"] == "16"


def test_the_database_lies_in_the_data_subnets_behind_its_own_group():
    subnets = properties("DatabaseSubnets", Zones="3")["SubnetIds"]
    assert [subnet["Ref"] for subnet in subnets] == [f"DataSubnet{zone}" for zone in "ABC"]
    assert properties("Database")["VPCSecurityGroups"] == [{"Ref": "DatabaseSecurityGroup"}]


def test_the_password_is_a_dynamic_reference():
    password = properties("Database")["MasterUserPassword"]["Fn::Join"][1]
    assert password == [
        "{{resolve:secretsmanager:",
        {"Ref": "DatabaseSecret"},
        ":SecretString:password}}",
    ]


def minutes(clock: str) -> int:
    hours, _, rest = clock.partition(":")
    return 60 * int(hours) + int(rest)


def test_aws_backup_never_begins_in_or_within_an_hour_before_the_backup_of_rds():
    """Its job would fail there, and RDS would choose its window at random."""
    database = properties("Database", BackupPlan="true")
    plan = properties("BackupPlanResource", BackupPlan="true")["BackupPlan"]
    (rule,) = plan["BackupPlanRule"]
    minute, hour, *_ = rule["ScheduleExpression"].removeprefix("cron(").split()
    begins = minutes(f"{hour}:{minute}")
    latest = begins + rule["StartWindowMinutes"]
    start, end = map(minutes, database["PreferredBackupWindow"].split("-"))
    assert end - start == 30
    # Today's and tomorrow's.
    for day in (0, 24 * 60):
        assert latest < start + day - 60 or begins > end + day
    # Long enough to try again after a maintenance, which lasts half an hour or more.
    assert rule["StartWindowMinutes"] >= 240
    assert "PreferredMaintenanceWindow" not in database


def test_production_has_a_standby_backups_protection_and_monitoring():
    database = properties("Database", "prod")
    assert database["MultiAZ"] == "true"
    assert database["BackupRetentionPeriod"] == "35"
    assert database["DeletionProtection"] == "true"
    assert database["MonitoringInterval"] == 60
    assert database["EnablePerformanceInsights"] is True
    assert set(of_type("AWS::Backup::BackupSelection", "prod")) == {
        *("BackupSelection", "DocumentsBackupSelection"),
    }


def test_a_restored_database_is_told_nothing_that_its_snapshot_decides():
    restored = properties("Database", DatabaseSnapshot="before-the-move")
    assert restored["DBSnapshotIdentifier"] == "before-the-move"
    assert not {"DBName", "MasterUsername", "StorageEncrypted", "KmsKeyId"} & set(restored)
    assert "MasterUserPassword" in restored


def test_the_key_of_insights_outlives_them_since_taking_it_away_replaces_the_database():
    key = "PerformanceInsightsKMSKeyId"
    off = {"CustomerKey": "true", "DatabaseMonitoring": "false"}
    quiet = properties("Database", "prod", **off)
    assert quiet["EnablePerformanceInsights"] is False
    assert quiet[key] == properties("Database", "prod")[key]
    assert key not in properties("Database", "prod", CustomerKey="false")
    # A restored one is modified once more, and RDS refuses the key without insights.
    assert key not in properties("Database", "prod", DatabaseSnapshot="before", **off)


def test_a_new_database_has_no_snapshot():
    new = properties("Database", DatabaseName="clinic")
    assert "DBSnapshotIdentifier" not in new
    assert new["DBName"] == "clinic"


def test_the_attachment_writes_the_address_into_the_secret():
    attachment = properties("DatabaseSecretAttachment")
    assert attachment["SecretId"] == {"Ref": "DatabaseSecret"}
    assert attachment["TargetId"] == {"Ref": "Database"}


def test_the_backend_does_not_wait_for_the_database():
    assert not set(BACKEND.needs) & set(DATABASE.offers)
    between = [layer for layer in LAYERS if set(layer.needs) & set(DATABASE.offers)]
    reachable = {name for layer in between for name in layer.offers}
    assert not set(BACKEND.needs) & reachable


def test_rotation_changes_the_password_of_this_database_only():
    policy = properties("RotationPolicy", "prod")["PolicyDocument"]
    [modify] = [s for s in statements(policy) if "rds:ModifyDBInstance" in s["Action"]]
    [arn] = modify["Resource"]
    assert arn["Fn::Join"][1][1] == {"Ref": "Database"}
    schedule = resources("prod")["RotationSchedule"]
    assert schedule["Properties"]["RotationRules"] == {"AutomaticallyAfterDays": "30"}
    assert schedule["Properties"]["RotateImmediatelyOnUpdate"] is False
    assert "DatabaseSecretAttachment" in schedule["DependsOn"]


def test_the_seed_does_not_rotate():
    assert not of_type("AWS::SecretsManager::RotationSchedule")


def test_only_the_major_version_is_pinned():
    versions = flat()["Parameters"]["DatabaseVersion"]["AllowedValues"]
    assert all("." not in version for version in versions)
    assert properties("Database")["AutoMinorVersionUpgrade"] is True


def test_the_password_is_nowhere_but_in_references():
    assert json.dumps(flat()).count(":SecretString:password}}") == 1


def test_only_the_rotation_of_this_secret_may_call_the_function():
    """Otherwise whoever may write to any secret of the account rotates with this function."""
    permission = properties("RotationPermission", PasswordRotationDays="30")
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert permission["SourceArn"] == {"Ref": "DatabaseSecret"}
    schedule = properties("RotationSchedule", PasswordRotationDays="30")
    assert schedule["SecretId"] == permission["SourceArn"]
