"""Identity-based and resource-based policies: which statements belong to which resource."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from generator.model.backend import launches
from generator.model.iam import Statement, statements
from generator.model.references import References, text

MANAGED = "AWS::IAM::ManagedPolicy"
ATTACHED = (MANAGED, "AWS::IAM::Policy")
SINGLE = {
    "AWS::IAM::RolePolicy": "RoleName",
    "AWS::IAM::UserPolicy": "UserName",
    "AWS::IAM::GroupPolicy": "GroupName",
}
HOLDERS = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
BESIDE = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::KMS::ReplicaKey": ("PrimaryKeyArn", "KeyPolicy"),
}
"""Types that give another resource its policy: the properties that name it and that hold it."""
INSIDE = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::EFS::FileSystem": "FileSystemPolicy",
    "AWS::Backup::BackupVault": "AccessPolicy",
    "AWS::SNS::Topic": "Policy",
}


def roles_in_use(names: References) -> dict[str, tuple[str, ...]]:
    """The groups, instances and functions that act as each role, all by logical id."""
    by_role: dict[str, list[str]] = defaultdict(list)
    profiles = {
        name: names.targets(properties.get("Roles"))
        for name, properties in names.of_type("AWS::IAM::InstanceProfile").items()
    }
    for kind in ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"):
        for name, properties in names.of_type(kind).items():
            for launch in launches(name, properties, names):
                profile = launch.get("IamInstanceProfile")
                if isinstance(profile, dict) and profile.keys() & {"Arn", "Name"}:
                    profile = profile.get("Arn", profile.get("Name"))
                for role in profiles.get(names.target(profile), []):
                    by_role[role].append(name)
    for name, properties in names.of_type("AWS::Lambda::Function").items():
        by_role[names.target(properties.get("Role"))].append(name)
    return {role: tuple(dict.fromkeys(who)) for role, who in by_role.items()}


def identity_policies(
    names: References, spell: Callable[[Any], str] = text
) -> tuple[dict[str, list[Statement]], dict[str, list[Statement]]]:
    """Statements by role, user or group, and those of policies that are attached to nobody."""
    by_principal: dict[str, list[Statement]] = defaultdict(list)
    managed = {
        name: statements(name, properties.get("PolicyDocument"), spell)
        for name, properties in names.of_type(MANAGED).items()
    }
    loose = dict(managed)
    for kind in HOLDERS:
        for holder, properties in names.of_type(kind).items():
            for policy in properties.get("Policies", []):
                name = f"{holder}.{text(policy.get('PolicyName', 'Policies'))}"
                by_principal[holder] += statements(name, policy.get("PolicyDocument"), spell)
            for name in names.targets(properties.get("ManagedPolicyArns")):
                by_principal[holder] += managed.get(name, [])
                loose.pop(name, None)
    for kind in ATTACHED:
        for name, properties in names.of_type(kind).items():
            own = managed.get(name) or statements(name, properties.get("PolicyDocument"), spell)
            for key in ("Roles", "Users", "Groups"):
                for holder in names.targets(properties.get(key)):
                    by_principal[holder] += own
                    loose.pop(name, None)
    for kind, key in SINGLE.items():
        for name, properties in names.of_type(kind).items():
            document = properties.get("PolicyDocument")
            by_principal[names.target(properties.get(key))] += statements(name, document, spell)
    return by_principal, loose


def resource_policies(
    names: References, spell: Callable[[Any], str] = text
) -> dict[str, list[Statement]]:
    """The statements of resources' own policies, by the resource's logical id."""
    by_resource: dict[str, list[Statement]] = defaultdict(list)
    for kind, (key, document) in BESIDE.items():
        for name, properties in names.of_type(kind).items():
            for resource in names.targets(properties.get(key)):
                by_resource[resource] += statements(name, properties.get(document), spell)
    for kind, document in INSIDE.items():
        for name, properties in names.of_type(kind).items():
            if properties.get(document):
                by_resource[name] += statements(f"{name}.{document}", properties[document], spell)
    return by_resource
