"""Whose statements are whose: policies of roles, users and groups, and those of resources."""

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


def acting(names: References) -> dict[str, tuple[str, ...]]:
    """The groups, instances and functions that act as each role, all by logical id."""
    found: dict[str, list[str]] = defaultdict(list)
    profiles = {
        name: names.targets(given.get("Roles"))
        for name, given in names.of_type("AWS::IAM::InstanceProfile").items()
    }
    for kind in ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"):
        for name, given in names.of_type(kind).items():
            for launch in launches(name, given, names):
                profile = launch.get("IamInstanceProfile")
                if isinstance(profile, dict) and profile.keys() & {"Arn", "Name"}:
                    profile = profile.get("Arn", profile.get("Name"))
                for role in profiles.get(names.target(profile), []):
                    found[role].append(name)
    for name, given in names.of_type("AWS::Lambda::Function").items():
        found[names.target(given.get("Role"))].append(name)
    return {role: tuple(dict.fromkeys(who)) for role, who in found.items()}


def held(
    names: References, spell: Callable[[Any], str] = text
) -> tuple[dict[str, list[Statement]], dict[str, list[Statement]]]:
    """Statements by role, user or group, and those of policies that nobody has been given."""
    found: dict[str, list[Statement]] = defaultdict(list)
    managed = {
        name: statements(name, given.get("PolicyDocument"), spell)
        for name, given in names.of_type(MANAGED).items()
    }
    loose = dict(managed)
    for kind in HOLDERS:
        for holder, given in names.of_type(kind).items():
            for policy in given.get("Policies", []):
                name = f"{holder}.{text(policy.get('PolicyName', 'Policies'))}"
                found[holder] += statements(name, policy.get("PolicyDocument"), spell)
            for name in names.targets(given.get("ManagedPolicyArns")):
                found[holder] += managed.get(name, [])
                loose.pop(name, None)
    for kind in ATTACHED:
        for name, given in names.of_type(kind).items():
            own = managed.get(name) or statements(name, given.get("PolicyDocument"), spell)
            for key in ("Roles", "Users", "Groups"):
                for holder in names.targets(given.get(key)):
                    found[holder] += own
                    loose.pop(name, None)
    for kind, key in SINGLE.items():
        for name, given in names.of_type(kind).items():
            document = given.get("PolicyDocument")
            found[names.target(given.get(key))] += statements(name, document, spell)
    return found, loose


def owned(names: References, spell: Callable[[Any], str] = text) -> dict[str, list[Statement]]:
    """The statements of resources' own policies, by the resource's logical id."""
    found: dict[str, list[Statement]] = defaultdict(list)
    for kind, (key, document) in BESIDE.items():
        for name, given in names.of_type(kind).items():
            for resource in names.targets(given.get(key)):
                found[resource] += statements(name, given.get(document), spell)
    for kind, document in INSIDE.items():
        for name, given in names.of_type(kind).items():
            if given.get(document):
                found[name] += statements(f"{name}.{document}", given[document], spell)
    return found
