"""What the twin does with each property of each resource: enacted, approximated or ignored.

Enacted is what a daemon or a probe depends on; approximated is read, and done in another way than
AWS does it; ignored has no effect on what stands. What is none of them is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from generator.errors import ClinicError

ENACTED, APPROXIMATED, IGNORED = "enacted", "approximated", "ignored"
INSIDE = ("DistributionConfig", "LaunchTemplateData", "VpcOriginEndpointConfig")
"""Properties whose own properties are told apart."""
ANY = "*"
EVERYWHERE = ("Tags", "Description")
"""Properties that are ignored in whatever resource they are."""


class Treatment(NamedTuple):
    """Names of properties of one resource type, by what is done with them."""

    enacted: str = ""
    approximated: str = ""
    ignored: str = ""


class Row(NamedTuple):
    """One property of one resource."""

    resource: str
    type: str
    property: str
    does: str


def _ignored(names: str) -> Treatment:
    return Treatment(ignored=names)


TABLE: Mapping[str, Treatment] = {
    "AutoScaling::AutoScalingGroup": Treatment(
        "LaunchTemplate MaxSize MinSize TargetGroupARNs VPCZoneIdentifier",
        "",
        "DefaultInstanceWarmup HealthCheckGracePeriod HealthCheckType MetricsCollection "
        "LifecycleHookSpecificationList DesiredCapacity",
    ),
    "AutoScaling::ScalingPolicy": _ignored(
        "AutoScalingGroupName PolicyType TargetTrackingConfiguration"
    ),
    "AutoScaling::WarmPool": _ignored(
        "AutoScalingGroupName InstanceReusePolicy MaxGroupPreparedCapacity MinSize PoolState"
    ),
    "Backup::BackupPlan": _ignored("BackupPlan"),
    "Backup::BackupSelection": _ignored("BackupPlanId BackupSelection"),
    "Backup::BackupVault": _ignored("BackupVaultName EncryptionKeyArn"),
    "CloudFormation::CustomResource": _ignored(ANY),  # what is its function's own
    "CloudFront::Distribution": Treatment(
        "DistributionConfig.CacheBehaviors DistributionConfig.DefaultCacheBehavior "
        "DistributionConfig.DefaultRootObject DistributionConfig.Origins "
        "DistributionConfig.CustomErrorResponses",
        "DistributionConfig.HttpVersion DistributionConfig.ViewerCertificate",
        "DistributionConfig.Aliases DistributionConfig.Comment DistributionConfig.Enabled "
        "DistributionConfig.IPV6Enabled DistributionConfig.Logging DistributionConfig.PriceClass "
        "DistributionConfig.Restrictions DistributionConfig.WebACLId",
    ),
    "CloudFront::Function": Treatment("FunctionCode", "", "AutoPublish FunctionConfig Name"),
    "CloudFront::OriginAccessControl": Treatment("", "OriginAccessControlConfig"),
    "CloudFront::ResponseHeadersPolicy": Treatment("ResponseHeadersPolicyConfig"),
    "CloudFront::VpcOrigin": Treatment(
        "VpcOriginEndpointConfig.Arn VpcOriginEndpointConfig.HTTPPort "
        "VpcOriginEndpointConfig.HTTPSPort VpcOriginEndpointConfig.OriginProtocolPolicy",
        "",
        "VpcOriginEndpointConfig.Name VpcOriginEndpointConfig.OriginSSLProtocols",
    ),
    "CloudWatch::Alarm": _ignored(
        "ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator "
        "Dimensions EvaluationPeriods ExtendedStatistic MetricName Namespace OKActions "
        "Period Statistic Threshold TreatMissingData"
    ),
    "CloudWatch::Dashboard": _ignored("DashboardBody"),
    "EC2::EIP": Treatment("", "Domain"),
    "EC2::FlowLog": _ignored(
        "DeliverLogsPermissionArn LogGroupName ResourceId ResourceType TrafficType"
    ),
    "EC2::InternetGateway": Treatment(),
    "EC2::LaunchTemplate": Treatment(
        "LaunchTemplateData.IamInstanceProfile LaunchTemplateData.MetadataOptions "
        "LaunchTemplateData.NetworkInterfaces LaunchTemplateData.UserData "
        "LaunchTemplateData.SecurityGroupIds",
        "LaunchTemplateData.ImageId",
        "LaunchTemplateData.BlockDeviceMappings LaunchTemplateData.CreditSpecification "
        "LaunchTemplateData.InstanceType LaunchTemplateData.Monitoring "
        "LaunchTemplateData.TagSpecifications TagSpecifications",
    ),
    "EC2::NatGateway": Treatment("SubnetId", "AllocationId"),
    "EC2::Route": Treatment(
        "DestinationCidrBlock GatewayId NatGatewayId RouteTableId", "", "DestinationIpv6CidrBlock"
    ),
    "EC2::RouteTable": Treatment("", "", "VpcId"),
    "EC2::SecurityGroup": Treatment(
        "SecurityGroupEgress SecurityGroupIngress", "", "GroupDescription VpcId"
    ),
    "EC2::SecurityGroupEgress": Treatment(
        "CidrIp DestinationSecurityGroupId DestinationPrefixListId FromPort GroupId IpProtocol "
        "ToPort",
        "",
        "CidrIpv6",
    ),
    "EC2::SecurityGroupIngress": Treatment(
        "CidrIp FromPort GroupId IpProtocol SourceSecurityGroupId ToPort",
        "SourcePrefixListId",
        "CidrIpv6",
    ),
    "EC2::Subnet": Treatment("CidrBlock MapPublicIpOnLaunch", "", "AvailabilityZone VpcId"),
    "EC2::SubnetRouteTableAssociation": Treatment("RouteTableId SubnetId"),
    "EC2::VPC": Treatment("CidrBlock", "", "EnableDnsHostnames EnableDnsSupport"),
    "EC2::VPCEndpoint": Treatment("RouteTableIds ServiceName VpcEndpointType", "", "VpcId"),
    "EC2::VPCGatewayAttachment": Treatment("InternetGatewayId", "", "VpcId"),
    "ECR::Repository": _ignored(
        "EmptyOnDelete EncryptionConfiguration ImageScanningConfiguration "
        "ImageTagMutability LifecyclePolicy"
    ),
    "EFS::FileSystem": _ignored(
        "BackupPolicy Encrypted FileSystemPolicy FileSystemTags KmsKeyId "
        "LifecyclePolicies PerformanceMode ThroughputMode"
    ),
    "EFS::MountTarget": Treatment("SecurityGroups SubnetId", "FileSystemId"),
    "ElasticLoadBalancingV2::Listener": Treatment(
        "DefaultActions LoadBalancerArn Port Protocol", "Certificates", "SslPolicy"
    ),
    "ElasticLoadBalancingV2::ListenerRule": Treatment("Actions Conditions ListenerArn Priority"),
    "ElasticLoadBalancingV2::LoadBalancer": Treatment(
        "Scheme SecurityGroups Subnets", "LoadBalancerAttributes", "Type"
    ),
    "ElasticLoadBalancingV2::TargetGroup": Treatment(
        "HealthCheckIntervalSeconds HealthCheckPath HealthCheckPort HealthCheckTimeoutSeconds "
        "HealthyThresholdCount Matcher Port UnhealthyThresholdCount",
        "TargetGroupAttributes",
        "Protocol TargetType VpcId",
    ),
    "Events::Rule": _ignored("EventPattern Targets"),
    "IAM::InstanceProfile": Treatment("Roles"),
    "IAM::ManagedPolicy": Treatment("", "PolicyDocument Roles"),
    "IAM::Policy": Treatment("", "PolicyDocument Roles", "PolicyName"),
    "IAM::Role": Treatment(
        "", "Policies", "AssumeRolePolicyDocument ManagedPolicyArns PermissionsBoundary"
    ),
    "KMS::Key": _ignored("EnableKeyRotation KeyPolicy PendingWindowInDays"),
    "Lambda::Function": Treatment(
        "",
        "Code Environment Handler Role Timeout",
        "DeadLetterConfig KmsKeyArn LoggingConfig Runtime",
    ),
    "Lambda::Permission": _ignored("Action FunctionName Principal SourceAccount SourceArn"),
    "Logs::LogGroup": _ignored("KmsKeyId RetentionInDays"),
    "RDS::DBInstance": Treatment(
        "DBName DBParameterGroupName DBSubnetGroupName MasterUserPassword MasterUsername Port "
        "PubliclyAccessible VPCSecurityGroups",
        "CACertificateIdentifier Engine EngineVersion",
        "AllocatedStorage AllowMajorVersionUpgrade AutoMinorVersionUpgrade BackupRetentionPeriod "
        "CopyTagsToSnapshot DBInstanceClass DeleteAutomatedBackups DeletionProtection "
        "EnableCloudwatchLogsExports EnableIAMDatabaseAuthentication EnablePerformanceInsights "
        "KmsKeyId MaxAllocatedStorage MonitoringInterval MonitoringRoleArn MultiAZ "
        "PerformanceInsightsKMSKeyId PerformanceInsightsRetentionPeriod PreferredBackupWindow "
        "StorageEncrypted StorageType DBSnapshotIdentifier PreferredMaintenanceWindow",
    ),
    "RDS::DBParameterGroup": Treatment("", "Parameters", "Family"),
    "RDS::DBSubnetGroup": Treatment("", "SubnetIds", "DBSubnetGroupDescription"),
    "RDS::EventSubscription": _ignored("Enabled EventCategories SnsTopicArn SourceIds SourceType"),
    "Route53::RecordSet": _ignored("AliasTarget HostedZoneId Name Type"),
    "S3::Bucket": _ignored(
        "BucketEncryption LifecycleConfiguration LoggingConfiguration "
        "NotificationConfiguration ObjectLockConfiguration ObjectLockEnabled "
        "OwnershipControls PublicAccessBlockConfiguration VersioningConfiguration"
    ),
    "S3::BucketPolicy": Treatment("Bucket", "PolicyDocument"),
    "SNS::Subscription": _ignored("Endpoint Protocol TopicArn"),
    "SNS::Topic": _ignored("DisplayName KmsMasterKeyId"),
    "SNS::TopicPolicy": _ignored("PolicyDocument Topics"),
    "SecretsManager::RotationSchedule": Treatment(
        "RotationLambdaARN SecretId", "", "RotateImmediatelyOnUpdate RotationRules"
    ),
    "SecretsManager::Secret": Treatment("", "GenerateSecretString", "KmsKeyId"),
    "SecretsManager::SecretTargetAttachment": _ignored("SecretId TargetId TargetType"),
    "WAFv2::WebACLAssociation": _ignored("ResourceArn WebACLArn"),
}


def rows(resources: Mapping[str, Any]) -> Iterator[Row]:
    """What is done with each property of some resources. ClinicError for the first unknown one."""
    for name, resource in resources.items():
        kind = str(resource["Type"]).removeprefix("AWS::")
        treatment = TABLE.get(kind)
        if treatment is None:
            raise ClinicError(f"{name}: {resource['Type']} is nothing that the twin can enact.")
        for key in _properties(resource.get("Properties", {})):
            yield Row(name, kind, key, _does(treatment, name, key))


def summary(every: Sequence[Row]) -> str:
    """How many properties of how many resources are of each kind, in one line."""
    number = Counter(row.does for row in every)
    said = ", ".join(f"{number[one]} {one}" for one in (ENACTED, APPROXIMATED, IGNORED))
    return f"{len(every)} properties of {len({row.resource for row in every})} resources: {said}"


def _properties(given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        if key in INSIDE and isinstance(value, Mapping):
            yield from (f"{key}.{each}" for each in value)
        else:
            yield key


def _does(treatment: Treatment, name: str, key: str) -> str:
    for does, listed in zip((ENACTED, APPROXIMATED, IGNORED), treatment, strict=True):
        if key in listed.split() or listed == ANY:
            return does
    if key in EVERYWHERE:
        return IGNORED
    raise ClinicError(f"{name}: {key} is nothing that the twin can enact.")
