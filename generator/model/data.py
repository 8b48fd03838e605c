"""Databases, the secrets attached to them, and backup selections."""

from __future__ import annotations

from generator.model.references import References

ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
ROTATION = "AWS::SecretsManager::RotationSchedule"


def attachments(names: References) -> dict[str, tuple[str, str]]:
    """Secret and database of each attachment, all by logical id: CloudFormation writes the
    database's address into the secret."""
    return {
        name: (names.target(properties.get("SecretId")), names.target(properties.get("TargetId")))
        for name, properties in names.of_type(ATTACHMENT).items()
    }


def attached(names: References) -> dict[str, str]:
    """The database of each secret that is attached to one."""
    return dict(attachments(names).values())


def backed_up(names: References, plan: str) -> list[str]:
    """Logical ids of what the selections of a backup plan name."""
    return [
        names.owner(resource)
        for properties in names.of_type("AWS::Backup::BackupSelection").values()
        if names.target(properties.get("BackupPlanId")) == plan
        for resource in properties.get("BackupSelection", {}).get("Resources", [])
    ]
