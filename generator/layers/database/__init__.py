"""PostgreSQL on RDS: private, encrypted, TLS forced; and the attachment that tells its address.

The attachment writes host and port into the secret, where instances wait for them: so this layer
and the backend are created side by side.
"""

from __future__ import annotations

from typing import Any

from troposphere import If, Join, NoValue, Sub, Template, rds, secretsmanager

from generator.layer import Layer, Name, Values
from generator.layers.database.database_log import (
    DATABASE_AUDIT,
    EXPORTED_LOGS,
    add_log_keeping,
    parameter_group,
)
from generator.layers.database.rotation import PASSWORD_ROTATION_DAYS, add_rotation
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.network import DATA_SUBNET_IDS, DATABASE_SECURITY_GROUP_ID
from generator.layers.secrets import (
    CUSTOMER_KEY,
    CUSTOMER_KEY_ARN,
    DATABASE_SECRET_ARN,
    DATABASE_USER,
    key_id,
    secret_value,
)
from generator.layers.security import DATABASE_PORT
from generator.layers.shared import (
    DELETION_PROTECTION,
    ENVIRONMENT_NAME,
    LOG_RETENTION_DAYS,
    choice,
    flag,
    is_given,
    is_true,
    optional,
    tags,
)
from generator.layers.shared.backup_plan import BACKUP_PLAN, add_backup_plan, database_backup_window
from generator.layers.shared.events import add_database_events
from generator.layers.shared.roles import PERMISSIONS_BOUNDARY, service_role

DATABASE_NAME = Name(
    "DatabaseName",
    Type="String",
    Default="clinic",
    Description="The database that the backend uses. Cannot be changed later.",
    AllowedPattern="^[a-z][a-z0-9_]{1,62}$",
    ConstraintDescription="2 to 63 lower-case letters, digits and underscores.",
)
DATABASE_VERSION = choice(
    "DatabaseVersion",
    "PostgreSQL's major version; minor ones follow by themselves. It can be raised, never lowered.",
    "17",
    "16",
    "15",
)
DATABASE_CLASS = Name(
    "DatabaseClass",
    Type="String",
    Default="db.t4g.micro",
    Description="Size of the database instance. A micro holds about 80 connections; four backend "
    "instances with TypeORM's pool of 10 use 40.",
    AllowedPattern=r"^db\.((t3|t4g)\.(micro|small|medium|large|xlarge|2xlarge)|"
    r"[mr][67][gi]\.(large|xlarge|2xlarge|4xlarge))$",
    ConstraintDescription="A class such as db.t4g.micro, db.t4g.medium or db.m7g.large.",
)
DATABASE_STORAGE = Name(
    "DatabaseStorage",
    Type="Number",
    Default=20,
    MinValue=20,
    MaxValue=900,  # RDS wants a tenth of room to grow
    Description="Storage in GiB to begin with; it grows by itself up to 1,000.",
)
MULTI_AZ = flag("MultiAz", "true: a standby in another zone takes over by itself (price twice).")
BACKUP_DAYS = Name(
    "BackupDays",
    Type="Number",
    Default=7,
    MinValue=1,
    MaxValue=35,
    Description="For how many days RDS can restore any minute.",
)
DATABASE_SNAPSHOT = optional(
    "DatabaseSnapshot",
    "Restore from this snapshot, whose user DatabaseUser must name. Leave it in place afterwards: "
    "taking it away replaces the database.",
    r"(arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:snapshot:)?(rds:)?[A-Za-z][A-Za-z0-9-]{0,254}",
    "The name or ARN of a snapshot",
)
DATABASE_MONITORING = flag(
    "DatabaseMonitoring",
    "true: enhanced monitoring every minute and Performance Insights (RDS.6).",
)

DATABASE_ID = Name("DatabaseId", Type="String", Description="The database instance.")
DATABASE_HOST = Name("DatabaseHost", Type="String", Description="The database's private address.")

MAX_STORAGE_GIB = 1000


def build(template: Template, values: Values) -> Values:
    database = template.add_resource(_instance(template, values))
    attachment = template.add_resource(
        secretsmanager.SecretTargetAttachment(
            "DatabaseSecretAttachment",
            SecretId=values[DATABASE_SECRET_ARN],
            TargetId=database.ref(),
            TargetType="AWS::RDS::DBInstance",
        )
    )
    own = Sub("arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:db:")
    arn = Join("", [own, database.ref()])
    add_rotation(template, values, database, arn, attachment)
    add_backup_plan(template, values, "database", [arn])
    add_database_events(template, values, database)
    add_log_keeping(template, values, database)
    return {DATABASE_ID: database.ref(), DATABASE_HOST: database.get_att("Endpoint.Address")}


def _instance(template: Template, values: Values) -> rds.DBInstance:
    return rds.DBInstance(
        "Database",
        Engine="postgres",
        EngineVersion=values[DATABASE_VERSION],
        # Without it RDS refuses a higher DatabaseVersion.
        AllowMajorVersionUpgrade=True,
        DBInstanceClass=values[DATABASE_CLASS],
        MultiAZ=values[MULTI_AZ],
        CACertificateIdentifier="rds-ca-rsa2048-g1",
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=EXPORTED_LOGS,
        AutoMinorVersionUpgrade=True,
        DeletionProtection=values[DELETION_PROTECTION],
        DeletionPolicy="Snapshot",
        UpdateReplacePolicy="Snapshot",
        Tags=tags(values, "database"),
        **_place(template, values),
        **_storage_and_backups(values),
        **_content(template, values),
        **_monitoring(template, values),
    )


def _place(template: Template, values: Values) -> dict[str, Any]:
    subnets = template.add_resource(
        rds.DBSubnetGroup(
            "DatabaseSubnets",
            DBSubnetGroupDescription="Subnets without a way out",
            SubnetIds=values[DATA_SUBNET_IDS],
            Tags=tags(values, "database"),
        )
    )
    family = Join("", ["postgres", values[DATABASE_VERSION]])
    return {
        "Port": str(DATABASE_PORT),
        "DBSubnetGroupName": subnets.ref(),
        "DBParameterGroupName": parameter_group(template, values, family),
        "VPCSecurityGroups": [values[DATABASE_SECURITY_GROUP_ID]],
        "PubliclyAccessible": False,
    }


def _storage_and_backups(values: Values) -> dict[str, Any]:
    return {
        "StorageType": "gp3",
        "AllocatedStorage": values[DATABASE_STORAGE],
        "MaxAllocatedStorage": MAX_STORAGE_GIB,
        "BackupRetentionPeriod": values[BACKUP_DAYS],
        "PreferredBackupWindow": database_backup_window(),
        "CopyTagsToSnapshot": True,
        "DeleteAutomatedBackups": False,
    }


def _content(template: Template, values: Values) -> dict[str, Any]:
    """A new database, or a snapshot's: then RDS refuses to be told user, name and encryption."""
    restored = is_given(template, values, DATABASE_SNAPSHOT)
    return {
        "DBSnapshotIdentifier": If(restored, values[DATABASE_SNAPSHOT], NoValue),
        "DBName": If(restored, NoValue, values[DATABASE_NAME]),
        "MasterUsername": If(restored, NoValue, values[DATABASE_USER]),
        "MasterUserPassword": secret_value(values[DATABASE_SECRET_ARN], "password"),
        "StorageEncrypted": If(restored, NoValue, True),
        "KmsKeyId": If(restored, NoValue, key_id(template, values)),
    }


def _monitoring(template: Template, values: Values) -> dict[str, Any]:
    """The key stays when monitoring is switched off: to take it away would replace the database.

    AWS's provider says so (ImmutabilityHelper.java in the repository
    aws-cloudformation/aws-cloudformation-resource-providers-rds on GitHub), and creates a database
    without insights as if no key were there (Translator.java, pull request 376). One from a
    snapshot it modifies after that with the key, which RDS refuses without insights.
    """
    condition = is_true(template, values, DATABASE_MONITORING)
    restored = is_given(template, values, DATABASE_SNAPSHOT)
    role = service_role(
        *(template, values, "DatabaseMonitoringRole", condition),
        *("monitoring.rds", "service-role/AmazonRDSEnhancedMonitoringRole"),
    )
    return {
        "MonitoringInterval": If(condition, 60, 0),
        "MonitoringRoleArn": If(condition, role.get_att("Arn"), NoValue),
        "EnablePerformanceInsights": If(condition, True, False),
        "PerformanceInsightsRetentionPeriod": If(condition, 7, NoValue),
        "PerformanceInsightsKMSKeyId": If(
            condition, key_id(template, values), If(restored, NoValue, key_id(template, values))
        ),
    }


DATABASE = Layer(
    "Database",
    build,
    owns=(
        "RDS, its subnets and parameters, how long its logs are kept, the secret's attachment, "
        "rotation, backup plan, what is sent when these fail",
        "RDS, sus subredes y parámetros, cuánto se guardan sus logs, el attachment del secreto, "
        "rotación, plan de respaldo, lo que se envía cuando estos fallan",
    ),
    needs=(
        ENVIRONMENT_NAME,
        DATA_SUBNET_IDS,
        DATABASE_SECURITY_GROUP_ID,
        DATABASE_SECRET_ARN,
        ALARM_TOPIC_ARN,
        CUSTOMER_KEY,
        CUSTOMER_KEY_ARN,
        DATABASE_NAME,
        DATABASE_USER,
        DATABASE_VERSION,
        DATABASE_CLASS,
        DATABASE_STORAGE,
        MULTI_AZ,
        BACKUP_DAYS,
        BACKUP_PLAN,
        DATABASE_SNAPSHOT,
        PASSWORD_ROTATION_DAYS,
        DATABASE_MONITORING,
        DATABASE_AUDIT,
        DELETION_PROTECTION,
        LOG_RETENTION_DAYS,
        PERMISSIONS_BOUNDARY,
    ),
    offers=(DATABASE_ID, DATABASE_HOST),
)
