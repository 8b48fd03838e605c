"""The role of each resource in the documented system, derived from how it is used."""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.reach.instances import RESOLVED
from generator.checks.reach.listeners import RULE
from generator.checks.reach.names import Names, text
from generator.model.data import attached
from generator.model.iam import listed
from generator.model.walk import nodes

BUCKET, SECRET = "AWS::S3::Bucket", "AWS::SecretsManager::Secret"
ONE_OF_A_KIND = {
    "balancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer",),
    "backend": ("AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"),
    "database": ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"),
    "file system": ("AWS::EFS::FileSystem",),
    "cdn": ("AWS::CloudFront::Distribution",),
    "registry": ("AWS::ECR::Repository",),
    "key": ("AWS::KMS::Key",),
    "topic": ("AWS::SNS::Topic",),
}
ENV_FILE = "/.env"


def assign(names: Names) -> None:
    """Give the resources of a view their names in the documented system.

    Of several that could be one, the first is; the others keep their logical ids, so that what
    they reach is not taken for documented.
    """
    names.roles = {}
    for role, logical in _candidates(names):
        if logical in names.resources and role not in names.roles.values():
            names.roles.setdefault(logical, role)


def _instance_roles(names: Names) -> Iterator[str]:
    for properties in names.of_type("AWS::IAM::InstanceProfile").values():
        yield from names.targets(properties.get("Roles"))


def _candidates(names: Names) -> Iterator[tuple[str, str]]:
    for role, kinds in ONE_OF_A_KIND.items():
        for kind in kinds:
            yield from ((role, name) for name in names.of_type(kind))
    yield from (("role of backend", name) for name in _instance_roles(names))
    yield from _secrets(names)
    buckets = names.of_type(BUCKET)
    for role, name in _buckets(names):
        if name in buckets:
            yield role, name
    for role in ("configuration", "documents", "frontend"):
        yield from ((role, name) for name in buckets if role[:6] in name.lower())


def _secrets(names: Names) -> Iterator[tuple[str, str]]:
    yield from (("database secret", secret) for secret in attached(names))
    for kind, role in (
        ("AWS::RDS::DBInstance", "database secret"),
        ("AWS::CloudFront::Distribution", "origin secret"),
        (RULE, "origin secret"),
    ):
        for name, properties in names.of_type(kind).items():
            for node in nodes(properties):
                words = text(node) if isinstance(node, dict) and len(node) == 1 else ""
                if words.startswith(RESOLVED):
                    yield role, names.owner_in(words)
                    if kind == RULE:
                        yield "origin rule", name


def _buckets(names: Names) -> Iterator[tuple[str, str]]:
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role"):
        for properties in names.of_type(kind).values():
            for node in nodes(properties):
                for resource in listed(node.get("Resource", [])) if isinstance(node, dict) else []:
                    if text(resource).endswith(ENV_FILE):
                        yield "configuration", names.owner(resource)
    for properties in names.of_type("AWS::CloudFront::Distribution").values():
        config = properties.get("DistributionConfig", {})
        default = config.get("DefaultCacheBehavior", {}).get("TargetOriginId")
        for origin in config.get("Origins", []):
            if origin.get("Id") == default:
                yield "frontend", names.owner_in(text(origin.get("DomainName")))
        yield "cdn logs", names.owner_in(text(config.get("Logging", {}).get("Bucket", "")))
    for properties in names.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer").values():
        for setting in properties.get("LoadBalancerAttributes", []):
            if setting.get("Key") == "access_logs.s3.bucket":
                yield "logs", names.target(setting.get("Value"))
    for properties in names.of_type(BUCKET).values():
        yield (
            "logs",
            names.target(properties.get("LoggingConfiguration", {}).get("DestinationBucketName")),
        )
