"""What no change of a layer may undo: each of these was broken on purpose once, and nothing but the
committed templates noticed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.resolved import ENVIRONMENTS, of_type, properties, resources
from tests.test_invariants import STATEFUL

REGENERABLE = {
    "FrontendBucket": "the site, which is published anew from its build",
    "DatabaseSecret": "a password that the database it opens does not outlive",
    "OriginVerifySecret": "a word that only this distribution and this balancer know",
    "OriginVerifySecretSecond": "the same, when it is its turn",
    "CloseDefaultGroupLogGroup": "how one call at the creation went",
    "DatabaseLogsLogGroup": "how the calls for the database's own log groups went",
    "RotationLogGroup": "how rotations went, without any value",
    "ReleaseLogGroup": "that steps of a release were called",
}
"""The only ones that a deletion of the stack may take, and why nobody misses them."""
TECHNICAL = {
    *("CloseDefaultGroupLogGroup", "DatabaseLogsLogGroup", "RotationLogGroup", "ReleaseLogGroup"),
}
RETAINED = {"Retain", "RetainExceptOnCreate"}
"""The second one lets go what a creation that failed has made, before anything was in it."""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_deletion_keeps_all_that_cannot_be_made_again(environment: str) -> None:
    """Documents, records and the key that opens them have to outlive a stack deleted by mistake."""
    for name, resource in resources(environment).items():
        if resource["Type"] not in STATEFUL or name in REGENERABLE:
            continue
        kept = {"Snapshot"} if resource["Type"] == "AWS::RDS::DBInstance" else RETAINED
        assert resource.get("DeletionPolicy") in kept, name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_replacement_keeps_the_old_one_with_its_data(environment: str) -> None:
    """A replacement is a side effect of another change: nobody has asked for a deletion."""
    for name, resource in resources(environment).items():
        if resource["Type"] in STATEFUL and name not in TECHNICAL:
            database = resource["Type"] == "AWS::RDS::DBInstance"
            wanted = "Snapshot" if database else "Retain"
            assert resource.get("UpdateReplacePolicy") == wanted, name


def test_backups_reach_as_far_back_as_the_documentation_says() -> None:
    """A loss is often noticed weeks later; a shorter backup is found out when it is needed."""
    days = {env: properties("Database", env)["BackupRetentionPeriod"] for env in ENVIRONMENTS}
    assert days == {"seed": "7", "dev": "1", "prod": "35"}
    assert properties("Database", "seed", BackupDays="3")["BackupRetentionPeriod"] == "3"
    for plan in of_type("AWS::Backup::BackupPlan", "prod").values():
        for rule in plan["BackupPlan"]["BackupPlanRule"]:
            assert rule["Lifecycle"]["DeleteAfterDays"] >= 35, rule["RuleName"]
            assert rule["ScheduleExpression"].endswith("* * ? *)"), "every day"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_deleted_database_leaves_its_automated_backups(environment: str) -> None:
    """The final snapshot is of the last moment, which may be the one after the accident."""
    assert properties("Database", environment)["DeleteAutomatedBackups"] is False


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_overwritten_object_can_be_had_back_for_90_days(environment: str) -> None:
    for name, bucket in of_type("AWS::S3::Bucket", environment).items():
        for rule in bucket["LifecycleConfiguration"]["Rules"]:
            noncurrent = rule.get("NoncurrentVersionExpiration", {"NoncurrentDays": 90})
            least = (
                90 if name in ("DocumentsBucket", "ConfigurationBucket", "FrontendBucket") else 1
            )
            assert int(noncurrent["NoncurrentDays"]) >= least, name


BAD_WHEN_HIGH = {
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"): (1, 50),
    ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"): (1, 50),
    ("AWS/ApplicationELB", "TargetResponseTime"): (0.5, 5),
    ("AWS/ApplicationELB", "UnHealthyHostCount"): (0, 0),
    ("AWS/EC2", "CPUUtilization"): (60, 95),
    ("AWS/EC2", "CPUSurplusCreditsCharged"): (0, 0),
    ("AWS/RDS", "CPUUtilization"): (60, 95),
    ("AWS/RDS", "DatabaseConnections"): (30, 90),
    ("AWS/CloudFront", "5xxErrorRate"): (1, 20),
    ("AWS/Lambda", "Errors"): (0, 0),
}
"""Metrics that tell of trouble by rising: between which thresholds an alarm makes sense."""
BAD_WHEN_LOW = {
    ("AWS/ApplicationELB", "HealthyHostCount"): (1, 1),
    ("AWS/EC2", "CPUCreditBalance"): (1, 50),
    ("AWS/RDS", "FreeStorageSpace"): (1024**3, 5 * 1024**3),
}
BALANCING = "AWS::ElasticLoadBalancingV2"
DIMENSIONS: dict[str, tuple[str, str]] = {
    "LoadBalancer": (f"{BALANCING}::LoadBalancer", "LoadBalancerFullName"),
    "TargetGroup": (f"{BALANCING}::TargetGroup", "TargetGroupFullName"),
    "AutoScalingGroupName": ("AWS::AutoScaling::AutoScalingGroup", ""),
    "DBInstanceIdentifier": ("AWS::RDS::DBInstance", ""),
    "DistributionId": ("AWS::CloudFront::Distribution", ""),
    "FunctionName": ("AWS::Lambda::Function", ""),
}
"""What each dimension names, and by which attribute; Ref where there is none. An alarm on
dimensions that no metric has is silent for ever, and looks well."""
PLACES: dict[str, list[set[str]]] = {
    "AWS/ApplicationELB": [{"LoadBalancer"}, {"LoadBalancer", "TargetGroup"}],
    "AWS/EC2": [{"AutoScalingGroupName"}],
    "AWS/RDS": [{"DBInstanceIdentifier"}],
    "AWS/CloudFront": [{"DistributionId", "Region"}],
    "AWS/Lambda": [{"FunctionName"}],
}


def alarms(environment: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Alarms on AWS's own metrics, by namespace and metric."""
    return {
        (alarm["Namespace"], alarm["MetricName"]): alarm
        for alarm in of_type("AWS::CloudWatch::Alarm", environment).values()
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_alarms_go_off_when_things_are_bad_and_not_when_they_are_well(environment: str) -> None:
    found = alarms(environment)
    assert set(BAD_WHEN_HIGH | BAD_WHEN_LOW) - {("AWS/Lambda", "Errors")} <= set(found)
    for metric, alarm in found.items():
        least, most = (BAD_WHEN_HIGH | BAD_WHEN_LOW)[metric]
        direction = "GreaterThan" if metric in BAD_WHEN_HIGH else "LessThan"
        assert alarm["ComparisonOperator"] == f"{direction}Threshold", metric
        assert least <= float(alarm["Threshold"]) <= most, metric


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_alarms_look_where_aws_writes_the_metric(environment: str) -> None:
    made = resources(environment)
    for metric, alarm in alarms(environment).items():
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        # HealthyHostCount and its like are there by target group and balancer only.
        of_targets = "Host" in metric[1] or "Target" in metric[1]
        assert set(dimensions) in PLACES[metric[0]][-1 if of_targets else 0 :], metric
        assert dimensions.pop("Region", "Global") == "Global"
        for name, value in dimensions.items():
            kind, attribute = DIMENSIONS[name]
            target = value["Fn::GetAtt"][0] if attribute else value["Ref"]
            assert made[target]["Type"] == kind, (metric, name)
            assert not attribute or value["Fn::GetAtt"][1] == attribute, (metric, name)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_missing_host_alarms_by_silence_and_nobody_waits_for_an_hour(
    environment: str,
) -> None:
    for metric, alarm in alarms(environment).items():
        silent = "breaching" if metric[1] == "HealthyHostCount" else "notBreaching"
        assert alarm["TreatMissingData"] == silent, metric
        assert int(alarm["Period"]) * int(alarm["EvaluationPeriods"]) <= 3600, metric
        if metric[1] == "HealthyHostCount":
            # Minimum would alarm for one of several zones; Maximum says that there is none at all.
            assert alarm["Statistic"] == "Maximum"


CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
"""AWS's managed policies: CachingOptimized, CachingDisabled, AllViewer (CloudFront developer
guide, "Use managed cache policies" and "Use managed origin request policies")."""


def distribution(environment: str) -> dict[str, Any]:
    config: dict[str, Any] = properties("Distribution", environment)["DistributionConfig"]
    return config


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_api_gets_headers_query_and_cookies_of_every_request(environment: str) -> None:
    """Without AllViewer the backend sees no Authorization, no query and no cookie: every visitor is
    a stranger, while the health check stays green."""
    api = [b for b in distribution(environment)["CacheBehaviors"] if "/api" in b["PathPattern"]]
    assert {"/api", "/api/*"} <= {behavior["PathPattern"] for behavior in api}
    for behavior in api:
        if behavior["PathPattern"] in ("/api", "/api/*"):
            assert behavior["OriginRequestPolicyId"] == ALL_VIEWER
            assert behavior["CachePolicyId"] == NOT_CACHED
            assert {"POST", "PUT", "PATCH", "DELETE"} <= set(behavior["AllowedMethods"])
            assert "CachedMethods" not in behavior


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_pages_are_cached_as_the_publisher_says_and_errors_for_seconds_only(
    environment: str,
) -> None:
    """CachingOptimized takes Cache-Control from the bucket, where index.html says no-cache; an own
    TTL would hide a publication, and a kept error page an origin that is well again."""
    config = distribution(environment)
    pages = config["DefaultCacheBehavior"]
    assert pages["CachePolicyId"] == CACHED
    assert not {"MinTTL", "DefaultTTL", "MaxTTL", "ForwardedValues"} & set(pages)
    for error in config.get("CustomErrorResponses", []):
        assert int(error["ErrorCachingMinTTL"]) <= 10
        assert int(error.get("ResponseCode", 400)) >= 400, "an error stays one, also for the API"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_a_success_counts_as_healthy(environment: str) -> None:
    """404 is what the backend answers on a wrong path, and a proxy for one that is not there."""
    groups = of_type("AWS::ElasticLoadBalancingV2::TargetGroup", environment)
    assert groups
    for name, group in groups.items():
        codes = group["Matcher"]["HttpCode"]
        assert set(codes.replace("-", ",").split(",")) <= {"200", "204", "299"}, name
        assert group["HealthCheckPath"] == "/api", name


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_route_waits_for_the_attachment_of_its_gateway(environment: str) -> None:
    """EC2 refuses a route to a gateway that is not attached to the VPC yet, by chance of timing;
    AWS: "DependsOn attribute", VPC-gateway attachment. Nor may the attachment go before the route.
    """
    made = resources(environment)
    attachments = {
        name for name, r in made.items() if r["Type"] == "AWS::EC2::VPCGatewayAttachment"
    }
    for name, resource in made.items():
        by_gateway = "GatewayId" in resource.get("Properties", {})
        public = resource["Type"] == "AWS::EC2::NatGateway"
        if (resource["Type"] == "AWS::EC2::Route" and by_gateway) or public:
            stated = resource.get("DependsOn", [])
            assert attachments & ({stated} if isinstance(stated, str) else set(stated)), name


def test_a_key_that_is_deleted_by_mistake_can_be_had_back_for_a_month() -> None:
    """All that it encrypts is lost with it; 30 days are the longest that KMS waits."""
    assert properties("CustomerKeyResource", "prod")["PendingWindowInDays"] == 30
