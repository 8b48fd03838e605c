"""Addresses: the VPC, its subnets in two or three zones, internet gateway and S3 endpoint; and the
database's security group, without rules, since the database waits for this layer only."""

from __future__ import annotations

from typing import Any

from troposphere import Cidr, Equals, GetAZs, If, Ref, Select, Split, Sub, Template, ec2

from generator.layer import Layer, Name, Values
from generator.layers.shared import ENVIRONMENT_NAME, choice, is_given, optional, tags
from generator.layers.shared.closed_group import closed_group

OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
# With any other address than its first, AWS takes a range for another than the one that was typed.
SIZES = "|".join(
    rf"({'|'.join(map(str, range(0, 256, 2 ** (24 - bits))))})\.0/{bits}" for bits in range(16, 21)
)
VPC_CIDR = Name(
    "VpcCidr",
    Type="String",
    Default="10.0.0.0/16",
    Description="The address range of the network, /16 to /20; each subnet gets 256 of it.",
    AllowedPattern=rf"^(10\.{OCTET}|172\.(1[6-9]|2\d|3[01])|192\.168)\.({SIZES})$",
    ConstraintDescription="A private range of size /16 to /20, by its first address, such as "
    "10.0.0.0/16.",
)
ZONES = choice("Zones", "How many availability zones the system spreads over.", "2", "3")
_REGION = r"([a-z]{2}(-[a-z]+){1,2}-[0-9])"
ZONE_NAMES = optional(
    "ZoneNames",
    "Which zones, as many as Zones says, such as us-east-1a,us-east-1b. Empty: the first ones that "
    "AWS names. Cannot be changed later.",
    # One region, no zone twice.
    rf"{_REGION}([a-z]),\2(?!\4)([a-z])(,\2(?!\4|\5)[a-z])?",
    "Two or three different zones of this region, with commas between",
)

VPC_ID = Name("VpcId", Type="AWS::EC2::VPC::Id", Description="The network.")
INTERNET_GATEWAY_ID = Name("InternetGatewayId", Type="String", Description="The way in and out.")
DEFAULT_SECURITY_GROUP_ID = Name(
    "DefaultSecurityGroupId",
    Type="AWS::EC2::SecurityGroup::Id",
    Description="The group that AWS makes with a VPC; nothing here uses it.",
)
PUBLIC_SUBNET_IDS = Name(
    "PublicSubnetIds",
    Type="List<AWS::EC2::Subnet::Id>",
    Description="Subnets with a route to the internet: the balancer and NAT gateways.",
)
APP_SUBNET_IDS = Name(
    "AppSubnetIds",
    Type="List<AWS::EC2::Subnet::Id>",
    Description="Subnets of the instances.",
)
DATA_SUBNET_IDS = Name(
    "DataSubnetIds",
    Type="List<AWS::EC2::Subnet::Id>",
    Description="Subnets of the database: no route leaves the network.",
)
DATABASE_SECURITY_GROUP_ID = Name(
    "DatabaseSecurityGroupId", Type="AWS::EC2::SecurityGroup::Id", Description="sg-db-rds"
)
APP_ROUTE_TABLE_IDS = Name(
    "AppRouteTableIds",
    Type="CommaDelimitedList",
    Description="One route table for each zone's instances.",
)

ZONE_LETTERS = "ABC"
ANYWHERE = "0.0.0.0/0"


def has_third_zone(template: Template, values: Values) -> str:
    """The condition that switches everything in zone C."""
    return template.add_condition("HasThirdZone", Equals(values[ZONES], "3"))


def build(template: Template, values: Values) -> Values:
    third = has_third_zone(template, values)
    vpc = template.add_resource(
        ec2.VPC(
            "Vpc",
            CidrBlock=values[VPC_CIDR],
            EnableDnsSupport=True,
            EnableDnsHostnames=True,
            Tags=tags(values, "vpc"),
        )
    )
    public_table = _route_table(template, values, vpc, "PublicRouteTable")
    data_table = _route_table(template, values, vpc, "DataRouteTable")
    app_tables = [
        _route_table(template, values, vpc, f"AppRouteTable{zone}", **_in_zone(zone, third))
        for zone in ZONE_LETTERS
    ]
    template.add_resource(
        ec2.VPCEndpoint(
            "S3Endpoint",
            VpcId=vpc.ref(),
            ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
            VpcEndpointType="Gateway",
            RouteTableIds=_of_zones(third, app_tables),
        )
    )
    # Each kind has room for four zones, so that a third zone moves nobody's addresses.
    public = _subnets(template, values, vpc, "Public", 0, [public_table] * 3)
    app = _subnets(template, values, vpc, "App", 4, app_tables)
    data = _subnets(template, values, vpc, "Data", 8, [data_table] * 3)
    database = closed_group(template, values, "DatabaseSecurityGroup", "sg-db-rds", vpc.ref())
    return {
        VPC_ID: vpc.ref(),
        INTERNET_GATEWAY_ID: _internet_gateway(template, values, vpc, public_table),
        DEFAULT_SECURITY_GROUP_ID: vpc.get_att("DefaultSecurityGroup"),
        PUBLIC_SUBNET_IDS: _of_zones(third, public),
        APP_SUBNET_IDS: _of_zones(third, app),
        DATA_SUBNET_IDS: _of_zones(third, data),
        APP_ROUTE_TABLE_IDS: _of_zones(third, app_tables),
        DATABASE_SECURITY_GROUP_ID: database,
    }


def _internet_gateway(template: Template, values: Values, vpc: ec2.VPC, public_table: Ref) -> Ref:
    gateway = template.add_resource(
        ec2.InternetGateway("InternetGateway", Tags=tags(values, "internet"))
    )
    attachment = template.add_resource(
        ec2.VPCGatewayAttachment(
            "GatewayAttachment", VpcId=vpc.ref(), InternetGatewayId=gateway.ref()
        )
    )
    template.add_resource(
        ec2.Route(
            "PublicRoute",
            RouteTableId=public_table,
            DestinationCidrBlock=ANYWHERE,
            GatewayId=gateway.ref(),
            DependsOn=attachment.title,
        )
    )
    return gateway.ref()


def _in_zone(zone: str, third: str) -> dict[str, Any]:
    return {"Condition": third} if zone == "C" else {}


def _of_zones(third: str, per_zone: list[Ref]) -> If:
    """The list over all zones in use; it may only be handed on or ``Fn::Select``-ed."""
    return If(third, per_zone, per_zone[:2])


def _route_table(
    template: Template, values: Values, vpc: ec2.VPC, title: str, **condition: Any
) -> Ref:
    table = ec2.RouteTable(title, VpcId=vpc.ref(), Tags=tags(values, title), **condition)
    return template.add_resource(table).ref()


def _subnets(
    template: Template, values: Values, vpc: ec2.VPC, kind: str, first: int, tables: list[Ref]
) -> list[Ref]:
    chosen = is_given(template, values, ZONE_NAMES)
    zones = If(chosen, Split(",", values[ZONE_NAMES]), GetAZs(""))
    subnets = []
    for index, (zone, table) in enumerate(zip(ZONE_LETTERS, tables, strict=True)):
        condition = _in_zone(zone, has_third_zone(template, values))
        subnet = template.add_resource(
            ec2.Subnet(
                f"{kind}Subnet{zone}",
                VpcId=vpc.ref(),
                CidrBlock=Select(first + index, Cidr(values[VPC_CIDR], 12, 8)),
                AvailabilityZone=Select(index, zones),
                MapPublicIpOnLaunch=False,
                Tags=tags(values, f"{kind}{zone}".lower()),
                **condition,
            )
        )
        template.add_resource(
            ec2.SubnetRouteTableAssociation(
                f"{kind}SubnetRouteTable{zone}",
                SubnetId=subnet.ref(),
                RouteTableId=table,
                **condition,
            )
        )
        subnets.append(subnet.ref())
    return subnets


NETWORK = Layer(
    "Network",
    build,
    owns=(
        "VPC, public, application and data subnets, internet gateway, route tables, S3 gateway "
        "endpoint, `sg-db-rds`",
        "VPC, subredes públicas, de aplicación y de datos, internet gateway, tablas de rutas, "
        "gateway endpoint de S3, `sg-db-rds`",
    ),
    needs=(ENVIRONMENT_NAME, VPC_CIDR, ZONES, ZONE_NAMES),
    offers=(
        VPC_ID,
        INTERNET_GATEWAY_ID,
        DEFAULT_SECURITY_GROUP_ID,
        PUBLIC_SUBNET_IDS,
        APP_SUBNET_IDS,
        DATA_SUBNET_IDS,
        APP_ROUTE_TABLE_IDS,
        DATABASE_SECURITY_GROUP_ID,
    ),
    settles=(
        "GatewayAttachment",
        "PublicRoute",
        *(f"{kind}SubnetRouteTable{zone}" for kind in ("Public", "App") for zone in "AB"),
    ),
)
