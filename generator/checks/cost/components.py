"""Which resource types cost what, and which cost nothing: the bill of a view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from generator import resource_types
from generator.checks.cost import compute, database, edge, network, storage, telemetry
from generator.checks.cost.bill import Bill, LineItem, Month
from generator.checks.cost.network import Found
from generator.checks.cost.prices import Price
from generator.checks.cost.usage import Usage
from generator.model import guard
from generator.model.view import View

Pricer = Callable[[Month, Found], Iterable[LineItem]]

PRICED: Mapping[str, Pricer] = {
    "AWS::CloudFront::Distribution": edge.distributions,
    "AWS::WAFv2::WebACLAssociation": edge.web_acls,
    "AWS::Route53::RecordSet": edge.records,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": network.balancers,
    "AWS::ElasticLoadBalancing::LoadBalancer": network.classic_balancers,
    "AWS::EC2::EIP": network.elastic_addresses,
    "AWS::EC2::NatGateway": network.nat_gateways,
    "AWS::EC2::VPCEndpoint": network.endpoints,
    "AWS::AutoScaling::AutoScalingGroup": compute.groups,
    "AWS::EC2::Instance": compute.instances,
    "AWS::EC2::Volume": compute.volumes,
    "AWS::AutoScaling::WarmPool": compute.warm_pools,
    "AWS::RDS::DBInstance": database.instances,
    "AWS::Backup::BackupPlan": database.backup_plans,
    "AWS::S3::Bucket": storage.buckets,
    "AWS::EFS::FileSystem": storage.file_systems,
    "AWS::ECR::Repository": storage.registries,
    "AWS::SecretsManager::Secret": storage.secrets,
    "AWS::KMS::Key": storage.keys,
    "AWS::SecretsManager::RotationSchedule": storage.rotations,
    "AWS::CloudWatch::Alarm": telemetry.alarms,
    "AWS::AutoScaling::ScalingPolicy": telemetry.scaling_policies,
    "AWS::CloudWatch::Dashboard": telemetry.dashboards,
    "AWS::Logs::LogGroup": telemetry.log_groups,
    "AWS::RDS::DBParameterGroup": telemetry.audits,
    "AWS::EC2::FlowLog": telemetry.flow_logs,
}
"""In the order of the bill."""

FREE: Mapping[str, str] = resource_types.column("free")
"""Types that cost nothing by themselves, and why."""


def bill(view: View, prices: Mapping[str, Price], usage: Usage) -> Bill:
    """The month of ``view``; a type that nobody knows is a line without a price."""
    month = Month(view, usage, prices)
    counts = Counter(resource["Type"] for resource in view.resources.values())
    lines = [line for kind in PRICED if kind in counts for line in _priced(month, kind)]
    unknown = [kind for kind in counts if kind not in PRICED and kind not in FREE]
    lines += [month.line("Others", kind, "", counts[kind]) for kind in sorted(unknown)]
    return Bill(_grouped(lines), {kind: counts[kind] for kind in FREE if kind in counts})


def _priced(month: Month, kind: str) -> list[LineItem]:
    with guard.guarded(
        lambda trouble: (
            f"the resources of type {kind} cannot be read ({guard.reason(trouble)}): check the "
            "templates, for example with cfn-lint."
        )
    ):
        return list(PRICED[kind](month, month.view.of_type(kind)))


def _grouped(lines: list[LineItem]) -> tuple[LineItem, ...]:
    """Lines of a component together, in the order in which components appear."""
    order = {line.component: index for index, line in reversed(list(enumerate(lines)))}
    return tuple(sorted(lines, key=lambda line: order[line.component]))
