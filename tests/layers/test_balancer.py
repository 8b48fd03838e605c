from __future__ import annotations

from typing import Any

import pytest

from tests.resolved import CERTIFICATE, of_type, properties, resources

CLOSED = {"AlbExposure": "cloudfront", "CloudFrontPrefixListId": "pl-3b927c52"}
PRIVATE = {"AlbExposure": "private", "CloudFrontPrefixListId": "pl-3b927c52"}
CERTIFIED = {"AlbCertificateArn": CERTIFICATE, "AlbDomainName": "origin.clinic.example"}


def attributes(kind: str, logical_id: str, **changes: str) -> dict[str, Any]:
    return {item["Key"]: item["Value"] for item in properties(logical_id, **changes)[kind]}


def test_the_documented_balancer_listens_on_http_and_forwards():
    assert set(of_type("AWS::ElasticLoadBalancingV2::Listener")) == {"HttpListener"}
    [action] = properties("HttpListener")["DefaultActions"]
    assert action == {"Type": "forward", "TargetGroupArn": {"Ref": "TargetGroup"}}
    assert properties("LoadBalancer")["Scheme"] == "internet-facing"


def test_a_certificate_adds_https_and_http_then_only_redirects():
    https = properties("HttpsListener", **CERTIFIED)
    assert https["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert https["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["DefaultActions"][0]["Type"] == "forward"
    [action] = properties("HttpListener", **CERTIFIED)["DefaultActions"]
    assert action["Type"] == "redirect"
    assert action["RedirectConfig"]["Protocol"] == "HTTPS"


@pytest.mark.parametrize(("more", "listener"), [({}, "HttpListener"), (CERTIFIED, "HttpsListener")])
def test_a_closed_balancer_refuses_whoever_lacks_the_secret_header(more, listener):
    [action] = properties(listener, **CLOSED, **more)["DefaultActions"]
    assert action["FixedResponseConfig"]["StatusCode"] == "403"
    rule = properties("OriginVerifyHttpsRule" if more else "OriginVerifyRule", **CLOSED, **more)
    assert rule["ListenerArn"] == {"Ref": listener}
    [condition] = rule["Conditions"]
    assert condition["HttpHeaderConfig"]["HttpHeaderName"] == "X-Origin-Verify"
    [value] = condition["HttpHeaderConfig"]["Values"]
    assert value["Fn::Join"][1][1] == {"Ref": "OriginVerifySecret"}
    assert rule["Actions"][0]["TargetGroupArn"] == {"Ref": "TargetGroup"}


def test_a_private_balancer_is_internal_and_beside_the_instances():
    balancer = properties("LoadBalancer", **PRIVATE)
    assert balancer["Scheme"] == "internal"
    assert [subnet["Ref"] for subnet in balancer["Subnets"]] == ["AppSubnetA", "AppSubnetB"]


def test_each_scheme_has_a_target_group_of_its_own_and_the_instances_are_in_both():
    # A changed scheme is another balancer, beside which the old one still serves from its group:
    # "target groups cannot be associated with more than one load balancer".
    used = set()
    for chosen in ({}, CLOSED, PRIVATE):
        [action] = properties("HttpListener", **chosen)["DefaultActions"]
        rule = properties("OriginVerifyRule", **chosen)["Actions"][0]
        used.add((properties("LoadBalancer", **chosen)["Scheme"], rule["TargetGroupArn"]["Ref"]))
        assert action.get("TargetGroupArn", rule["TargetGroupArn"]) == rule["TargetGroupArn"]
        attached = properties("BackendGroup", **chosen)["TargetGroupARNs"]
        assert attached == [{"Ref": "TargetGroup"}, {"Ref": "InternalTargetGroup"}]
    assert used == {("internet-facing", "TargetGroup"), ("internal", "InternalTargetGroup")}


@pytest.mark.parametrize("exposure", [{}, CLOSED, PRIVATE])
def test_cloudfront_is_served_by_http_until_it_knows_of_a_new_certificate(exposure):
    # The rule that serves it goes in the clean-up, after the distribution; a redirect before that
    # would be a loop, since CloudFront hands on the viewer's Host.
    before, after = resources(**exposure), resources(**exposure, **CERTIFIED)
    assert before["OriginVerifyRule"]["Properties"]["ListenerArn"] == {"Ref": "HttpListener"}
    assert "OriginVerifyRule" not in after
    [action] = after["HttpListener"]["Properties"]["DefaultActions"]
    assert action["RedirectConfig"]["StatusCode"] == "HTTP_302"  # a browser keeps a 301
    assert after["OriginVerifyHttpsRule"]["Properties"]["ListenerArn"] == {"Ref": "HttpsListener"}
    numbers = {
        side[name]["Properties"]["Priority"]
        for side, name in ((before, "OriginVerifyRule"), (after, "OriginVerifyHttpsRule"))
    }
    assert len(numbers) == 2


def test_the_health_check_asks_the_operators_path_and_fails_a_host_within_ten_seconds():
    group = properties("TargetGroup", HealthCheckPath="/api")
    assert group["HealthCheckPath"] == "/api"
    assert group["Port"] == 3000
    assert group["HealthCheckTimeoutSeconds"] < group["HealthCheckIntervalSeconds"]
    assert group["HealthCheckIntervalSeconds"] * group["UnhealthyThresholdCount"] <= 10


def test_a_leaving_backend_is_drained_quickly():
    drain = attributes("TargetGroupAttributes", "TargetGroup")
    assert int(drain["deregistration_delay.timeout_seconds"]) <= 60


def test_the_balancer_drops_invalid_headers_and_logs_to_the_log_bucket():
    settings = attributes("LoadBalancerAttributes", "LoadBalancer", DeletionProtection="true")
    assert settings["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert settings["routing.http.desync_mitigation_mode"] == "defensive"
    assert settings["access_logs.s3.enabled"] == "true"
    assert settings["access_logs.s3.bucket"] == {"Ref": "LogBucket"}
    assert settings["access_logs.s3.prefix"] == "alb"
    assert settings["deletion_protection.enabled"] == "true"


def test_the_balancer_waits_until_it_may_write_its_log():
    assert "LogBucketPolicy" in resources()["LoadBalancer"]["DependsOn"]


def test_the_balancer_spans_the_public_subnets_of_every_zone():
    subnets = properties("LoadBalancer", Zones="3")["Subnets"]
    assert [subnet["Ref"] for subnet in subnets] == [f"PublicSubnet{zone}" for zone in "ABC"]


def test_its_record_is_made_only_with_a_name_and_a_zone():
    zone = {"HostedZoneId": "Z0123456789ABC"}
    assert "AlbRecord" in resources(**CERTIFIED, **zone)
    assert "AlbRecord" not in resources(**CERTIFIED)


def test_a_web_acl_is_associated_when_given():
    arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/clinic/0-0"
    assert properties("AlbWebAcl", AlbWebAclArn=arn)["ResourceArn"] == {"Ref": "LoadBalancer"}
    assert "AlbWebAcl" not in resources()
