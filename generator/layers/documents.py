"""The file system that patients' documents lie in, its mount targets, and the documents' backup.

Whatever replaces a container or an instance, the documents stay, and all instances see the same.
"""

from __future__ import annotations

from typing import Any

import awacs.aws as aws
from troposphere import And, Condition, If, Join, NoValue, Select, Sub, Tags, Template, efs

from generator.layer import Layer, Name, Provided, Values
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.network import APP_SUBNET_IDS, ZONE_LETTERS, ZONES, has_third_zone
from generator.layers.secrets import CUSTOMER_KEY, CUSTOMER_KEY_ARN, key_id
from generator.layers.security import DOCUMENTS_SECURITY_GROUP_ID
from generator.layers.shared import (
    DOCUMENTS_FILE_SYSTEM,
    ENVIRONMENT_NAME,
    is_true,
    named,
    policy,
)
from generator.layers.shared.backup_plan import BACKUP_PLAN, add_backup_plan
from generator.layers.shared.events import add_deleted_documents
from generator.layers.shared.roles import PERMISSIONS_BOUNDARY
from generator.layers.storage import DOCUMENTS_BUCKET

FILE_SYSTEM_ID = Name(
    "DocumentsFileSystemId", Type="String", Description="The documents' file system, or nothing."
)

CLIENT_ACTIONS = ("ClientMount", "ClientWrite", "ClientRootAccess")
"""What an NFS client may do. Root, too: the file system's own folder belongs to it at first, and
an access point, which could give it another owner, needs AWS's mount helper."""


def build(template: Template, values: Values) -> Values:
    condition = is_true(template, values, DOCUMENTS_FILE_SYSTEM)
    file_system = template.add_resource(
        efs.FileSystem(
            "DocumentsFileSystemResource",
            Condition=condition,
            Encrypted=True,
            KmsKeyId=key_id(template, values),
            PerformanceMode="generalPurpose",
            # Paid by what is read and written; bursting would slow down once its credits are gone.
            ThroughputMode="elastic",
            LifecyclePolicies=[
                efs.LifecyclePolicy(TransitionToIA="AFTER_30_DAYS"),
                efs.LifecyclePolicy(TransitionToPrimaryStorageClass="AFTER_1_ACCESS"),
            ],
            # Daily, into a vault of EFS's own, whatever becomes of the plan below and its vault.
            BackupPolicy=efs.BackupPolicy(Status="ENABLED"),
            FileSystemPolicy=_only_by_tls(),
            FileSystemTags=Tags(Name=named(values, "documents")),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    )
    # Nobody waits for them by order: their names are known up to 90 s late anyway, so that
    # instances repeat the mount.
    third = template.add_condition(
        "DocumentsReachThirdZone",
        And(Condition(condition), Condition(has_third_zone(template, values))),
    )
    for index, zone in enumerate(ZONE_LETTERS):
        template.add_resource(
            efs.MountTarget(
                f"DocumentsMountTarget{zone}",
                Condition=third if zone == "C" else condition,
                FileSystemId=file_system.ref(),
                SubnetId=Select(index, values[APP_SUBNET_IDS]),
                SecurityGroups=[values[DOCUMENTS_SECURITY_GROUP_ID]],
            )
        )
    bucket = Join("", [Sub("arn:${AWS::Partition}:s3:::"), values[DOCUMENTS_BUCKET]])
    add_backup_plan(
        template,
        values,
        "documents",
        [bucket, If(condition, file_system.get_att("Arn"), NoValue)],
        # Not among the service-role policies, as the others are.
        "AWSBackupServiceRolePolicyForS3Backup",
    )
    add_deleted_documents(template, values, values[DOCUMENTS_BUCKET])
    return {FILE_SYSTEM_ID: Provided(condition, file_system.ref())}


def _only_by_tls() -> dict[str, Any]:
    """Whoever the network lets to a mount target is let in, and nobody without TLS.

    Clients show no identity: that needs AWS's mount helper, which Ubuntu's archive lacks. A policy
    that grants through mount targets only is not public (EFS user guide, "Blocking public access").
    """
    actions = [aws.Action("elasticfilesystem", name) for name in CLIENT_ACTIONS]
    everybody = aws.Principal("AWS", ["*"])
    through_the_vpc = aws.Bool({"elasticfilesystem:AccessedViaMountTarget": "true"})
    return policy(
        aws.Statement(
            Sid="ThroughMountTargets",
            Effect=aws.Allow,
            Principal=everybody,
            Action=actions,
            Resource=["*"],
            Condition=aws.Condition(through_the_vpc),
        ),
        aws.Statement(
            Sid="TlsOnly",
            Effect=aws.Deny,
            Principal=everybody,
            Action=[aws.Action("elasticfilesystem", "Client*")],
            Resource=["*"],
            Condition=aws.Condition(aws.Bool({"aws:SecureTransport": "false"})),
        ),
    )


DOCUMENTS = Layer(
    "Documents",
    build,
    owns=(
        "the documents' file system and its mount targets, the backup of file system and "
        "documents bucket",
        "el sistema de archivos de los documentos y sus mount targets, el respaldo de ese "
        "sistema y del bucket de documentos",
    ),
    needs=(
        ENVIRONMENT_NAME,
        APP_SUBNET_IDS,
        ZONES,
        DOCUMENTS_SECURITY_GROUP_ID,
        DOCUMENTS_FILE_SYSTEM,
        DOCUMENTS_BUCKET,
        BACKUP_PLAN,
        ALARM_TOPIC_ARN,
        CUSTOMER_KEY,
        CUSTOMER_KEY_ARN,
        PERMISSIONS_BOUNDARY,
    ),
    offers=(FILE_SYSTEM_ID,),
)
