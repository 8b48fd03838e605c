"""What EventBridge and RDS send to the alarm topic besides the alarms."""

from __future__ import annotations

from typing import Any

from troposphere import Sub, Template, backup, events, rds

from generator.layer import Values
from generator.layers.monitoring import ALARM_TOPIC_ARN


def add_scaling_events(template: Template, values: Values, group: str) -> None:
    """Instances that came, went, or failed to; ``group`` is the logical id of their group.

    The group's name is matched by its beginning, as CloudFormation makes names, so that the rule
    does not wait for the group, and sees its first instances too.
    """
    own = [{"prefix": Sub("${AWS::StackName}-" + group + "-")}]
    pattern = {
        "source": ["aws.autoscaling"],
        "detail-type": [
            f"EC2 Instance {action} {result}"
            for action in ("Launch", "Terminate")
            for result in ("Successful", "Unsuccessful")
        ],
        "detail": {"AutoScalingGroupName": own},
    }
    template.add_resource(
        _rule(values, "ScalingEvents", "Instances that came, went, or failed to", pattern)
    )


def add_database_events(template: Template, values: Values, database: rds.DBInstance) -> None:
    """What RDS says of the database instance."""
    template.add_resource(
        rds.EventSubscription(
            "DatabaseEvents",
            Enabled=True,
            SnsTopicArn=values[ALARM_TOPIC_ARN],
            SourceType="db-instance",
            SourceIds=[database.ref()],
            EventCategories=[
                "availability",
                "configuration change",
                "failover",
                "failure",
                "low storage",
                "maintenance",
                "recovery",
            ],
        )
    )


def add_backup_events(template: Template, values: Values, vault: backup.BackupVault) -> None:
    """Backups of a vault that did not come about, under the vault's condition.

    AWS Backup has no metric of one vault's failed jobs that is sure to exist; its events are sent
    every five minutes (AWS Backup developer guide, eventbridge).
    """
    pattern = {
        "source": ["aws.backup"],
        "detail-type": ["Backup Job State Change"],
        "detail": {
            "state": ["FAILED", "ABORTED", "EXPIRED"],
            "backupVaultName": [vault.ref()],
        },
    }
    rule = _rule(
        *(values, f"Failed{vault.title}Jobs", "Backups that did not come about", pattern),
        Condition=vault.Condition,
    )
    template.add_resource(rule)


def add_deleted_documents(template: Template, values: Values, bucket: Any) -> None:
    """Versions of a document that somebody took away for good.

    The application's own deletions only cover a version, and the lifecycle's come from S3 itself
    (S3 user guide, ev-events: deletion-type, reason).
    """
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Deleted"],
        "detail": {
            "bucket": {"name": [bucket]},
            "reason": ["DeleteObject"],
            "deletion-type": ["Permanently Deleted"],
        },
    }
    what = "Versions of documents that were deleted for good"
    template.add_resource(_rule(values, "DeletedDocuments", what, pattern))


def _rule(
    values: Values, title: str, description: str, pattern: dict[str, Any], **more: Any
) -> events.Rule:
    return events.Rule(
        title,
        Description=description,
        EventPattern=pattern,
        Targets=[events.Target(Id="topic", Arn=values[ALARM_TOPIC_ARN])],
        **more,
    )
