"""A copy of every day of the database, in a vault of its own."""

from __future__ import annotations

from typing import Any

from troposphere import Join, Template, backup

from generator.layer import Values
from generator.layers.secrets import key_id
from generator.layers.shared import (
    flag,
    is_true,
    named,
    service_role,
    stack_digits,
)

BACKUP_PLAN = flag(
    "BackupPlan", "true: AWS Backup keeps a copy of every day in a vault of its own (RDS.26)."
)


def add_backup_plan(template: Template, values: Values, database_arn: Any) -> None:
    """Add vault, plan, role and selection, all under BackupPlan."""
    condition = is_true(template, values, BACKUP_PLAN)
    role = template.add_resource(
        service_role("BackupRole", condition, "backup", "AWSBackupServiceRolePolicyForBackup")
    )
    # A vault stays when the plan goes, and no second one can have its name: so it is named after
    # its role, which has another id each time that the plan is switched on.
    name = Join("-", ["clinic-vault", stack_digits(), role.get_att("RoleId")])
    vault = template.add_resource(
        backup.BackupVault(
            "BackupVault",
            Condition=condition,
            BackupVaultName=name,
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
    selection = backup.BackupSelectionResourceType(
        SelectionName="database", IamRoleArn=role.get_att("Arn"), Resources=[database_arn]
    )
    template.add_resource(
        backup.BackupSelection(
            "BackupSelection",
            Condition=condition,
            BackupPlanId=plan.ref(),
            BackupSelection=selection,
        )
    )
