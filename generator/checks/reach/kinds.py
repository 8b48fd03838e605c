"""Types that this proof knows, so that it never takes one that it does not know for harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from generator.checks.reach.facts import Unknown
from generator.checks.reach.names import Names
from generator.model.view import View

JUDGED = {
    *("AWS::AutoScaling::AutoScalingGroup", "AWS::AutoScaling::LaunchConfiguration"),
    *("AWS::CloudFront::Distribution", "AWS::CloudFront::Function"),
    *("AWS::CloudFront::OriginAccessControl", "AWS::CloudFront::VpcOrigin"),
    *("AWS::EC2::EIP", "AWS::EC2::EIPAssociation", "AWS::EC2::Instance"),
    *("AWS::EC2::InternetGateway", "AWS::EC2::LaunchTemplate", "AWS::EC2::NatGateway"),
    *("AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry", "AWS::EC2::PrefixList"),
    *("AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::EC2::SecurityGroup"),
    *("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::Subnet"),
    *("AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::SubnetRouteTableAssociation"),
    *("AWS::EC2::TransitGateway", "AWS::EC2::TransitGatewayAttachment"),
    *("AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock", "AWS::EC2::VPCEndpoint"),
    *("AWS::EC2::VPCGatewayAttachment", "AWS::EC2::VPCPeeringConnection"),
    *("AWS::ECR::Repository", "AWS::KMS::Key", "AWS::EFS::FileSystem", "AWS::EFS::MountTarget"),
    *("AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"),
    *("AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup"),
    *("AWS::IAM::AccessKey", "AWS::IAM::Group", "AWS::IAM::GroupPolicy"),
    *("AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"),
    *("AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::IAM::User", "AWS::IAM::UserPolicy"),
    *("AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Lambda::Url"),
    *("AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::DBSubnetGroup"),
    *("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"),
    *("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::Backup::BackupVault"),
    *("AWS::SecretsManager::ResourcePolicy", "AWS::SecretsManager::Secret"),
    *("AWS::WAFv2::WebACLAssociation",),
}
HARMLESS = (
    *("AWS::ApplicationAutoScaling::", "AWS::AutoScaling::", "AWS::Backup::", "AWS::Budgets::"),
    *("AWS::CE::", "AWS::CertificateManager::", "AWS::CloudWatch::", "AWS::Events::Rule"),
    *("AWS::CloudFormation::CustomResource", "AWS::CloudFormation::WaitCondition", "Custom::"),
    *("AWS::CloudFront::CachePolicy", "AWS::CloudFront::OriginRequestPolicy"),
    *("AWS::CloudFront::ResponseHeadersPolicy", "AWS::CloudFront::CloudFrontOriginAccessIdentity"),
    *("AWS::EC2::FlowLog", "AWS::EC2::KeyPair", "AWS::EC2::Volume", "AWS::EC2::DHCPOptions"),
    *("AWS::EC2::VPCDHCPOptionsAssociation", "AWS::EC2::EgressOnlyInternetGateway"),
    *("AWS::KMS::Alias", "AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::Logs::LogGroup"),
    *("AWS::Logs::LogStream", "AWS::Logs::MetricFilter", "AWS::RDS::DBParameterGroup"),
    *("AWS::Logs::QueryDefinition", "AWS::RDS::DBClusterParameterGroup"),
    *("AWS::RDS::EventSubscription", "AWS::RDS::OptionGroup", "AWS::Route53::"),
    *("AWS::SNS::Subscription", "AWS::SSM::Parameter", "AWS::SSM::MaintenanceWindow"),
    *("AWS::SecretsManager::RotationSchedule", "AWS::SecretsManager::SecretTargetAttachment"),
    *("AWS::ServiceDiscovery::", "AWS::WAFv2::", "AWS::CloudTrail::", "AWS::Config::"),
)
"""Beginnings of types that let nobody reach anything by themselves."""
JUDGED_BALANCER = "application"


def unknown(names: Names | View) -> Counter[str]:
    """Types that are neither judged nor harmless, and how many there are of each."""
    kinds = (resource["Type"] for resource in names.resources.values())
    return Counter(kind for kind in kinds if not _is_known(kind))


def _is_known(kind: str) -> bool:
    return kind in JUDGED or kind.startswith(HARMLESS)


def facts(names: Names) -> Iterator[Unknown]:
    """What is of a kind that cannot be judged."""
    for name, resource in names.resources.items():
        kind = resource["Type"]
        if not _is_known(kind):
            yield Unknown(name, f"what {name} reaches is not known: {kind} is not judged")
    for name, given in names.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer").items():
        if given.get("Type", JUDGED_BALANCER) != JUDGED_BALANCER:
            yield Unknown(name, f"what {name} reaches is not known: it is no application balancer")
