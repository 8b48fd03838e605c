"""Breakages of resolved templates of `seed`, each with the probe that should see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Resources = dict[str, Any]


class Breakage(NamedTuple):
    """One change of the resolved resources, made in place."""

    area: str
    name: str
    probe: str
    """The probe that should see it; the beginning of its name is enough."""
    plant: Callable[[Resources], None]


def put(name: str, *path: Any) -> Callable[[Resources], None]:
    """Set a property; the last of ``path`` is its value."""

    def plant(resources: Resources) -> None:
        *way, last, value = path
        node = resources[name]["Properties"]
        for step in way:
            node = node[step]
        node[last] = value

    return plant


def drop(name: str, *path: Any) -> Callable[[Resources], None]:
    """Remove a property, an element of a list, or with no path the whole resource."""

    def plant(resources: Resources) -> None:
        if not path:
            del resources[name]
            return
        node = resources[name]["Properties"]
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return plant


def rule(kind: str, group: str, port: int, **more: Any) -> Callable[[Resources], None]:
    """Add a security group rule."""

    def plant(resources: Resources) -> None:
        one = next(
            resource["Properties"]["GroupId"]
            for resource in resources.values()
            if resource["Type"].startswith("AWS::EC2::SecurityGroup")
            and resource["Properties"].get("Description") == group
        )
        ports = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        given = {"GroupId": one, "CidrIp": "0.0.0.0/0", **ports, **more}
        resources["Planted"] = {"Type": f"AWS::EC2::SecurityGroup{kind}", "Properties": given}

    return plant


def ports(name: str, port: int) -> Callable[[Resources], None]:
    """Aim a rule at another port."""

    def plant(resources: Resources) -> None:
        resources[name]["Properties"] |= {"FromPort": port, "ToPort": port}

    return plant


def same(name: str, key: str, other: str, **more: str) -> Callable[[Resources], None]:
    """Give a property the value that another resource has there."""

    def plant(resources: Resources) -> None:
        source = resources[other]["Properties"][more.get("theirs", key)]
        resources[name]["Properties"][key] = source

    return plant


def user_data(old: str, new: str) -> Callable[[Resources], None]:
    """Change a setting of the user data."""

    def plant(resources: Resources) -> None:
        data = resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
        lines = data["Fn::Base64"].split("\n")
        [number] = [n for n, line in enumerate(lines) if line.startswith(f"{old}='")]
        lines[number] = f"{old}='{new}'"
        data["Fn::Base64"] = "\n".join(lines)

    return plant


def statement(name: str, sid: str, **more: Any) -> Callable[[Resources], None]:
    """Change a statement of a policy, or remove it where nothing is said."""

    def plant(resources: Resources) -> None:
        statements = resources[name]["Properties"]["PolicyDocument"]["Statement"]
        [number] = [n for n, one in enumerate(statements) if one.get("Sid") == sid]
        if more:
            statements[number] = {**statements[number], **more}
        else:
            del statements[number]

    return plant


def readable(name: str) -> Callable[[Resources], None]:
    """Let everybody read a bucket."""

    def plant(resources: Resources) -> None:
        given = resources[name]["Properties"]
        everybody = {"Effect": "Allow", "Principal": "*", "Action": ["s3:*"], "Resource": ["*"]}
        given["PolicyDocument"]["Statement"].append(everybody)

    return plant


SITE = ("DistributionConfig",)
DEFAULT = (*SITE, "DefaultCacheBehavior")
API = (*SITE, "CacheBehaviors", 0)
API_BELOW = (*SITE, "CacheBehaviors", 1)
BALANCER = (*SITE, "Origins", 1)
DATA = ("LaunchTemplateData",)
CACHED, NOT_CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
TO_BACKEND, TO_DATABASE = "The balancer to the backend", "The backend to the database"
NOTHING = {"Effect": "Deny"}


def both(name: str, value: Any) -> Callable[[Resources], None]:
    """Change a property of both target groups."""

    def plant(resources: Resources) -> None:
        for group in ("TargetGroup", "InternalTargetGroup"):
            resources[group]["Properties"][name] = value

    return plant


NETWORK = [
    ("database open to everybody in the VPC", rule("Ingress", TO_DATABASE, 5432)),
    ("no rule to the database", drop("DatabaseIngress")),
    ("no rule from the backend to the database", drop("DatabaseEgress")),
    ("wrong port of the database", ports("DatabaseIngress", 5433)),
    ("the database asked from the balancer", same("DatabaseIngress", "SourceSecurityGroupId",
                                                  "BackendIngress")),
    ("no rule to the backend", drop("BackendIngress")),
    ("no rule from the balancer", drop("BackendEgress")),
    ("SSH to the backend", rule("Ingress", TO_BACKEND, 22)),
    ("the backend for every address", rule("Ingress", TO_BACKEND, 3000)),
    ("SSH to the balancer", rule("Ingress", "Public web traffic, as documented", 22)),
    ("no HTTP to the balancer", drop("AlbFromAnywhereHttp")),
    ("no HTTPS to the balancer", drop("AlbFromAnywhereHttps")),
    ("HTTP from one network only", put("AlbFromAnywhereHttp", "CidrIp", "192.0.2.0/24")),
    ("UDP in TCP's place", put("AlbFromAnywhereHttp", "IpProtocol", "udp")),
    ("no HTTPS from the backend", drop("BackendToHttps")),
    ("everything from the backend", put("BackendToHttps", "IpProtocol", "-1")),
    ("no rule to the documents", drop("DocumentsIngress")),
    ("documents open to the VPC", put("DocumentsIngress", "FromPort", 22)),
    ("no rule from the backend to the documents", drop("DocumentsEgress")),
    ("no route to the internet", drop("PublicRoute")),
    ("no route through the NAT gateway", drop("AppRouteA")),
    ("a route to one block only", put("AppRouteB", "DestinationCidrBlock", "192.0.2.0/24")),
    ("balancer's subnet without its route table", drop("PublicSubnetRouteTableA")),
    ("application subnet in the database's route table", same("AppSubnetRouteTableA",
     "RouteTableId", "DataSubnetRouteTableA")),
    ("internal balancer", put("LoadBalancer", "Scheme", "internal")),
    ("the database's group on the backend", put("Database", "VPCSecurityGroups", [])),
]  # fmt: skip
ENDPOINT = [
    ("endpoint without route tables", put("S3Endpoint", "RouteTableIds", [])),
    ("no endpoint for S3", drop("S3Endpoint")),
]
BALANCERS = [
    ("health check of a wrong path", "user-data", both("HealthCheckPath", "/health")),
    ("health check of a wrong port", "user-data", both("HealthCheckPort", 3001)),
    ("matcher of what is never answered", "user-data", both("Matcher", {"HttpCode": "204"})),
    ("targets on a wrong port", "log-in", both("Port", 8080)),
    ("listener on a wrong port", "log-in", put("HttpListener", "Port", 8080)),
    ("listener with TLS only", "log-in", put("HttpListener", "Protocol", "HTTPS")),
    ("rule that answers itself", "log-in", put("OriginVerifyRule", "Actions", [
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}])),
    ("default action that answers itself", "smoke balancer-direct", put(
        "HttpListener", "DefaultActions", [
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}])),
    ("default action that redirects", "smoke balancer-direct", put(
        "HttpListener", "DefaultActions", [
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}
        ])),
]  # fmt: skip
CDNS = [
    ("the API from the bucket", "smoke api", put("Distribution", *API, "TargetOriginId",
                                                "frontend")),
    ("below /api from the bucket", "log-in", put("Distribution", *API_BELOW, "TargetOriginId",
                                                 "frontend")),
    ("the site from the balancer", "smoke page", put("Distribution", *DEFAULT, "TargetOriginId",
                                                     "backend")),
    ("no POST to the API", "log-in", put("Distribution", *API_BELOW, "AllowedMethods",
                                         ["GET", "HEAD"])),
    ("the API cached", "log-in", put("Distribution", *API_BELOW, "CachePolicyId", CACHED)),
    ("no header of the viewer's", "log-in", drop("Distribution", *API_BELOW,
                                                 "OriginRequestPolicyId")),
    ("a behaviour for all before the API", "log-in", put("Distribution", *API, "PathPattern", "*")),
    ("no root object and no function", "smoke page", drop("Distribution", *DEFAULT,
                                                          "FunctionAssociations")),
    ("no compression", "smoke compression", put("Distribution", *DEFAULT, "Compress", False)),
    ("the site not cached", "smoke compression", put("Distribution", *DEFAULT, "CachePolicyId",
                                                     NOT_CACHED)),
    ("HTTP for the site", "smoke https-redirect", put(
        "Distribution", *DEFAULT, "ViewerProtocolPolicy", "allow-all")),
    ("no headers policy for the site", "smoke security-headers", drop(
        "Distribution", *DEFAULT, "ResponseHeadersPolicyId")),
    ("no strict transport security", "smoke security-headers", drop(
        "SecurityHeaders", "ResponseHeadersPolicyConfig", "SecurityHeadersConfig",
        "StrictTransportSecurity")),
    ("no content type options", "smoke security-headers", drop(
        "SecurityHeaders", "ResponseHeadersPolicyConfig", "SecurityHeadersConfig",
        "ContentTypeOptions")),
    ("a function that answers nothing", "smoke deep-link", put(
        "SpaRoutes", "FunctionCode", "function handler(event) { return event.request; }")),
    ("an origin asked by TLS", "log-in", put(
        "Distribution", *BALANCER, "CustomOriginConfig", "OriginProtocolPolicy", "https-only")),
    ("an origin on a wrong port", "log-in", put(
        "Distribution", *BALANCER, "CustomOriginConfig", "HTTPPort", 8080)),
    ("requests that are not signed", "smoke page", put(
        "FrontendAccess", "OriginAccessControlConfig", "SigningBehavior", "never")),
]  # fmt: skip
BUCKETS = [
    ("the CDN may not read", "smoke page", statement("FrontendBucketPolicy", "CdnReads")),
    ("the CDN may not list", "smoke missing-asset", statement(
        "FrontendBucketPolicy", "CdnKnowsWhatIsMissing")),
    ("another distribution may read", "smoke page", statement(
        "FrontendBucketPolicy", "CdnReads", Condition={"StringEquals": {"aws:SourceArn": "x"}})),
    ("everything refused", "smoke page", statement(
        "FrontendBucketPolicy", "TlsOnly", Condition={})),
    ("the site's bucket for everybody", "smoke s3-direct", readable("FrontendBucketPolicy")),
    ("the configuration for everybody", "smoke s3-direct", readable("ConfigurationBucketPolicy")),
    ("the documents for everybody", "smoke s3-direct", readable("DocumentsBucketPolicy")),
]  # fmt: skip
BOOTS = [
    ("no right to the .env", "calls", statement("InstancePolicy", "ReadEnvFile")),
    ("another key's right", "calls", statement("InstancePolicy", "ReadEnvFile", Resource=["x"])),
    ("no right to the secret", "calls", statement("InstancePolicy", "ReadDatabaseSecret")),
    ("the secret refused", "calls", statement("InstancePolicy", "ReadDatabaseSecret", **NOTHING)),
    ("no right to signal", "signals", statement("BackendStackPolicy", "SignalThisStack")),
    ("no right to the log", "calls", statement("BackendStackPolicy", "WriteBackendLog")),
    ("no instance profile", "user-data", drop("LaunchTemplate", *DATA, "IamInstanceProfile")),
    ("tokens for containers", "hop-limit", put(
        "LaunchTemplate", *DATA, "MetadataOptions", "HttpPutResponseHopLimit", 2)),
    ("no token needed", "metadata", put(
        "LaunchTemplate", *DATA, "MetadataOptions", "HttpTokens", "optional")),
    ("no metadata service", "user-data", put(
        "LaunchTemplate", *DATA, "MetadataOptions", "HttpEndpoint", "disabled")),
    ("another bucket", "calls", user_data("CONFIG_BUCKET", "other")),
    ("another key", "calls", user_data("CONFIG_KEY", "other.env")),
    ("another secret", "calls", user_data("DATABASE_SECRET", "arn:other")),
    ("another database", "user-data", user_data("DATABASE_NAME", "other")),
    ("another health path", "user-data", user_data("HEALTH_PATH", "/health")),
    ("another stack", "signals", user_data("STACK", "arn:other")),
    ("another log group", "calls", user_data("LOG_GROUP", "/other")),
    ("another region", "user-data", user_data("REGION", "eu-north-1")),
]  # fmt: skip
DATABASES = [
    ("no TLS needed", "database", put("DatabaseParameters", "Parameters", "rds.force_ssl", "0")),
    ("another limit of slow statements", "database", put(
        "DatabaseParameters", "Parameters", "log_min_duration_statement", "0")),
    ("verbose errors", "database", put(
        "DatabaseParameters", "Parameters", "log_error_verbosity", "verbose")),
    ("another port", "log-in", put("Database", "Port", "5433")),
    ("another password", "database", put("Database", "MasterUserPassword", "not-the-secret-s-one")),
    ("no parameter group", "database", drop("Database", "DBParameterGroupName")),
]  # fmt: skip

PLANTED = [
    *(Breakage("network", name, "packets", plant) for name, plant in NETWORK),
    *(Breakage("endpoint", name, "s3-endpoint", plant) for name, plant in ENDPOINT),
    *(Breakage("balancer", *one) for one in BALANCERS),
    *(Breakage("CDN", *one) for one in CDNS),
    *(Breakage("buckets", *one) for one in BUCKETS),
    *(Breakage("boot", *one) for one in BOOTS),
    *(Breakage("database", *one) for one in DATABASES),
]
