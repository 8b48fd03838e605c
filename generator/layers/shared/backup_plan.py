"""A copy of every day of the database, and of the documents, each in a vault of its own."""

from __future__ import annotations

from typing import Any

from troposphere import Join, Template, backup

from generator.layer import Values
from generator.layers.secrets import key_id
from generator.layers.shared import (
    flag,
    is_true,
    named,
    stack_suffix,
)
from generator.layers.shared.events import add_backup_events
from generator.layers.shared.roles import service_role

BACKUP_PLAN = flag(
    "BackupPlan",
    "true: AWS Backup keeps a copy of every day of database and documents in vaults (RDS.26).",
)

# Hours of the day in UTC, night in the Americas. A job of AWS Backup fails when it begins in RDS's
# own backup window or within the hour before (AWS Backup developer guide, backup plan options).
# The weekly maintenance is no such matter: until it is over the job is tried again within its start
# window (API reference, BackupRule). That window stays RDS's choice, since CloudFormation calls a
# database perhaps replaced whose maintenance is moved.
DATABASE_BACKUP_HOUR, PLAN_HOUR = 2, 4
PLAN_BEGINS_WITHIN_MINUTES = 480


def database_backup_window() -> str:
    """When RDS backs up the database by itself, every day."""
    return f"{DATABASE_BACKUP_HOUR:02}:00-{DATABASE_BACKUP_HOUR:02}:30"


def add_backup_plan(
    template: Template, values: Values, what: str, resources: list[Any], *policies: str
) -> None:
    """Add vault, plan, role and selection, all under BackupPlan.

    ``policies``: AWS's own that the role needs besides the usual one.
    """
    condition = is_true(template, values, BACKUP_PLAN)
    prefix = "" if what == "database" else what.capitalize()
    usual = "service-role/AWSBackupServiceRolePolicyForBackup"
    role = service_role(
        *(template, values, f"{prefix}BackupRole", condition, "backup"), usual, *policies
    )
    # A vault stays when the plan goes, and no second one can have its name: so it is named after
    # its role, which has another id each time that the plan is switched on.
    name = Join("-", ["clinic-vault", stack_suffix(), role.get_att("RoleId")])
    vault = template.add_resource(
        backup.BackupVault(
            f"{prefix}BackupVault",
            Condition=condition,
            BackupVaultName=name,
            EncryptionKeyArn=key_id(template, values),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    )
    daily = backup.BackupRuleResourceType(
        RuleName="daily",
        TargetBackupVault=vault.ref(),
        ScheduleExpression=f"cron(0 {PLAN_HOUR} * * ? *)",
        StartWindowMinutes=PLAN_BEGINS_WITHIN_MINUTES,
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
    add_backup_events(template, values, vault)
