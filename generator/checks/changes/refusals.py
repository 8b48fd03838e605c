"""Updates that AWS refuses, or that do harm, beyond what its resource schemas say.

One table for `deploy`, `forecast` and `timeline --change`: a refused change is stopped before
anything is changed, any other is remarked on. Nobody here has tried these on AWS; each row has the
source that it was read from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from generator.checks.changes.compare import Change
from generator.errors import ClinicError

Resources = Mapping[str, Any]
"""Resources of a whole tree by path, resolved."""


class ChangeContext(NamedTuple):
    """One change, with its resource before and after, and every other change by path."""

    change: Change
    old: Mapping[str, Any]
    """Properties; none for what is new."""
    new: Mapping[str, Any]
    before: Resources
    after: Resources

    def differs(self, name: str) -> bool:
        """Whether a property or a part of it certainly changes."""
        names = (detail.name for detail in self.change.details if detail.certain)
        return any(
            changed == name or changed.startswith((f"{name}.", f"{name}[")) for changed in names
        )

    @property
    def replaced(self) -> bool:
        return self.change.action == "Modify" and self.change.replacement == "yes"


class RefusalRule(NamedTuple):
    """One rule: what AWS does with a change of one type of resource."""

    type: str
    applies: Callable[[ChangeContext], bool]
    why: str
    instead: str
    """What to do, or what to know, as a sentence without its capital letter and full stop."""
    source: str
    refused: bool = True


class Refusal(NamedTuple):
    """A rule that applies to a change."""

    path: str
    row: RefusalRule

    @property
    def sentence(self) -> str:
        return f"{self.path}: {self.row.why}; {self.row.instead}."


def findings(changes: Iterable[Change], before: Resources, after: Resources) -> list[Refusal]:
    """Every rule that applies to one of ``changes``, those that AWS refuses first."""
    applying = list(_applying(changes, before, after))
    return sorted(applying, key=lambda finding: not finding.row.refused)


def refused(refusals: Iterable[Refusal]) -> ClinicError | None:
    """The error for what AWS would refuse, exit code 2; None if it refuses nothing."""
    lines = [finding.sentence for finding in refusals if finding.row.refused]
    if not lines:
        return None
    start = "this cannot be done to a live stack, so nothing was changed:"
    return ClinicError("\n        ".join([start, *lines]))


def _applying(changes: Iterable[Change], before: Resources, after: Resources) -> Iterator[Refusal]:
    for change in changes:
        old, new = (side.get(change.path, {}).get("Properties", {}) for side in (before, after))
        case = ChangeContext(change, old, new, before, after)
        for row in RULES:
            if row.type == change.type and row.applies(case):
                yield Refusal(change.path, row)


def _lowered(name: str) -> Callable[[ChangeContext], bool]:
    """A number of an update in place that gets smaller."""

    def applies(case: ChangeContext) -> bool:
        was, will = _number(case.old.get(name)), _number(case.new.get(name))
        stays = case.change.action == "Modify" and not case.replaced
        return stays and was is not None and will is not None and will < was

    return applies


def _raised(name: str) -> Callable[[ChangeContext], bool]:
    def applies(case: ChangeContext) -> bool:
        was, will = _number(case.old.get(name)), _number(case.new.get(name))
        return was is not None and will is not None and will > was and not case.replaced

    return applies


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _is_replaced(case: ChangeContext) -> bool:
    return case.replaced


def _changes_in_place(case: ChangeContext) -> bool:
    """Something of it changes for certain, and it stays."""
    return case.change.action == "Modify" and any(d.certain for d in case.change.details)


def _had_the_database(case: ChangeContext) -> bool:
    """A subnet of the database's that goes; in a nested stack its group knows it by an output."""
    databases = [one for one in case.before.values() if one["Type"] == "AWS::RDS::DBInstance"]
    goes = case.change.action == "Remove" and case.change.logical.startswith("DataSubnet")
    return goes and bool(databases)


def _moves_to_another_zone(case: ChangeContext) -> bool:
    return case.replaced and case.differs("AvailabilityZone")


def _keeps_its_name(case: ChangeContext) -> bool:
    """A replaced resource whose old one stays, under a name that the new one should have."""
    kept = case.change.policy == "Retain"
    return case.replaced and kept and not case.differs("BackupVaultName")


def _is_protected(case: ChangeContext) -> bool:
    """It would be removed while it refuses to be."""
    listed = case.old.get("LoadBalancerAttributes", [])
    attributes = {item.get("Key"): item.get("Value") for item in listed}
    by_key = attributes.get("deletion_protection.enabled")
    flags = (by_key, case.old.get("DeletionProtection"))
    goes = case.change.action == "Remove" or case.replaced
    return goes and "true" in {str(flag).lower() for flag in flags}


def _is_reached_by_name(case: ChangeContext) -> bool:
    """The listener for HTTPS of a balancer that is replaced, before and after."""
    return case.replaced and case.old.get("Protocol") == case.new.get("Protocol") == "HTTPS"


def _second_prefix_list(case: ChangeContext) -> bool:
    return case.replaced and "SourcePrefixListId" in case.new


def _restarts(case: ChangeContext) -> bool:
    """A database gets another parameter group, and not for another version's sake."""
    stays = case.change.action == "Modify" and not case.replaced
    return stays and case.differs("DBParameterGroupName") and not case.differs("EngineVersion")


def _group_of(case: ChangeContext) -> Mapping[str, Any]:
    kind = "AWS::AutoScaling::AutoScalingGroup"
    return next((one for one in case.after.values() if one["Type"] == kind), {})


def _loses_internet(case: ChangeContext) -> bool:
    """A route that leaves by a NAT gateway and shall leave by the internet gateway."""
    return "NatGatewayId" in case.old and "NatGatewayId" not in case.new and bool(case.new)


def _rolls(case: ChangeContext) -> bool:
    return "AutoScalingRollingUpdate" in _group_of(case).get("UpdatePolicy", {})


def _moves_targets(case: ChangeContext) -> bool:
    """A listener that stays gets another target group."""
    stays = case.change.action == "Modify" and not case.replaced
    return stays and any(
        d.name.endswith("TargetGroupArn") and "-" not in (d.before, d.after)
        for d in case.change.details
    )


RULES = (
    RefusalRule(
        "AWS::EC2::VPC",
        _is_replaced,
        "VpcCidr cannot be changed: the database's subnet group would get subnets of another VPC",
        "leave VpcCidr as it is, or deploy a second environment and restore a snapshot there",
        "terraform-provider-aws#27459, aws-cdk#26135",
    ),
    RefusalRule(
        "AWS::EC2::Subnet",
        _had_the_database,
        "Zones cannot go down: the database or its standby may be in the zone that goes "
        "(SubnetAlreadyInUse)",
        "leave Zones as it is",
        "RDS API reference, ModifyDBSubnetGroup",
    ),
    RefusalRule(
        "AWS::EC2::Subnet",
        _moves_to_another_zone,
        "ZoneNames cannot be changed: a new subnet comes before the old one goes, and would have "
        "its addresses (InvalidSubnet.Conflict)",
        "leave ZoneNames as it is, or deploy a second environment and restore a snapshot there",
        "EC2 API reference, Client error codes",
    ),
    RefusalRule(
        "AWS::RDS::DBInstance",
        _lowered("EngineVersion"),
        "RDS does not lower a version of PostgreSQL",
        "leave DatabaseVersion as it is, or restore a snapshot of the older version in a second "
        "environment",
        "RDS user guide, Upgrading the PostgreSQL DB engine",
    ),
    RefusalRule(
        "AWS::RDS::DBInstance",
        _raised("EngineVersion"),
        "RDS upgrades at once, and the database does not answer for 10 to 30 minutes; there is no "
        "way back but a snapshot",
        "take a snapshot first, and change nothing else in the same deployment: a rollback cannot "
        "lower the version",
        "RDS user guide, Upgrading the PostgreSQL DB engine",
        refused=False,
    ),
    RefusalRule(
        "AWS::RDS::DBInstance",
        _restarts,
        "CloudFormation restarts the database with its new parameter group, and it does not answer "
        "for about a minute",
        "choose a quiet hour",
        "UpdateHandler.java, shouldReboot, in aws-cloudformation-resource-providers-rds; RDS API "
        "reference, ModifyDBInstance, DBParameterGroupName",
        refused=False,
    ),
    RefusalRule(
        "AWS::RDS::DBInstance",
        _lowered("AllocatedStorage"),
        "RDS does not shrink storage",
        "leave DatabaseStorage as it is",
        "RDS API reference, ModifyDBInstance, AllocatedStorage",
    ),
    RefusalRule(
        "AWS::RDS::DBInstance",
        _is_protected,
        "the old database refuses to be deleted while DeletionProtection is true, and stays beside "
        "the stack, at full price",
        "set DeletionProtection to false in a deployment of its own first, or delete it yourself",
        "RDS API reference, DeleteDBInstance",
        refused=False,
    ),
    RefusalRule(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        _is_protected,
        "the old balancer refuses to be deleted while DeletionProtection is true, and would keep "
        "its target group from any later one",
        "set DeletionProtection to false in a deployment of its own first, and to true again "
        "afterwards",
        "Elastic Load Balancing guide, Deletion protection; coverage-roadmap#780, aws-cdk#33253",
    ),
    RefusalRule(
        "AWS::ElasticLoadBalancingV2::Listener",
        _is_reached_by_name,
        "another balancer takes over AlbDomainName at once, minutes before CloudFront's new "
        "settings are everywhere",
        "leave AlbDomainName and AlbCertificateArn empty in the deployment that changes "
        "AlbExposure, and give them again in the next",
        "order of an update: the record is changed before the distribution, which reads the "
        "balancer",
    ),
    RefusalRule(
        "AWS::ElasticLoadBalancingV2::Listener",
        _moves_targets,
        "the balancer answers 503 until the instances are in its new target group, about a minute",
        "choose a quiet hour",
        "order of an update: the group, which reads the balancer, is attached after the listener",
        refused=False,
    ),
    RefusalRule(
        "AWS::CloudFront::VpcOrigin",
        _changes_in_place,
        "a VPC origin that a distribution uses cannot be changed, not even its tags (409)",
        "set AlbExposure to cloudfront in one deployment, and to private in the next",
        "CloudFront developer guide, Restrict access with VPC origins; aws-cdk#34629, #35765",
    ),
    RefusalRule(
        "AWS::EC2::SecurityGroupIngress",
        _second_prefix_list,
        "the new rule comes before the old one goes, and two prefix lists weigh 110 of a group's "
        "60 rules",
        "set AlbExposure to public in one deployment, and back in the next",
        "VPC quotas: a prefix list counts its maximum of entries",
    ),
    RefusalRule(
        "AWS::Backup::BackupVault",
        _keeps_its_name,
        "the old vault stays, under the name that the new one should have",
        "set BackupPlan to false in this deployment, and to true in the next",
        "AWS Backup API reference, CreateBackupVault, AlreadyExistsException",
    ),
    RefusalRule(
        "AWS::EC2::Route",
        lambda case: _loses_internet(case) and not _rolls(case),
        "running instances lose the internet, and nothing replaces them: RollingUpdate is false or "
        "there is a warm pool",
        "set RollingUpdate to true and WarmPoolSize to 0 in the same deployment",
        "order of an update: the route is changed first, and a running instance gets no address",
    ),
    RefusalRule(
        "AWS::EC2::Route",
        lambda case: _loses_internet(case) and _rolls(case),
        "running instances lose the internet until each is replaced, later in the same update",
        "choose a quiet hour",
        "order of an update: the route is changed first, and a running instance gets no address",
        refused=False,
    ),
)
