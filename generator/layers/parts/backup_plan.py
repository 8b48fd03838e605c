"""A copy of every day of the database, and of the documents, each in a vault of its own."""

from __future__ import annotations

from typing import Any

from troposphere import Sub, Template, backup

from generator.layer import Values
from generator.layers.secrets import key_id
from generator.layers.shared import (
    flag,
    is_true,
    named,
    service_role,
    unique,
)

BACKUP_PLAN = flag(
    "BackupPlan",
    "true: AWS Backup keeps a copy of every day of database and documents in vaults (RDS.26).",
)


def add_backup_plan(
    template: Template, values: Values, what: str, resources: list[Any], *policies: str
) -> None:
    """Add vault, plan, role and selection, all under BackupPlan.

    ``policies``: AWS's own that the role needs besides the usual one.
    """
    condition = is_true(template, values, BACKUP_PLAN)
    prefix, name = ("", "vault") if what == "database" else (what.capitalize(), f"{what}-vault")
    vault = template.add_resource(
        backup.BackupVault(
            f"{prefix}BackupVault",
            Condition=condition,
            BackupVaultName=unique(values, name),
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
            f"{prefix}BackupPlanResource",
            Condition=condition,
            BackupPlan=backup.BackupPlanResourceType(
                BackupPlanName=named(values, what), BackupPlanRule=[daily]
            ),
        )
    )
    role = template.add_resource(
        service_role(
            f"{prefix}BackupRole", condition, "backup", "AWSBackupServiceRolePolicyForBackup"
        )
    )
    role.ManagedPolicyArns += [Sub("arn:${AWS::Partition}:iam::aws:policy/" + p) for p in policies]
    selection = backup.BackupSelectionResourceType(
        SelectionName=what, IamRoleArn=role.get_att("Arn"), Resources=resources
    )
    template.add_resource(
        backup.BackupSelection(
            f"{prefix}BackupSelection",
            Condition=condition,
            BackupPlanId=plan.ref(),
            BackupSelection=selection,
        )
    )
