"""Which resource types cost what, and which cost nothing: the bill of a view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from generator.checks.cost import compute, database, edge, network, storage, telemetry
from generator.checks.cost.bill import Bill, Line, Month
from generator.checks.cost.network import Found
from generator.checks.cost.prices import Price
from generator.checks.cost.usage import Usage
from generator.model import guard
from generator.model.view import View

Pricer = Callable[[Month, Found], Iterable[Line]]

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

_SETTING = "a setting, not a thing that runs"
_WITH = "charged with what it belongs to"
FREE: Mapping[str, str] = {
    "AWS::AutoScaling::LaunchConfiguration": "its instances are charged with the group",
    "AWS::Backup::BackupSelection": _SETTING,
    "AWS::Backup::BackupVault": "its content is charged with the plan",
    "AWS::CloudFormation::CustomResource": "its function runs only during a deployment",
    "AWS::CloudFront::Function": "its calls are charged with the distribution",
    "AWS::CloudFront::OriginAccessControl": _SETTING,
    "AWS::CloudFront::ResponseHeadersPolicy": _SETTING,
    "AWS::CloudFront::VpcOrigin": "included in the distribution",
    "AWS::EC2::EIPAssociation": _SETTING,
    "AWS::EC2::InternetGateway": "only its traffic is charged",
    "AWS::EC2::LaunchTemplate": "its instances are charged with the group",
    "AWS::EC2::NetworkAcl": _SETTING,
    "AWS::EC2::NetworkAclEntry": _SETTING,
    "AWS::EC2::NetworkInterface": "its addresses are charged, not the interface",
    "AWS::EC2::Route": _SETTING,
    "AWS::EC2::RouteTable": _SETTING,
    "AWS::EC2::SecurityGroup": _SETTING,
    "AWS::EC2::SecurityGroupEgress": _SETTING,
    "AWS::EC2::SecurityGroupIngress": _SETTING,
    "AWS::EC2::Subnet": _SETTING,
    "AWS::EC2::SubnetNetworkAclAssociation": _SETTING,
    "AWS::EC2::SubnetRouteTableAssociation": _SETTING,
    "AWS::EC2::VPC": "only what is in it is charged",
    "AWS::EC2::VPCGatewayAttachment": _SETTING,
    "AWS::EFS::AccessPoint": _SETTING,
    "AWS::EFS::MountTarget": "the file system is charged by its content",
    "AWS::ElasticLoadBalancingV2::Listener": _WITH,
    "AWS::ElasticLoadBalancingV2::ListenerRule": _WITH,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _WITH,
    "AWS::Events::Rule": "events of AWS's own services are free",
    "AWS::IAM::InstanceProfile": "IAM is free",
    "AWS::IAM::ManagedPolicy": "IAM is free",
    "AWS::IAM::Policy": "IAM is free",
    "AWS::IAM::Role": "IAM is free",
    "AWS::Lambda::Function": "its calls are charged with the schedule that makes them",
    "AWS::Lambda::Permission": _SETTING,
    "AWS::RDS::DBSubnetGroup": _SETTING,
    "AWS::RDS::EventSubscription": _SETTING,
    "AWS::S3::BucketPolicy": _SETTING,
    "AWS::SNS::Subscription": _SETTING,
    "AWS::SNS::Topic": "2 USD buy 100,000 e-mails, and alarms are few",
    "AWS::SNS::TopicPolicy": _SETTING,
    "AWS::SSM::Parameter": "a standard parameter is free, and so are reads at standard throughput",
    "AWS::SecretsManager::SecretTargetAttachment": _SETTING,
}
"""Types that cost nothing by themselves, and why."""


def bill(view: View, prices: Mapping[str, Price], usage: Usage) -> Bill:
    """The month of ``view``; a type that nobody knows is a line without a price."""
    month = Month(view, usage, prices)
    counts = Counter(resource["Type"] for resource in view.resources.values())
    lines = [line for kind in PRICED if kind in counts for line in _priced(month, kind)]
    unknown = [kind for kind in counts if kind not in PRICED and kind not in FREE]
    lines += [month.line("Others", kind, "", counts[kind]) for kind in sorted(unknown)]
    return Bill(_grouped(lines), {kind: counts[kind] for kind in FREE if kind in counts})


def _priced(month: Month, kind: str) -> list[Line]:
    with guard.guarded(
        lambda trouble: (
            f"the resources of type {kind} cannot be read ({guard.reason(trouble)}): check the "
            "templates, for example with cfn-lint."
        )
    ):
        return list(PRICED[kind](month, month.view.of_type(kind)))


def _grouped(lines: list[Line]) -> tuple[Line, ...]:
    """Lines of a component together, in the order in which components appear."""
    order = {line.component: index for index, line in reversed(list(enumerate(lines)))}
    return tuple(sorted(lines, key=lambda line: order[line.component]))
