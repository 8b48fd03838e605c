"""PostgreSQL on RDS: private, encrypted, TLS forced; and the attachment that tells its address.

The attachment writes host and port into the secret, where instances wait for them: so this layer
and the backend are created side by side.
"""

from __future__ import annotations

from typing import Any

import awacs.kms
import awacs.logs
import awacs.rds
import awacs.secretsmanager
from troposphere import (
    Equals,
    If,
    Join,
    Not,
    NoValue,
    Ref,
    Sub,
    Template,
    awslambda,
    backup,
    iam,
    rds,
    secretsmanager,
)

from generator.layer import Layer, Name, Values
from generator.layers.inline_function import inline_function
from generator.layers.network import DATA_SUBNET_IDS
from generator.layers.secrets import (
    CUSTOMER_KEY,
    CUSTOMER_KEY_ARN,
    DATABASE_SECRET_ARN,
    DATABASE_USER,
    customer_key,
    key_id,
    secret_value,
)
from generator.layers.security import DATABASE_PORT, DATABASE_SECURITY_GROUP_ID
from generator.layers.shared import (
    DELETION_PROTECTION,
    ENVIRONMENT_NAME,
    LOG_RETENTION_DAYS,
    allow,
    assumed_by,
    choice,
    flag,
    is_given,
    is_true,
    named,
    optional,
    tags,
    unique,
)

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
    "PostgreSQL's major version; minor ones follow by themselves.",
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
    AllowedPattern=r"^db\.(t3|t4g|m6g|m6i|m7g|m7i|r6g|r6i|r7g|r7i)\.(micro|small|medium|"
    r"large|xlarge|2xlarge|4xlarge)$",
    ConstraintDescription="A class such as db.t4g.micro, db.t4g.medium or db.m7g.large.",
)
DATABASE_STORAGE = Name(
    "DatabaseStorage",
    Type="Number",
    Default=20,
    MinValue=20,
    MaxValue=1000,
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
BACKUP_PLAN = flag(
    "BackupPlan", "true: AWS Backup keeps a copy of every day in a vault of its own (RDS.26)."
)
DATABASE_SNAPSHOT = optional(
    "DatabaseSnapshot",
    "Restore from this snapshot, whose user DatabaseUser must name. Leave it in place afterwards: "
    "taking it away replaces the database.",
    r"(arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:snapshot:)?(rds:)?[A-Za-z][A-Za-z0-9-]{0,254}",
    "The name or ARN of a snapshot",
)
PASSWORD_ROTATION_DAYS = Name(
    "PasswordRotationDays",
    Type="Number",
    Default=0,
    MinValue=0,
    MaxValue=365,
    Description="A new database password every so many days; 0: never. Backends take it by "
    "themselves within two minutes.",
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
    _rotation(template, values, database, attachment)
    _backup_plan(template, values, database)
    return {DATABASE_ID: database.ref(), DATABASE_HOST: database.get_att("Endpoint.Address")}


def _instance(template: Template, values: Values) -> rds.DBInstance:
    return rds.DBInstance(
        "Database",
        Engine="postgres",
        EngineVersion=values[DATABASE_VERSION],
        DBInstanceClass=values[DATABASE_CLASS],
        MultiAZ=values[MULTI_AZ],
        CACertificateIdentifier="rds-ca-rsa2048-g1",
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=["postgresql", "upgrade"],
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
    parameters = template.add_resource(
        rds.DBParameterGroup(
            "DatabaseParameters",
            Description="TLS is forced; slow statements are logged",
            Family=Join("", ["postgres", values[DATABASE_VERSION]]),
            Parameters={"rds.force_ssl": "1", "log_min_duration_statement": "1000"},
            Tags=tags(values, "database"),
        )
    )
    return {
        "Port": str(DATABASE_PORT),
        "DBSubnetGroupName": subnets.ref(),
        "DBParameterGroupName": parameters.ref(),
        "VPCSecurityGroups": [values[DATABASE_SECURITY_GROUP_ID]],
        "PubliclyAccessible": False,
    }


def _storage_and_backups(values: Values) -> dict[str, Any]:
    return {
        "StorageType": "gp3",
        "AllocatedStorage": values[DATABASE_STORAGE],
        "MaxAllocatedStorage": MAX_STORAGE_GIB,
        "BackupRetentionPeriod": values[BACKUP_DAYS],
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
    condition = is_true(template, values, DATABASE_MONITORING)
    role = template.add_resource(
        _service_role(
            *("DatabaseMonitoringRole", condition),
            *("monitoring.rds", "AmazonRDSEnhancedMonitoringRole"),
        )
    )
    return {
        "MonitoringInterval": If(condition, 60, 0),
        "MonitoringRoleArn": If(condition, role.get_att("Arn"), NoValue),
        "EnablePerformanceInsights": If(condition, True, False),
        "PerformanceInsightsRetentionPeriod": If(condition, 7, NoValue),
        "PerformanceInsightsKMSKeyId": If(condition, key_id(template, values), NoValue),
    }


def _rotation(
    template: Template,
    values: Values,
    database: rds.DBInstance,
    attachment: secretsmanager.SecretTargetAttachment,
) -> None:
    rotates = template.add_condition(
        "PasswordRotates", Not(Equals(values[PASSWORD_ROTATION_DAYS], "0"))
    )
    function = inline_function(
        template,
        values,
        "Rotation",
        "rotate_password.py",
        _may_rotate(template, values, database),
        Condition=rotates,
        KmsKeyArn=key_id(template, values),
        Timeout=600,
        Environment=awslambda.Environment(Variables={"DATABASE": database.ref()}),
    )
    permission = template.add_resource(
        awslambda.Permission(
            "RotationPermission",
            Condition=rotates,
            FunctionName=function.ref(),
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
            SourceAccount=Ref("AWS::AccountId"),
        )
    )
    every = secretsmanager.RotationRules(AutomaticallyAfterDays=values[PASSWORD_ROTATION_DAYS])
    template.add_resource(
        secretsmanager.RotationSchedule(
            "RotationSchedule",
            Condition=rotates,
            DependsOn=[permission.title, attachment.title],
            SecretId=values[DATABASE_SECRET_ARN],
            RotationLambdaARN=function.get_att("Arn"),
            RotateImmediatelyOnUpdate=False,
            RotationRules=every,
        )
    )


def _arn(database: rds.DBInstance) -> Join:
    own = Sub("arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:db:")
    return Join("", [own, database.ref()])


def _may_rotate(template: Template, values: Values, database: rds.DBInstance) -> list[Any]:
    has_key, key_arn = customer_key(template, values)
    decrypt = allow([awacs.kms.Decrypt, awacs.kms.GenerateDataKey], [key_arn], Sid="UseCustomerKey")
    return [
        allow(
            [
                awacs.secretsmanager.DescribeSecret,
                awacs.secretsmanager.GetSecretValue,
                awacs.secretsmanager.PutSecretValue,
                awacs.secretsmanager.UpdateSecretVersionStage,
            ],
            [values[DATABASE_SECRET_ARN]],
        ),
        allow([awacs.secretsmanager.GetRandomPassword], ["*"]),
        allow([awacs.rds.ModifyDBInstance, awacs.rds.DescribeDBInstances], [_arn(database)]),
        If(has_key, decrypt, NoValue),
    ]


def _backup_plan(template: Template, values: Values, database: rds.DBInstance) -> None:
    condition = is_true(template, values, BACKUP_PLAN)
    vault = template.add_resource(
        backup.BackupVault(
            "BackupVault",
            Condition=condition,
            BackupVaultName=unique(values, "vault"),
            EncryptionKeyArn=key_id(template, values),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        )
    )
    daily = backup.BackupRuleResourceType(
        RuleName="daily",
        TargetBackupVault=vault.ref(),
        ScheduleExpression="cron(0 5 * * ? *)",
        Lifecycle=backup.LifecycleResourceType(DeleteAfterDays=35),
    )
    plan = template.add_resource(
        backup.BackupPlan(
            "BackupPlanResource",
            Condition=condition,
            BackupPlan=backup.BackupPlanResourceType(
                BackupPlanName=named(values, "database"), BackupPlanRule=[daily]
            ),
        )
    )
    role = template.add_resource(
        _service_role("BackupRole", condition, "backup", "AWSBackupServiceRolePolicyForBackup")
    )
    selection = backup.BackupSelectionResourceType(
        SelectionName="database", IamRoleArn=role.get_att("Arn"), Resources=[_arn(database)]
    )
    template.add_resource(
        backup.BackupSelection(
            "BackupSelection",
            Condition=condition,
            BackupPlanId=plan.ref(),
            BackupSelection=selection,
        )
    )


def _service_role(title: str, condition: str, service: str, managed_policy: str) -> iam.Role:
    """A role of one AWS service with the policy that AWS keeps for it."""
    arn = Sub("arn:${AWS::Partition}:iam::aws:policy/service-role/" + managed_policy)
    return iam.Role(
        title,
        Condition=condition,
        AssumeRolePolicyDocument=assumed_by(f"{service}.amazonaws.com"),
        ManagedPolicyArns=[arn],
    )


DATABASE = Layer(
    "Database",
    build,
    needs=(
        ENVIRONMENT_NAME,
        DATA_SUBNET_IDS,
        DATABASE_SECURITY_GROUP_ID,
        DATABASE_SECRET_ARN,
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
        DELETION_PROTECTION,
        LOG_RETENTION_DAYS,
    ),
    offers=(DATABASE_ID, DATABASE_HOST),
)
