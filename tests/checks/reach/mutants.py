"""Ways to break the architecture, each with the sentence that has to give it away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.checks.reach.sets import CLOSED, Change, Resources
from tests.resolved import CERTIFICATE

GROUPS = {
    "alb": "AlbSecurityGroup",
    "backend": "BackendSecurityGroup",
    "db": "DatabaseSecurityGroup",
}
WORLD = "0.0.0.0/0"


class Mutant(NamedTuple):
    """One breakage."""

    name: str
    change: Change
    said: str
    """The beginning of a sentence among the differences."""
    env: str = "seed"
    given: Mapping[str, str] = MappingProxyType({})


def _rule(group: str, out: bool = False, **rule: Any) -> Change:
    """Add a rule: ``port`` or ``first`` and ``last``, ``peer`` (a group) or ``cidr``."""
    kind = "Egress" if out else "Ingress"

    def change(resources: Resources) -> None:
        properties: dict[str, Any] = {
            "GroupId": {"Ref": GROUPS[group]},
            "IpProtocol": rule.get("protocol", "tcp"),
            "FromPort": rule.get("first", rule.get("port")),
            "ToPort": rule.get("last", rule.get("port")),
        }
        if "peer" in rule:
            side = "DestinationSecurityGroupId" if out else "SourceSecurityGroupId"
            properties[side] = {"Ref": GROUPS[rule["peer"]]}
        else:
            properties["CidrIpv6" if ":" in rule["cidr"] else "CidrIp"] = rule["cidr"]
        resources["Added"] = {
            "Type": f"AWS::EC2::SecurityGroup{kind}",
            "Properties": {k: v for k, v in properties.items() if v is not None},
        }

    return change


def _set(logical: str, **properties: Any) -> Change:
    return lambda resources: resources[logical]["Properties"].update(properties)


def _narrowed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A policy whose statement for EventBridge asks for the account, as others do."""
    asked = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    changed: list[Any] = [
        {**one, "Condition": asked} if one.get("Sid") == "EventRules" else one
        for one in document["Statement"]
    ]
    return {**document, "Statement": changed}


def _add(name: str, kind: str, **properties: Any) -> Change:
    def change(resources: Resources) -> None:
        resources[name] = {"Type": kind, "Properties": properties}

    return change


def _drop(*names: str) -> Change:
    def change(resources: Resources) -> None:
        for name in names:
            del resources[name]

    return change


def _all(*changes: Change) -> Change:
    def change(resources: Resources) -> None:
        for one in changes:
            one(resources)

    return change


def _statement(policy: str, key: str = "PolicyDocument", **statement: Any) -> Change:
    def change(resources: Resources) -> None:
        document = resources[policy]["Properties"].setdefault(
            key, {"Version": "2012-10-17", "Statement": []}
        )
        document["Statement"].append({"Effect": "Allow", **statement})

    return change


def _without_sid(policy: str, sid: str, key: str = "PolicyDocument") -> Change:
    def change(resources: Resources) -> None:
        document = resources[policy]["Properties"][key]
        document["Statement"] = [s for s in document["Statement"] if s.get("Sid") != sid]

    return change


def _by_sid(policy: str, sid: str, **changes: Any) -> Change:
    def change(resources: Resources) -> None:
        for statement in resources[policy]["Properties"]["PolicyDocument"]["Statement"]:
            if statement.get("Sid") == sid:
                statement.update(changes)
                for key in [k for k, v in changes.items() if v is None]:
                    del statement[key]

    return change


def _launch(**data: Any) -> Change:
    return lambda resources: resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"].update(
        data
    )


def _interface(**card: Any) -> Change:
    def change(resources: Resources) -> None:
        data = resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]
        data["NetworkInterfaces"][0].update(card)

    return change


def _metadata(**options: Any) -> Change:
    def change(resources: Resources) -> None:
        data = resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]
        data["MetadataOptions"].update(options)

    return change


def _distribution(change: Any) -> Change:
    return lambda resources: change(resources["Distribution"]["Properties"]["DistributionConfig"])


def _origin(bucket: str, pattern: str, access: bool = True) -> Change:
    """A second origin for a bucket, and a behaviour that leads there."""

    def change(config: dict[str, Any]) -> None:
        origin: dict[str, Any] = {
            "Id": "second",
            "DomainName": {"Fn::GetAtt": [bucket, "RegionalDomainName"]},
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        if access:
            origin["OriginAccessControlId"] = {"Fn::GetAtt": ["FrontendAccess", "Id"]}
        config["Origins"].append(origin)
        config["CacheBehaviors"].append(
            {
                "PathPattern": pattern,
                "TargetOriginId": "second",
                "ViewerProtocolPolicy": "https-only",
            }
        )

    return _distribution(change)


def _nacl(*entries: dict[str, Any], subnets: tuple[str, ...]) -> Change:
    """A list of its own for some subnets: all passes but what ``entries`` say first."""

    def change(resources: Resources) -> None:
        resources["List"] = {
            "Type": "AWS::EC2::NetworkAcl",
            "Properties": {"VpcId": {"Ref": "Vpc"}},
        }
        for subnet in subnets:
            resources[f"{subnet}List"] = {
                "Type": "AWS::EC2::SubnetNetworkAclAssociation",
                "Properties": {"SubnetId": {"Ref": subnet}, "NetworkAclId": {"Ref": "List"}},
            }
        rest = [{"Egress": out, "RuleNumber": 900, "RuleAction": "allow"} for out in (True, False)]
        for number, entry in enumerate((*entries, *rest)):
            resources[f"Entry{number}"] = {
                "Type": "AWS::EC2::NetworkAclEntry",
                "Properties": {
                    "NetworkAclId": {"Ref": "List"},
                    "RuleNumber": 10 + number,
                    "Protocol": -1,
                    "CidrBlock": WORLD,
                    **entry,
                },
            }

    return change


def _first(pattern: str, **behaviour: Any) -> Change:
    """A behaviour for the frontend before all others."""
    given = {"PathPattern": pattern, "TargetOriginId": "frontend", **behaviour}
    given = {"ViewerProtocolPolicy": "https-only", **given}
    return _distribution(lambda config: config["CacheBehaviors"].insert(0, given))


def _api(**properties: Any) -> Change:
    """Other properties of the behaviour /api/*; those that are None are left out."""

    def change(config: dict[str, Any]) -> None:
        behaviour = config["CacheBehaviors"][1]
        behaviour.update(properties)
        for key in [k for k, v in properties.items() if v is None]:
            del behaviour[key]

    return _distribution(change)


def _policy(kind: str, authorization: bool = True, **config: Any) -> Change:
    """A policy of one's own for /api/*."""
    headers = {"HeaderBehavior": "whitelist", "Headers": ["Accept-Language"]}
    parts = {
        "HeadersConfig": {"HeaderBehavior": "allViewer"} if authorization else headers,
        "CookiesConfig": {"CookieBehavior": "all"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
        **config,
    }
    return _all(
        _add("Own", f"AWS::CloudFront::{kind}", **{f"{kind}Config": {"Name": "own", **parts}}),
        _api(**{f"{kind}Id": {"Ref": "Own"}}),
    )


def _told(name: str, value: str) -> Change:
    """User data that sets ``name`` to something else."""

    def change(resources: Resources) -> None:
        data = resources["LaunchTemplate"]["Properties"]["LaunchTemplateData"]
        pieces = data["UserData"]["Fn::Base64"]["Fn::Join"][1]
        place = next(i for i, one in enumerate(pieces) if str(one).endswith(f"{name}='"))
        pieces[place + 1] = value

    return change


APP = ("AppSubnetA", "AppSubnetB")
DATA = ("DataSubnetA", "DataSubnetB")
TCP = {"Protocol": 6}
ENV = {"Fn::Join": ["", [{"Fn::GetAtt": ["ConfigurationBucket", "Arn"]}, "/.env"]]}
CDN = {"Service": "cloudfront.amazonaws.com"}
EVERYBODY_READS = {"Principal": "*", "Action": "s3:GetObject"}


def _objects(bucket: str) -> dict[str, Any]:
    return {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/*"]]}


NETWORK = (
    Mutant(
        "database made public",
        _set("Database", PubliclyAccessible=True),
        "internet -> database: public address is not expected",
    ),
    Mutant(
        "database's publicity left to RDS",
        lambda r: r["Database"]["Properties"].pop("PubliclyAccessible"),
        "internet -> database: public address is not expected",
    ),
    Mutant(
        "database in public subnets",
        _set("DatabaseSubnets", SubnetIds=[{"Ref": "PublicSubnetA"}, {"Ref": "PublicSubnetB"}]),
        "subnets of database -> internet: route by an internet gateway is not expected",
    ),
    Mutant(
        "a public route for the database's subnets",
        _add(
            *("Way", "AWS::EC2::Route"),
            RouteTableId={"Ref": "DataRouteTable"},
            DestinationCidrBlock=WORLD,
            GatewayId={"Ref": "InternetGateway"},
        ),
        "subnets of database -> internet: route by an internet gateway is not expected",
    ),
    Mutant(
        "database open to everybody, public and routed",
        _all(
            _set("Database", PubliclyAccessible=True),
            _set("DatabaseSubnets", SubnetIds=[{"Ref": "PublicSubnetA"}, {"Ref": "PublicSubnetB"}]),
            _rule("db", port=5432, cidr=WORLD),
        ),
        "internet -> database: tcp 5432 is not expected (by PublicRoute, Added)",
    ),
    Mutant(
        "world SSH to private instances",
        _rule("backend", port=22, cidr=WORLD),
        "internet -> backend: tcp 22 by its group alone is not expected",
    ),
    Mutant(
        "world SSH to instances with public addresses",
        _rule("backend", port=22, cidr=WORLD),
        "internet -> backend: tcp 22 is not expected (by AppRouteA, Added",
        env="dev",
    ),
    Mutant(
        "world SSH to the balancer",
        _rule("alb", port=22, cidr=WORLD),
        "internet -> balancer: tcp 22 is not expected",
    ),
    Mutant(
        "half the world and the other half",
        _all(
            _rule("backend", port=22, cidr="0.0.0.0/1"),
            lambda r: _add(
                "Half",
                "AWS::EC2::SecurityGroupIngress",
                **{**r["Added"]["Properties"], "CidrIp": "128.0.0.0/1"},
            )(r),
        ),
        "internet -> backend: tcp 22 is not expected",
        env="dev",
    ),
    Mutant(
        "one address of the internet",
        _rule("backend", port=22, cidr="203.0.113.7/32"),
        "internet -> backend: tcp 22 is not expected",
        env="dev",
    ),
    Mutant(
        "IPv6 from everywhere",
        _rule("backend", port=22, cidr="::/0"),
        "internet -> backend: tcp 22 over IPv6 by its group alone is not expected",
    ),
    Mutant(
        "the balancer may enter the database",
        _rule("db", port=5432, peer="alb"),
        "balancer -> database: tcp 5432 by its group alone is not expected",
    ),
    Mutant(
        "balancer to database, both ends open",
        _all(
            _rule("db", port=5432, peer="alb"),
            _add(
                *("Out", "AWS::EC2::SecurityGroupEgress"),
                GroupId={"Fn::GetAtt": ["AlbSecurityGroup", "GroupId"]},
                IpProtocol="6",
                FromPort=5432,
                ToPort=5432,
                DestinationSecurityGroupId={"Ref": "DatabaseSecurityGroup"},
            ),
        ),
        "balancer -> database: tcp 5432 is not expected (by Out, Added)",
    ),
    Mutant(
        "backend admitted on a wrong port",
        _set("BackendIngress", FromPort=8080, ToPort=8080),
        "balancer -> backend: tcp 3000 is expected and missing (no rule of BackendSecurityGroup",
    ),
    Mutant(
        "database listens to a wrong port",
        _set("DatabaseIngress", FromPort=3306, ToPort=3306),
        "backend -> database: tcp 5432 is expected and missing",
    ),
    Mutant(
        "a database on another port than the rules speak of",
        _set("Database", Port="5433"),
        "backend -> database: tcp 5432 is expected and missing (Database listens to another port)",
    ),
    Mutant(
        "a public route for IPv6",
        _add(
            *("Way", "AWS::EC2::Route"),
            RouteTableId={"Ref": "DataRouteTable"},
            DestinationIpv6CidrBlock="::/0",
            GatewayId={"Ref": "InternetGateway"},
        ),
        "Way: routes of IPv6 are not judged",
    ),
    Mutant(
        "a network without DNS",
        _set("Vpc", EnableDnsSupport=False),
        "Vpc: who finds whom without DNS is not known",
    ),
    Mutant(
        "a database in no subnet of ours",
        lambda r: r["Database"]["Properties"].pop("DBSubnetGroupName"),
        "database is in no subnet of the templates",
    ),
    Mutant(
        "a subnet of somebody else",
        _set("BackendGroup", VPCZoneIdentifier=[{"Ref": "AppSubnetA"}, "subnet-0123456789abcdef0"]),
        "backend is in subnet-0123456789abcdef0, which is not in the templates",
    ),
    Mutant(
        "a range of ports in which both are",
        _set("BackendIngress", FromPort=3000, ToPort=5432),
        "balancer -> backend: tcp 3001-5432 by its group alone is not expected",
    ),
    Mutant(
        "every protocol between the tiers",
        _all(
            _set("DatabaseIngress", IpProtocol="-1"),
            _set("DatabaseEgress", IpProtocol="-1"),
        ),
        "backend -> database: tcp 0-5431 is not expected",
    ),
    Mutant(
        "UDP besides TCP",
        _all(_rule("backend", port=3000, peer="alb", protocol="udp")),
        "balancer -> backend: udp 3000 by its group alone is not expected",
    ),
    Mutant(
        "lateral movement by the group itself",
        _rule("backend", first=0, last=65535, peer="backend"),
        "backend -> backend: tcp 80 is not expected",
    ),
    Mutant(
        "lateral movement by addresses",
        _all(_rule("backend", port=443, cidr="10.0.0.0/16")),
        "backend -> backend: tcp 443 is not expected",
    ),
    Mutant(
        "the whole network may enter the database",
        _rule("db", port=5432, cidr="10.0.0.0/16"),
        "the network -> database: tcp 5432 by its group alone is not expected",
    ),
    Mutant(
        "other private networks may enter the backend",
        _rule("backend", port=3000, cidr="192.168.0.0/16"),
        "other networks -> backend: tcp 3000 by its group alone is not expected",
    ),
    Mutant(
        "a group of somebody else",
        _all(
            _rule("db", port=5432, cidr=WORLD),
            lambda r: r["Added"]["Properties"].pop("CidrIp"),
            lambda r: r["Added"]["Properties"].update(SourceSecurityGroupId="sg-0123456789abcdef0"),
        ),
        "whoever is in sg-0123456789abcdef0 -> database: tcp 5432 by its group alone",
    ),
    Mutant(
        "a second group on the instances",
        _all(
            _add(
                *("Wide", "AWS::EC2::SecurityGroup"),
                VpcId={"Ref": "Vpc"},
                GroupDescription="wide",
                SecurityGroupIngress=[
                    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": WORLD}
                ],
            ),
            _interface(Groups=[{"Ref": "BackendSecurityGroup"}, {"Ref": "Wide"}]),
        ),
        "internet -> backend: tcp 22 is not expected",
        env="dev",
    ),
    Mutant(
        "rules inside the group",
        _set(
            "DatabaseSecurityGroup",
            SecurityGroupIngress=[
                {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": WORLD}
            ],
        ),
        "internet -> database: tcp 5432 by its group alone is not expected "
        "(by DatabaseSecurityGroup.SecurityGroupIngress[0])",
    ),
    Mutant(
        "a group called by its name",
        _all(
            _set("BackendSecurityGroup", GroupName="backends"),
            _rule("alb", port=22, cidr=WORLD),
            lambda r: r["Added"]["Properties"].pop("GroupId"),
            lambda r: r["Added"]["Properties"].update(GroupName="backends"),
        ),
        "internet -> backend: tcp 22 by its group alone is not expected",
    ),
    Mutant(
        "instances in the network's default group",
        _interface(Groups=[{"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}]),
        "backend -> backend: any protocol is not expected",
    ),
    Mutant(
        "the database may send anywhere",
        _rule("db", out=True, protocol="-1", cidr=WORLD),
        "database -> internet: any protocol by its group alone is not expected",
    ),
    Mutant(
        "a group without rules for what leaves",
        lambda r: r["DatabaseSecurityGroup"]["Properties"].pop("SecurityGroupEgress"),
        "database -> internet: any protocol by its group alone is not expected",
    ),
    Mutant(
        "the balancer may send to the database",
        _rule("alb", out=True, port=5432, peer="db"),
        "balancer -> database: tcp 5432 by its group alone is not expected",
    ),
    Mutant(
        "anybody instead of CloudFront",
        _all(
            lambda r: r["AlbFromCdn"]["Properties"].pop("SourcePrefixListId"),
            _set("AlbFromCdn", CidrIp=WORLD),
        ),
        "internet -> balancer: tcp 80 is not expected",
        given=CLOSED,
    ),
    Mutant(
        "anybody instead of CloudFront, internal balancer",
        _all(
            lambda r: r["AlbFromCdn"]["Properties"].pop("SourcePrefixListId"),
            _set("AlbFromCdn", CidrIp=WORLD),
        ),
        "internet -> balancer: tcp 80 by its group alone is not expected",
        env="prod",
    ),
    Mutant(
        "another prefix list",
        _set("AlbFromCdn", SourcePrefixListId="pl-00000000"),
        "prefix list pl-00000000 -> balancer: tcp 80 is not expected",
        given=CLOSED,
    ),
    Mutant(
        "a prefix list of our own with everybody on it",
        _all(
            _add(
                *("Everybody", "AWS::EC2::PrefixList"),
                AddressFamily="IPv4",
                MaxEntries=2,
                PrefixListName="everybody",
                Entries=[{"Cidr": "0.0.0.0/1"}, {"Cidr": "128.0.0.0/1"}],
            ),
            _set("AlbFromCdn", SourcePrefixListId={"Fn::GetAtt": ["Everybody", "PrefixListId"]}),
        ),
        "internet -> balancer: tcp 80 is not expected",
        given=CLOSED,
    ),
    Mutant(
        "an internal balancer turned outward",
        _all(
            _set("LoadBalancer", Scheme="internet-facing"),
            _set("LoadBalancer", Subnets=[{"Ref": "PublicSubnetA"}, {"Ref": "PublicSubnetB"}]),
        ),
        "internet -> balancer: public address is not expected",
        env="prod",
    ),
    Mutant(
        "public addresses for instances",
        _interface(AssociatePublicIpAddress=True),
        "internet -> backend: public address is not expected",
    ),
    Mutant(
        "public addresses by the subnet",
        _all(
            lambda r: r["LaunchTemplate"]["Properties"]["LaunchTemplateData"]["NetworkInterfaces"][
                0
            ].pop("AssociatePublicIpAddress"),
            *(_set(subnet, MapPublicIpOnLaunch=True) for subnet in APP),
        ),
        "internet -> backend: public address is not expected",
    ),
    Mutant(
        "no way to the registry",
        _drop("BackendToHttps"),
        "backend -> registry: ecr:BatchGetImage is expected and missing "
        "(no rule of BackendSecurityGroup lets it out)",
    ),
    Mutant(
        "a private subnet without a way out",
        _drop("AppRouteB"),
        "backend -> internet: tcp 443 is expected and missing (no route of AppSubnetB leads there)",
    ),
    Mutant(
        "a NAT gateway in a private subnet",
        _set("NatGatewayA", SubnetId={"Ref": "DataSubnetA"}),
        "backend -> internet: tcp 443 is expected and missing "
        "(no route of DataSubnetA, where NatGatewayA is, leads to the internet)",
    ),
    Mutant(
        "a NAT gateway for private addresses only",
        _set("NatGatewayA", ConnectivityType="private"),
        "backend -> internet: tcp 80 is expected and missing (NatGatewayA does not lead",
    ),
    Mutant(
        "an internet gateway that is attached to nothing",
        _drop("GatewayAttachment"),
        "internet -> balancer: tcp 80 is expected and missing (no route of PublicSubnetA",
    ),
    Mutant(
        "a balancer in a subnet without a public route",
        _set("LoadBalancer", Subnets=[{"Ref": "PublicSubnetA"}, {"Ref": "DataSubnetB"}]),
        "internet -> balancer: tcp 443 is expected and missing (no route of DataSubnetB leads back",
    ),
    Mutant(
        "a list that stops the database's port",
        _nacl(
            {"RuleAction": "deny", "Egress": False, **TCP, "PortRange": {"From": 5432, "To": 5432}},
            subnets=DATA,
        ),
        "backend -> database: tcp 5432 is expected and missing (List)",
    ),
    Mutant(
        "a list that stops answers",
        _nacl(
            {
                **{"RuleAction": "deny", "Egress": True, **TCP},
                "PortRange": {"From": 40000, "To": 41000},
            },
            subnets=DATA[:1],
        ),
        "backend -> database: tcp 5432 is expected and missing (List, for the answers)",
    ),
    Mutant(
        "a list that stops addresses of one zone",
        _nacl(
            {"RuleAction": "deny", "Egress": False, "CidrBlock": "10.0.5.0/24"},
            subnets=DATA,
        ),
        "backend -> database: tcp 5432 is expected and missing (List",
    ),
    Mutant(
        "a route to another company",
        _all(
            _add("Peer", "AWS::EC2::VPCPeeringConnection", VpcId={"Ref": "Vpc"}, PeerVpcId="vpc-1"),
            _add(
                *("ToPeer", "AWS::EC2::Route"),
                RouteTableId={"Ref": "DataRouteTable"},
                DestinationCidrBlock="172.16.0.0/12",
                VpcPeeringConnectionId={"Ref": "Peer"},
            ),
        ),
        "subnets of database -> beyond Peer: route is not expected",
    ),
    Mutant(
        "a transit gateway behind which somebody may enter",
        _all(
            _add(
                *("ToHub", "AWS::EC2::Route"),
                RouteTableId={"Ref": "DataRouteTable"},
                DestinationCidrBlock="172.16.0.0/12",
                TransitGatewayId="tgw-0123456789abcdef0",
            ),
            _rule("db", port=5432, cidr="172.16.5.0/24"),
        ),
        "beyond tgw-0123456789abcdef0 -> database: tcp 5432 is not expected (by ToHub, Added)",
    ),
    Mutant(
        "an instance nobody knows",
        _add(
            *("Bastion", "AWS::EC2::Instance"),
            SubnetId={"Ref": "PublicSubnetA"},
            SecurityGroupIds=[{"Ref": "BackendSecurityGroup"}],
            ImageId="ami-0123456789abcdef0",
            MetadataOptions={"HttpTokens": "required"},
        ),
        "Bastion -> database: tcp 5432 is not expected",
    ),
    Mutant(
        "a function among the backends",
        lambda r: r["CloseDefaultGroupFunction"]["Properties"].update(
            VpcConfig={
                "SubnetIds": [{"Ref": "AppSubnetA"}],
                "SecurityGroupIds": [{"Ref": "BackendSecurityGroup"}],
            }
        ),
        "CloseDefaultGroupFunction -> database: tcp 5432 is not expected",
        env="prod",
    ),
    Mutant(
        "a cache of a kind that is not judged",
        _add("Cache", "AWS::ElastiCache::ReplicationGroup", ReplicationGroupDescription="?"),
        "what Cache reaches is not known",
    ),
    Mutant(
        "a group that is imported",
        _all(
            _rule("db", port=5432, peer="alb"),
            lambda r: r["Added"]["Properties"].update(
                SourceSecurityGroupId={"Fn::ImportValue": "other-group"}
            ),
        ),
        "whoever is in Fn::ImportValue of other-group -> database: tcp 5432 by its group alone",
    ),
    Mutant(
        "ports that only the account knows",
        _set("BackendIngress", FromPort={"Fn::ImportValue": "port"}),
        "BackendIngress: its ports cannot be resolved",
    ),
)

BALANCER = (
    Mutant(
        "targets on another port",
        _set("TargetGroup", Port=8080),
        "balancer:80 -> backend:8080: every request, HTTP is not expected",
    ),
    Mutant(
        "the header's rule dropped and everybody served",
        _all(
            _drop("OriginVerifyRule"),
            _set(
                "HttpListener",
                DefaultActions=[{"Type": "forward", "TargetGroupArn": {"Ref": "TargetGroup"}}],
            ),
        ),
        "balancer:80 -> backend:3000: every request, HTTP is not expected",
        given=CLOSED,
    ),
    Mutant(
        "the header's rule dropped and nobody served",
        _drop("OriginVerifyRule"),
        "viewer -> balancer: https /api/*, any method is expected and missing",
        given=CLOSED,
    ),
    Mutant(
        "a header that everybody knows",
        _set(
            "OriginVerifyRule",
            Conditions=[
                {
                    "Field": "http-header",
                    "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": ["open"]},
                }
            ],
        ),
        "balancer:80 -> backend:3000: requests with a header that anybody can send,",
        given=CLOSED,
    ),
    Mutant(
        "a listener for HTTPS that speaks HTTP",
        _set("HttpsListener", Protocol="HTTP"),
        "balancer:443 -> backend:3000: every request, HTTP is not expected",
        given={"AlbCertificateArn": CERTIFICATE, "AlbDomainName": "origin.clinic.example"},
    ),
    Mutant(
        "health checks of SSH",
        _set("TargetGroup", HealthCheckPort="22"),
        "balancer -> TargetGroup:22: health checks is not expected",
    ),
    Mutant(
        "a second listener",
        _add(
            *("Side", "AWS::ElasticLoadBalancingV2::Listener"),
            LoadBalancerArn={"Ref": "LoadBalancer"},
            Port=8080,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": {"Ref": "TargetGroup"}}],
        ),
        "balancer:8080 -> backend:3000: every request, HTTP is not expected",
    ),
    Mutant(
        "instances that are no targets",
        lambda r: r["BackendGroup"]["Properties"].pop("TargetGroupARNs"),
        "balancer:80 -> nobody:3000: every request, HTTP is not expected",
    ),
    Mutant(
        "no web ACL where one was asked for",
        _drop("AlbWebAcl"),
        "web ACL -> balancer: filters is expected and missing",
        given={"AlbWebAclArn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/clinic/0-0"},
    ),
)

EDGE = (
    Mutant(
        "the bucket admits any distribution",
        _by_sid("FrontendBucketPolicy", "CdnReads", Condition=None),
        "any distribution -> frontend/*: s3:GetObject is not expected",
    ),
    Mutant(
        "the bucket admits any distribution of the account",
        _by_sid(
            "FrontendBucketPolicy",
            "CdnReads",
            Condition={"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        ),
        "any distribution -> frontend/*: s3:GetObject if aws:SourceAccount",
    ),
    Mutant(
        "the bucket admits distributions by a pattern",
        _by_sid(
            "FrontendBucketPolicy",
            "CdnReads",
            Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:*"}},
        ),
        "any distribution -> frontend/*: s3:GetObject if aws:SourceArn is like",
    ),
    Mutant(
        "requests that are not signed",
        lambda r: r["FrontendAccess"]["Properties"]["OriginAccessControlConfig"].update(
            SigningBehavior="never"
        ),
        "viewer -> frontend: https *, reading is expected and missing",
    ),
    Mutant(
        ".env behind the CDN",
        _all(
            _origin("ConfigurationBucket", "/.env"),
            _statement(
                "ConfigurationBucketPolicy",
                Principal=CDN,
                Action="s3:GetObject",
                Resource=_objects("ConfigurationBucket"),
                Condition={
                    "StringEquals": {
                        "aws:SourceArn": {
                            "Fn::Sub": "arn:aws:cloudfront::${AWS::AccountId}:distribution/"
                            "${Distribution}"
                        }
                    }
                },
            ),
        ),
        "viewer -> configuration: https /.env, reading is not expected",
    ),
    Mutant(
        "a second origin for the configuration, though it refuses",
        _origin("ConfigurationBucket", "/conf/*"),
        "viewer -> configuration: https /conf/*, reading, but the origin refuses is not expected",
    ),
    Mutant(
        ".env uploaded to the frontend by mistake",
        _distribution(lambda c: c["DefaultCacheBehavior"].pop("FunctionAssociations")),
        "viewer -> frontend: hidden files such as .env is not expected",
    ),
    Mutant(
        "another function before the pages",
        _set("SpaRoutes", FunctionCode="function handler(event) { return event.request; }"),
        "whether SpaRoutes hides .env from viewers cannot be read from its code",
    ),
    Mutant(
        "pages without HTTPS",
        _distribution(lambda c: c["DefaultCacheBehavior"].update(ViewerProtocolPolicy="allow-all")),
        "viewer -> frontend: http *, reading is not expected",
    ),
    Mutant(
        "the API without HTTPS",
        _distribution(lambda c: c["CacheBehaviors"][1].update(ViewerProtocolPolicy="allow-all")),
        "viewer -> balancer: http /api/*, any method is not expected",
    ),
    Mutant(
        "everything goes to the API",
        _distribution(lambda c: c["DefaultCacheBehavior"].update(TargetOriginId="backend")),
        "viewer -> balancer: https *, reading, without Authorization and cookies and query",
    ),
    Mutant(
        "an origin of somebody else",
        _distribution(
            lambda c: c["Origins"][1].update(
                DomainName="backend.example.com", CustomOriginConfig={"HTTPPort": 80}
            )
        ),
        "viewer -> backend.example.com: https /api",
    ),
    Mutant(
        "a distribution that speaks HTTPS to a balancer that does not",
        _distribution(
            lambda c: c["Origins"][1].update(
                CustomOriginConfig={"OriginProtocolPolicy": "https-only"}
            )
        ),
        "cdn -> balancer: tcp 443 is not expected",
    ),
    Mutant(
        "a bucket that refuses everybody",
        _statement(
            "FrontendBucketPolicy",
            Effect="Deny",
            Principal="*",
            Action="s3:Get*",
            Resource=_objects("FrontendBucket"),
        ),
        "viewer -> frontend: https *, reading is expected and missing",
    ),
    Mutant(
        "a VPC origin that the group does not admit",
        _drop("AlbFromCdn"),
        "cdn -> balancer: tcp 80 is expected and missing (no rule of AlbSecurityGroup",
        env="prod",
    ),
)

BEHAVIOURS = (
    Mutant(
        "a behaviour for everything before those of the API",
        _first("*"),
        "viewer -> balancer: https /api, any method is expected and missing (behaviour *, listed",
    ),
    Mutant(
        "the same, and the rest of the API with it",
        _first("*"),
        "viewer -> balancer: https /api/*, any method is expected and missing (behaviour *, listed",
    ),
    Mutant(
        "a pattern without its slash takes the API",
        _first("ap?*"),
        "viewer -> balancer: https /api/*, any method is expected and missing (behaviour /ap?*,",
    ),
    Mutant(
        "a part of the API's paths goes to the frontend",
        _first("*.json"),
        "viewer -> balancer: https /api/*, any method is expected and missing (behaviour *.json, "
        "listed before it, takes some",
    ),
    Mutant(
        "the API gets nothing of what viewers send",
        _api(OriginRequestPolicyId=None),
        "viewer -> balancer: https /api/*, any method is expected and missing (behaviour /api/* "
        "drops Authorization; behaviour /api/* drops cookies; behaviour /api/* drops query",
    ),
    Mutant(
        "the API gets everything but Authorization",
        _policy("OriginRequestPolicy", authorization=False),
        "viewer -> balancer: https /api/*, any method is expected and missing (behaviour /api/* "
        "drops Authorization).",
    ),
    Mutant(
        "the API gets some cookies only",
        _policy("OriginRequestPolicy", CookiesConfig={"CookieBehavior": "whitelist"}),
        "viewer -> balancer: https /api/*, any method, without some cookies is not expected",
    ),
    Mutant(
        "the API gets no query",
        _policy("OriginRequestPolicy", QueryStringsConfig={"QueryStringBehavior": "none"}),
        "viewer -> balancer: https /api/*, any method, without query strings is not expected",
    ),
    Mutant(
        "settings from before there were policies forward too little",
        _api(
            CachePolicyId=None,
            OriginRequestPolicyId=None,
            ForwardedValues={"QueryString": True, "Cookies": {"Forward": "all"}},
            MaxTTL=0,
        ),
        "viewer -> balancer: https /api/*, any method, without Authorization is not expected",
    ),
    Mutant(
        "one patient's answers are kept for the next",
        _api(CachePolicyId="658327ea-f89d-4fab-a63d-7e88639e58f6"),
        "viewer -> balancer: https /api/*, any method, answers may be kept for everybody is not",
    ),
    Mutant(
        "the API can only be read",
        _api(AllowedMethods=["GET", "HEAD"]),
        "viewer -> balancer: https /api/*, any method is expected and missing",
    ),
    Mutant(
        "the API's paths are made pages",
        _api(
            FunctionAssociations=[
                {
                    "EventType": "viewer-request",
                    "FunctionARN": {"Fn::GetAtt": ["SpaRoutes", "FunctionARN"]},
                }
            ]
        ),
        "viewer -> balancer: https /api/*, any method is expected and missing (SpaRoutes makes",
    ),
    Mutant(
        "a policy that nobody knows",
        _api(OriginRequestPolicyId="00000000-0000-0000-0000-000000000000"),
        "behaviour /api/*: what OriginRequestPolicy 00000000-0000-0000-0000-000000000000 forwards",
    ),
    Mutant(
        "somebody's code between the CDN and the API",
        _api(LambdaFunctionAssociations=[{"EventType": "origin-request"}]),
        "behaviour /api/*: what Lambda@Edge makes of requests",
    ),
)

STORAGE = (
    Mutant(
        "public bucket",
        _all(
            _set("DocumentsBucket", PublicAccessBlockConfiguration={}),
            _statement(
                "DocumentsBucketPolicy", **EVERYBODY_READS, Resource=_objects("DocumentsBucket")
            ),
        ),
        "everybody -> documents/*: s3:GetObject is not expected",
    ),
    Mutant(
        "public policy behind a block",
        _statement(
            "DocumentsBucketPolicy", **EVERYBODY_READS, Resource=_objects("DocumentsBucket")
        ),
        "everybody -> documents/*: s3:GetObject is not expected",
    ),
    Mutant(
        "everybody with a useless condition",
        _statement(
            "DocumentsBucketPolicy",
            **EVERYBODY_READS,
            Resource=_objects("DocumentsBucket"),
            Condition={"StringLike": {"aws:Referer": "*"}},
        ),
        "everybody -> documents/*: s3:GetObject if aws:Referer is like * is not expected",
    ),
    Mutant(
        "public access not blocked",
        lambda r: r["ConfigurationBucket"]["Properties"]["PublicAccessBlockConfiguration"].update(
            RestrictPublicBuckets=False
        ),
        "everybody -> configuration: may be let in: no RestrictPublicBuckets is not expected",
    ),
    Mutant(
        "an access list for everybody",
        _set("DocumentsBucket", AccessControl="PublicRead"),
        "everybody -> documents: access list PublicRead is not expected",
    ),
    Mutant(
        "another account",
        _statement(
            "DocumentsBucketPolicy",
            Principal={"AWS": "arn:aws:iam::999999999999:root"},
            Action="s3:*",
            Resource=_objects("DocumentsBucket"),
        ),
        "arn:aws:iam::999999999999:root -> documents/*: s3:* is not expected",
    ),
    Mutant(
        "no refusal without TLS",
        _without_sid("ConfigurationBucketPolicy", "TlsOnly"),
        "whoever is let in -> configuration: without TLS is not expected",
    ),
    Mutant(
        "a refusal without TLS for objects of another bucket",
        _by_sid("ConfigurationBucketPolicy", "TlsOnly", Resource=[_objects("LogBucket")]),
        "whoever is let in -> configuration: without TLS is not expected",
    ),
    Mutant(
        "a refusal that refuses the backend too",
        _statement(
            "ConfigurationBucketPolicy",
            Effect="Deny",
            Principal="*",
            Action="s3:GetObject",
            Resource=_objects("ConfigurationBucket"),
        ),
        "backend -> configuration/.env: s3:GetObject "
        "if aws:ResourceAccount is ACCOUNT is expected and missing",
    ),
    Mutant(
        "a refusal under a condition that nobody can decide here",
        _statement(
            "ConfigurationBucketPolicy",
            Effect="Deny",
            Principal="*",
            Action="s3:*",
            Resource=_objects("ConfigurationBucket"),
            Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
        ),
        "whether ConfigurationBucketPolicy stops backend from s3:GetObject depends on a condition",
    ),
    Mutant(
        "an endpoint that lets only other buckets pass",
        _set(
            "S3Endpoint",
            PolicyDocument={
                "Statement": {
                    **{"Effect": "Allow", "Principal": "*", "Action": "s3:*"},
                    "Resource": _objects("DocumentsBucket"),
                }
            },
        ),
        "backend -> configuration/.env: s3:GetObject "
        "if aws:ResourceAccount is ACCOUNT is expected and missing "
        "(the policy of S3Endpoint",
    ),
    Mutant(
        "a key for everybody",
        _statement("CustomerKeyResource", "KeyPolicy", Principal="*", Action="kms:*", Resource="*"),
        "everybody -> key: kms:* is not expected",
        env="prod",
    ),
    Mutant(
        "a key that anybody may hand on",
        _without_sid("CustomerKeyResource", "GrantsOnlyForAwsServices", "KeyPolicy"),
        "everybody -> key: never kms:CreateGrant if",
        env="prod",
    ),
    Mutant(
        "a key that IAM has no say in",
        _without_sid("CustomerKeyResource", "AccountDecides", "KeyPolicy"),
        "the account -> key: kms:* is expected and missing",
        env="prod",
    ),
    Mutant(
        "a registry for everybody",
        _set(
            "ImageRepository",
            RepositoryPolicyText={
                "Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
                ]
            },
        ),
        "everybody -> registry: ecr:BatchGetImage is not expected",
    ),
    Mutant(
        "a secret for everybody",
        _add(
            *("SecretPolicy", "AWS::SecretsManager::ResourcePolicy"),
            SecretId={"Ref": "DatabaseSecret"},
            ResourcePolicy={
                "Statement": [
                    {
                        **{"Effect": "Allow", "Principal": {"AWS": "*"}},
                        **{"Action": "secretsmanager:GetSecretValue", "Resource": "*"},
                    }
                ]
            },
        ),
        "everybody -> database secret: secretsmanager:GetSecretValue is not expected",
    ),
    Mutant(
        "a topic that everybody writes to",
        _statement(
            "AlarmTopicPolicy",
            Principal={"AWS": "*"},
            Action="sns:Publish",
            Resource={"Ref": "AlarmTopic"},
        ),
        "everybody -> topic: sns:Publish is not expected",
    ),
    Mutant(
        "EventBridge asked for its account, which it does not state",
        lambda resources: _set(
            "AlarmTopicPolicy",
            PolicyDocument=_narrowed(resources["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]),
        )(resources),
        "ScalingEvents -> topic: event is expected and missing (AlarmTopicPolicy (EventRules) lets "
        "it do sns:Publish under a condition",
    ),
    Mutant(
        "a key closed to EventBridge but for its account",
        lambda resources: _set(
            "CustomerKeyResource",
            KeyPolicy=_narrowed(resources["CustomerKeyResource"]["Properties"]["KeyPolicy"]),
        )(resources),
        "FailedBackupVaultJobs -> topic: event is expected and missing "
        "(CustomerKeyResource.KeyPolicy (EventRules) lets it do kms:Decrypt under a condition",
        env="prod",
    ),
    Mutant(
        "a refusal that meets who states no keys",
        lambda resources: _set(
            "AlarmTopicPolicy",
            PolicyDocument=json.loads(
                json.dumps(resources["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]).replace(
                    '"Bool"', '"BoolIfExists"'
                )
            ),
        )(resources),
        "ScalingEvents -> topic: event is expected and missing (AlarmTopicPolicy (TlsOnly) refuses "
        "sns:Publish)",
    ),
    Mutant(
        "a topic that forgot EventBridge",
        _set("AlarmTopicPolicy", PolicyDocument={"Statement": []}),
        "ScalingEvents -> topic: event is expected and missing (no policy of AlarmTopic lets",
    ),
    Mutant(
        "everything but a little",
        _statement(
            "DocumentsBucketPolicy",
            Principal={"AWS": "*"},
            NotAction="s3:DeleteObject",
            Resource=_objects("DocumentsBucket"),
        ),
        "everybody -> documents/*: everything but s3:DeleteObject is not expected",
    ),
)

ROLES = (
    Mutant(
        "credentials without a token",
        _metadata(HttpTokens="optional"),
        "a forged request -> credentials of backend: IMDSv1 is not expected",
    ),
    Mutant(
        "nothing said about tokens",
        _launch(MetadataOptions={}),
        "a forged request -> credentials of backend: IMDSv1 is not expected",
    ),
    Mutant(
        "credentials for containers",
        _metadata(HttpPutResponseHopLimit=2),
        "containers of backend -> credentials of backend: 2 hops is not expected",
    ),
    Mutant(
        "a key pair",
        _launch(KeyName="friend"),
        "holder of friend -> backend: SSH key is not expected",
    ),
    Mutant(
        "a secret in the user data",
        _launch(
            UserData={
                "Fn::Base64": {
                    "Fn::Join": [
                        "",
                        [
                            "PASSWORD={{resolve:secretsmanager:",
                            {"Ref": "DatabaseSecret"},
                            ":SecretString:password}}",
                        ],
                    ]
                }
            }
        ),
        "LaunchTemplate -> database secret: written into LaunchTemplateData is not expected",
    ),
    Mutant(
        "every object instead of one",
        _by_sid("InstancePolicy", "ReadEnvFile", Resource=[_objects("ConfigurationBucket")]),
        "backend -> configuration/*: s3:GetObject "
        "if aws:ResourceAccount is ACCOUNT is not expected",
    ),
    Mutant(
        "every action instead of one",
        _by_sid("InstancePolicy", "ReadEnvFile", Action=["s3:*"]),
        "backend -> configuration/.env: s3:* if aws:ResourceAccount is ACCOUNT is not expected",
    ),
    Mutant(
        "everything",
        _statement("InstancePolicy", Action="*", Resource="*"),
        "backend -> *: * is not expected",
    ),
    Mutant(
        "everything but one action",
        _statement("InstancePolicy", NotAction="iam:*", Resource="*"),
        "backend -> *: everything but iam:* is not expected",
    ),
    Mutant(
        "everywhere but one place",
        _statement(
            "InstancePolicy", Action="s3:GetObject", NotResource=_objects("DocumentsBucket")
        ),
        "backend -> everything but documents/*: s3:GetObject is not expected",
    ),
    Mutant(
        "a policy attached by reference from the role",
        _set("InstanceRole", ManagedPolicyArns=[{"Ref": "DocumentsPolicy"}]),
        "backend -> documents/*: s3:DeleteObject if aws:ResourceAccount is ACCOUNT is not expected",
    ),
    Mutant(
        "a policy attached by reference from the policy",
        _set("DocumentsPolicy", Roles=[{"Ref": "InstanceRole"}]),
        "backend -> documents/*: s3:PutObject if aws:ResourceAccount is ACCOUNT is not expected",
    ),
    Mutant(
        "a policy of the kind that is not managed",
        _add(
            *("Side", "AWS::IAM::Policy"),
            PolicyName="side",
            Roles=[{"Ref": "InstanceRole"}],
            PolicyDocument={
                "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
            },
        ),
        "backend -> *: s3:ListAllMyBuckets is not expected",
    ),
    Mutant(
        "a policy inside the role",
        _set(
            "InstanceRole",
            Policies=[
                {
                    "PolicyName": "side",
                    "PolicyDocument": {
                        "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]
                    },
                }
            ],
        ),
        "backend -> *: kms:Decrypt is not expected",
    ),
    Mutant(
        "a policy of AWS",
        _set("InstanceRole", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "backend -> AWS: policy AdministratorAccess is not expected",
    ),
    Mutant(
        "a policy that is nowhere to be read",
        _set("InstanceRole", ManagedPolicyArns=["arn:aws:iam::123456789012:policy/side"]),
        "what the policy arn:aws:iam::123456789012:policy/side lets backend do is not in",
    ),
    Mutant(
        "a boundary that leaves too little",
        _set("InstanceRole", PermissionsBoundary={"Ref": "DocumentsPolicy"}),
        "backend -> configuration/.env: s3:GetObject "
        "if aws:ResourceAccount is ACCOUNT is expected and missing",
    ),
    Mutant(
        "a refusal in the role's own policy",
        _statement("InstancePolicy", Effect="Deny", Action="s3:Get*", Resource="arn:aws:s3:::*"),
        "backend -> configuration/.env: s3:GetObject "
        "if aws:ResourceAccount is ACCOUNT is expected and missing",
    ),
    Mutant(
        "a secret for another role",
        _statement(
            "FlowLogPolicy",
            Action="secretsmanager:GetSecretValue",
            Resource={"Ref": "DatabaseSecret"},
        ),
        "FlowLogRole -> database secret: secretsmanager:GetSecretValue is not expected",
        env="prod",
    ),
    Mutant(
        "the origin's secret for the backend",
        _statement(
            "InstancePolicy",
            Action="secretsmanager:GetSecretValue",
            Resource={"Ref": "OriginVerifySecret"},
        ),
        "backend -> origin secret: secretsmanager:GetSecretValue is not expected",
        given=CLOSED,
    ),
    Mutant(
        "a role that anybody may take on",
        lambda r: r["InstanceRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"].append(
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        ),
        "everybody -> role of backend: sts:AssumeRole is not expected",
    ),
    Mutant(
        "another role for the instances",
        _set("InstanceProfile", Roles=[{"Ref": "FlowLogRole"}]),
        "backend -> FlowLogGroup: logs:PutLogEvents is not expected",
        env="prod",
    ),
    Mutant(
        "a second role in the profile",
        _set("InstanceProfile", Roles=[{"Ref": "InstanceRole"}, {"Ref": "RotationRole"}]),
        "backend -> database: rds:ModifyDBInstance is not expected",
        env="prod",
    ),
    Mutant(
        "no .env for the backend",
        _without_sid("InstancePolicy", "ReadEnvFile"),
        "backend -> configuration/.env: s3:GetObject "
        "if aws:ResourceAccount is ACCOUNT is expected and missing (nothing allows it)",
    ),
    Mutant(
        "a person with keys",
        _all(
            _add("Friend", "AWS::IAM::User"),
            _add("FriendsKey", "AWS::IAM::AccessKey", UserName={"Ref": "Friend"}),
            _set("DocumentsPolicy", Users=[{"Ref": "Friend"}]),
        ),
        "Friend -> documents/*: s3:GetObject if aws:ResourceAccount is ACCOUNT is not expected",
    ),
    Mutant(
        "a function that anybody may call",
        _add(
            *("Door", "AWS::Lambda::Url"),
            AuthType="NONE",
            TargetFunctionArn={"Ref": "RotationFunction"},
        ),
        "everybody -> RotationFunction: function URL is not expected",
        env="prod",
    ),
    Mutant(
        "a secret that somebody else's function rotates",
        _set(
            "RotationSchedule",
            RotationLambdaARN="arn:aws:lambda:us-east-1:999999999999:function:friend",
        ),
        "arn:aws:lambda:us-east-1:999999999999:function:friend -> database secret: rotates is not",
        env="prod",
    ),
    Mutant(
        "a function that any account's secrets may call",
        lambda r: [r["RotationPermission"]["Properties"].pop(name) for name in NARROWED],
        "secretsmanager.amazonaws.com -> RotationFunction: lambda:InvokeFunction is not expected",
        env="prod",
    ),
    Mutant(
        "a function that any secret of the account may call",
        lambda r: r["RotationPermission"]["Properties"].pop("SourceArn"),
        "secretsmanager.amazonaws.com -> RotationFunction: lambda:InvokeFunction if SourceAccount "
        "ACCOUNT is not expected",
        env="prod",
    ),
)
NARROWED = ("SourceAccount", "SourceArn")
WRITTEN = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": "${DocumentsBucket.Arn}/*",
            }
        ]
    }
)
PLACES = (
    Mutant(
        "a policy as text, with references in it",
        _set("DocumentsBucketPolicy", PolicyDocument={"Fn::Sub": WRITTEN}),
        "everybody -> documents/*: s3:GetObject is not expected",
    ),
    Mutant(
        "a policy whose text is broken",
        _set("DocumentsBucketPolicy", PolicyDocument='{"Statement": ['),
        "Resources/DocumentsBucketPolicy/Properties/PolicyDocument is no JSON",
    ),
    Mutant(
        "a dashboard whose text is broken",
        _set("Dashboard", DashboardBody={"Fn::Join": ["", ['{"of": "', {"Ref": "Vpc"}, "'"]]}),
        "Resources/Dashboard/Properties/DashboardBody is no JSON",
        env="prod",
    ),
    Mutant(
        "a reference to nothing",
        _set("TargetGroup", Name={"Fn::Sub": "${Nobody}-${AWS::Region}"}),
        "Resources/TargetGroup/Properties/Name refers to Nobody, which is not in the templates",
    ),
    Mutant(
        "a reference to what these values do not make",
        _set("TargetGroup", VpcId={"Fn::GetAtt": ["CustomerKeyResource", "Arn"]}),
        "Resources/TargetGroup/Properties/VpcId refers to CustomerKeyResource, which is not made",
    ),
)
USER_DATA = (
    Mutant(
        "the .env under another key than the role may read",
        _told("CONFIG_KEY", ".env.new"),
        "backend -> configuration/.env.new: asked for its settings, which no s3:GetObject lets",
    ),
    Mutant(
        "another bucket than the one with the .env",
        _told("CONFIG_BUCKET", "elsewhere"),
        "backend -> elsewhere/.env: asked for its settings, which no s3:GetObject lets",
    ),
    Mutant(
        "a secret that the role may not read",
        _told("DATABASE_SECRET", "arn:aws:secretsmanager:us-east-1:123456789012:secret:other"),
        "backend -> arn:aws:secretsmanager:us-east-1:123456789012:secret:other: asked for its",
    ),
    Mutant(
        "the rest of the program in a parameter that the role may not read",
        _without_sid("BackendStackPolicy", "ReadBootLibrary"),
        "backend -> arn:aws:ssm:REGION:ACCOUNT:parameter/clinic/clinic-",
    ),
    Mutant(
        "the rest of the program in somebody else's parameter",
        _told("LIBRARY_PARAMETER", "/somebody/else"),
        "backend -> arn:aws:ssm:REGION:ACCOUNT:parameter/somebody/else: asked for its settings",
    ),
    Mutant(
        "a right to every parameter of the account",
        _by_sid("BackendStackPolicy", "ReadBootLibrary", Resource=["*"]),
        "backend -> *: ssm:GetParameter is not expected",
    ),
    Mutant(
        "a secret that the database's address is not in",
        _set("DatabaseSecretAttachment", SecretId={"Ref": "OriginVerifySecret"}),
        "backend -> database: looked for in",
        env="prod",
    ),
    Mutant(
        "a database of another name",
        _set("Database", DBName="patients"),
        "backend -> database: asked for database",
    ),
    Mutant(
        "a database that answers without TLS",
        _set("DatabaseParameters", Parameters={"rds.force_ssl": "0"}),
        "backend -> database: answers without TLS: rds.force_ssl is off",
    ),
    Mutant(
        "a health path that the instances do not ask",
        _set("TargetGroup", HealthCheckPath="/health"),
        "backend -> TargetGroup: asked on /health, and well when /api answers",
    ),
    Mutant(
        "instances that ask another health path",
        _told("HEALTH_PATH", "/ready"),
        "backend -> TargetGroup: asked on /api, and well when /ready answers",
    ),
    Mutant(
        "a target group on another port than the container's",
        _set("TargetGroup", Port=8080),
        "backend -> TargetGroup: asked on port 8080, and listens to 3000",
    ),
)
MUTANTS = (*PLACES, *USER_DATA, *NETWORK, *BALANCER, *EDGE, *BEHAVIOURS, *STORAGE, *ROLES)
