from __future__ import annotations

import pytest

from generator.layers.edge.behaviors import ALL_VIEWER, CACHING_DISABLED, DOCUMENT_PATH
from tests.resolved import CERTIFICATE, of_type, parameters, properties, resources, statements

CLOSED = {"AlbExposure": "cloudfront", "CloudFrontPrefixListId": "pl-3b927c52"}
PRIVATE = {"AlbExposure": "private", "CloudFrontPrefixListId": "pl-3b927c52"}
DOMAIN = {"DomainName": "clinic.example", "CertificateArn": CERTIFICATE}


def config(environment: str = "seed", **changes: str) -> dict:
    return properties("Distribution", environment, **changes)["DistributionConfig"]


def origin(name: str, **changes: str) -> dict:
    return next(o for o in config(**changes)["Origins"] if o["Id"] == name)


def test_everything_comes_from_the_private_bucket_by_default():
    assert config()["DefaultCacheBehavior"]["TargetOriginId"] == "frontend"
    frontend = origin("frontend")
    assert frontend["DomainName"] == {"Fn::GetAtt": ["FrontendBucket", "RegionalDomainName"]}
    assert frontend["OriginAccessControlId"] == {"Fn::GetAtt": ["FrontendAccess", "Id"]}
    assert config()["DefaultRootObject"] == "index.html"


@pytest.mark.parametrize("path", ["/api", "/api/*"])
def test_the_api_goes_to_the_balancer_uncached_with_everything_the_viewer_sent(path):
    behaviours = {item["PathPattern"]: item for item in config()["CacheBehaviors"]}
    api = behaviours[path]
    assert api["TargetOriginId"] == "backend"
    assert api["CachePolicyId"] == CACHING_DISABLED
    assert api["OriginRequestPolicyId"] == ALL_VIEWER
    assert set(api["AllowedMethods"]) == {
        *("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")
    }
    assert api["ViewerProtocolPolicy"] == "https-only"
    assert "FunctionAssociations" not in api


def test_api_errors_reach_the_client_unchanged():
    assert "CustomErrorResponses" not in config()


def test_other_hosts_of_an_apex_domain_are_left_alone_unless_it_is_chosen():
    """A browser keeps includeSubDomains for two years, and no later answer of them undoes it."""

    def strict(**given):
        headers = properties("SecurityHeaders", **given)["ResponseHeadersPolicyConfig"]
        return headers["SecurityHeadersConfig"]["StrictTransportSecurity"]

    for env in ("seed", "dev", "prod"):
        assert "StrictTransportSecurity" not in parameters(env)
    assert strict()["IncludeSubdomains"] is False
    chosen = strict(StrictTransportSecurity="host-and-subdomains")
    assert chosen["IncludeSubdomains"] is True


def test_pages_are_routed_by_a_function_on_the_default_behaviour_only():
    [association] = config()["DefaultCacheBehavior"]["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"
    assert association["FunctionARN"] == {"Fn::GetAtt": ["SpaRoutes", "FunctionARN"]}


def test_every_behaviour_is_https_compressed_and_with_security_headers():
    behaviours = [config()["DefaultCacheBehavior"], *config()["CacheBehaviors"]]
    for behaviour in behaviours:
        assert behaviour["ViewerProtocolPolicy"] in ("redirect-to-https", "https-only")
        assert behaviour["Compress"] is True
        documents = behaviour.get("PathPattern") == DOCUMENT_PATH
        own = "DocumentHeaders" if documents else "SecurityHeaders"
        assert behaviour["ResponseHeadersPolicyId"] == {"Ref": own}
    headers = properties("SecurityHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31536000
    assert headers["ContentTypeOptions"] == {"Override": True}


def test_http_2_and_3_are_on():
    assert config()["HttpVersion"] == "http2and3"


def test_the_documented_origin_is_http_on_port_80():
    backend = origin("backend")
    assert backend["DomainName"] == {"Fn::GetAtt": ["LoadBalancer", "DNSName"]}
    assert backend["CustomOriginConfig"]["OriginProtocolPolicy"] == "http-only"
    assert backend["CustomOriginConfig"]["HTTPPort"] == 80


def test_a_named_balancer_is_reached_by_https_under_its_name():
    backend = origin(
        "backend", AlbDomainName="origin.clinic.example", AlbCertificateArn=CERTIFICATE
    )
    assert backend["DomainName"] == "origin.clinic.example"
    assert backend["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert backend["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_every_balancer_is_sent_the_secret_header():
    # Also one that does not ask for it yet: see balancer/listeners.py.
    for exposure in ({}, CLOSED, PRIVATE):
        [header] = origin("backend", **exposure)["OriginCustomHeaders"]
        assert header["HeaderName"] == "X-Origin-Verify"
        assert header["HeaderValue"]["Fn::Join"][1][1] == {"Ref": "OriginVerifySecret"}


def test_a_private_balancer_is_reached_through_a_vpc_origin():
    backend = origin("backend", **PRIVATE)
    assert backend["VpcOriginConfig"]["VpcOriginId"] == {"Ref": "AlbHttpOrigin"}
    assert "CustomOriginConfig" not in backend
    endpoint = properties("AlbHttpOrigin", **PRIVATE)["VpcOriginEndpointConfig"]
    assert endpoint["Arn"] == {"Ref": "LoadBalancer"}
    assert not of_type("AWS::CloudFront::VpcOrigin")


def test_nothing_that_an_operator_chooses_changes_a_vpc_origin_that_is_in_use():
    # CloudFront answers 409, even to a new tag: so the other protocol is another origin.
    named = {"AlbDomainName": "origin.clinic.example", "AlbCertificateArn": CERTIFICATE}
    origins = []
    for chosen in (PRIVATE, PRIVATE | {"EnvironmentName": "other"}, PRIVATE | named):
        [(title, made)] = of_type("AWS::CloudFront::VpcOrigin", **chosen).items()
        assert origin("backend", **chosen)["VpcOriginConfig"]["VpcOriginId"] == {"Ref": title}
        assert "Tags" not in made
        origins.append((title, made))
    plain, renamed, tls = origins
    assert plain == renamed
    assert (plain[0], tls[0]) == ("AlbHttpOrigin", "AlbHttpsOrigin")
    names = {made["VpcOriginEndpointConfig"]["Name"] for _, made in origins}
    assert len(names) == 2


def test_only_this_distribution_reads_the_bucket():
    allowed = [
        statement
        for statement in statements(properties("FrontendBucketPolicy")["PolicyDocument"])
        if statement["Effect"] == "Allow"
    ]
    assert allowed
    for statement in allowed:
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        source = statement["Condition"]["StringEquals"]["aws:SourceArn"]
        assert source["Fn::Join"][1][1] == {"Ref": "Distribution"}
    assert {action for statement in allowed for action in statement["Action"]} == {
        "s3:GetObject",
        "s3:ListBucket",
    }


def test_the_configuration_bucket_is_no_origin():
    assert "ConfigurationBucket" not in str(config("prod"))


def test_an_own_domain_brings_its_certificate_and_its_address():
    own = config(**DOMAIN)
    assert own["Aliases"] == ["clinic.example"]
    assert own["ViewerCertificate"] == {
        "AcmCertificateArn": CERTIFICATE,
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    assert config()["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}
    assert {"SiteRecord", "SiteRecordIpv6"} <= set(
        resources(**DOMAIN, HostedZoneId="Z0123456789ABC")
    )
    assert "SiteRecord" not in resources(**DOMAIN)


def test_waf_and_logs_are_there_when_given():
    arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/clinic/0-0"
    assert config(WebAclArn=arn)["WebACLId"] == arn
    assert "WebACLId" not in config()
    assert config("prod")["Logging"]["Bucket"] == {"Fn::GetAtt": ["CdnLogBucket", "DomainName"]}
    assert "Logging" not in config()


def test_names_that_are_global_to_an_account_differ_between_stacks():
    names = [
        properties("FrontendAccess")["OriginAccessControlConfig"]["Name"],
        properties("SpaRoutes")["Name"],
        properties("SecurityHeaders")["ResponseHeadersPolicyConfig"]["Name"],
    ]
    assert names == [f"seed-{what}-000000000000" for what in ("frontend", "spa", "headers")]


@pytest.mark.parametrize("closed", [{}, CLOSED, PRIVATE])
def test_documents_come_from_the_balancer_read_only_and_uncached(closed):
    [documents] = [
        b for b in config(**closed)["CacheBehaviors"] if b["PathPattern"] == DOCUMENT_PATH
    ]
    assert DOCUMENT_PATH == "/docs-0d3nt/*"
    assert documents["TargetOriginId"] == "backend"
    assert documents["CachePolicyId"] == CACHING_DISABLED
    assert documents["OriginRequestPolicyId"] == ALL_VIEWER
    assert documents["AllowedMethods"] == ["GET", "HEAD"]
    assert documents["ViewerProtocolPolicy"] == "https-only"


def test_nobody_keeps_lists_or_runs_a_document():
    """Only its address protects a document; and whoever uploads a page must not act by it."""
    headers = properties("DocumentHeaders")["ResponseHeadersPolicyConfig"]
    sent = {item["Header"]: item for item in headers["CustomHeadersConfig"]["Items"]}
    assert sent["Cache-Control"]["Value"] == "private, no-store"
    assert "noindex" in sent["X-Robots-Tag"]["Value"]
    assert all(item["Override"] is True for item in sent.values())
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    assert "script-src 'none'" in policy["ContentSecurityPolicy"]
    assert policy["Override"] is True
    assert headers["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}


def test_without_the_file_system_nothing_is_said_of_documents():
    paths = [b["PathPattern"] for b in config(DocumentsFileSystem="false")["CacheBehaviors"]]
    assert paths == ["/api", "/api/*"]
    assert "DocumentHeaders" not in resources(DocumentsFileSystem="false")


def test_the_description_of_the_api_is_closed_in_prod_on_every_way_to_the_api():
    for behaviour in config("prod")["CacheBehaviors"]:
        if behaviour["PathPattern"] != DOCUMENT_PATH:
            [association] = behaviour["FunctionAssociations"]
            assert association["EventType"] == "viewer-request"
            assert association["FunctionARN"] == {
                "Fn::GetAtt": ["ApiDescriptionCloser", "FunctionARN"]
            }
    assert "ApiDescriptionCloser" not in resources("seed")
