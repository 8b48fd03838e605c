"""NAT gateways, the instances' default routes, flow logs, the default security group closed.

Only the backend waits for this layer, so a NAT gateway delays neither database nor balancer.
"""

from __future__ import annotations

from typing import Any

import awacs.ec2
import awacs.logs
from troposphere import (
    And,
    Condition,
    Equals,
    If,
    Join,
    Not,
    NoValue,
    Ref,
    Select,
    Sub,
    Template,
    cloudformation,
    ec2,
    iam,
    logs,
)

from generator.layer import Layer, Name, Values
from generator.layers.monitoring import ALARM_TOPIC_ARN
from generator.layers.network import (
    ANYWHERE,
    APP_ROUTE_TABLE_IDS,
    DEFAULT_SECURITY_GROUP_ID,
    INTERNET_GATEWAY_ID,
    PUBLIC_SUBNET_IDS,
    VPC_ID,
    ZONE_LETTERS,
    ZONES,
    has_third_zone,
)
from generator.layers.secrets import CUSTOMER_KEY, CUSTOMER_KEY_ARN, key_id
from generator.layers.shared import (
    ENVIRONMENT_NAME,
    LOG_RETENTION_DAYS,
    allow,
    choice,
    flag,
    is_true,
    policy,
    tags,
)
from generator.layers.shared.inline_function import inline_function
from generator.layers.shared.roles import PERMISSIONS_BOUNDARY, role

NAT_GATEWAYS = choice(
    "NatGateways",
    "How instances reach the internet. none: by public addresses of their own behind a closed "
    "group (cheapest). one: private, through one NAT gateway. per-zone: one in each zone.",
    "one",
    "none",
    "per-zone",
)
FLOW_LOGS = flag("FlowLogs", "true: record every connection in the network (control EC2.6).")
CLOSE_DEFAULT_SECURITY_GROUP = flag(
    "CloseDefaultSecurityGroup",
    "true: a small function takes all rules from the VPC's default group (control EC2.2).",
)

INSTANCE_PUBLIC_ADDRESS = Name(
    "InstancePublicAddress",
    Type="String",
    AllowedValues=["true", "false"],
    Description="Whether an instance needs a public address to get out.",
)


def build(template: Template, values: Values) -> Values:
    no_nat = template.add_condition("HasNoNat", Equals(values[NAT_GATEWAYS], "none"))
    _default_routes(template, values, no_nat)
    _flow_log(template, values)
    _closed_default_group(template, values)
    return {INSTANCE_PUBLIC_ADDRESS: If(no_nat, "true", "false")}


def _default_routes(template: Template, values: Values, no_nat: str) -> None:
    third = has_third_zone(template, values)
    template.add_condition("HasNat", Not(Condition(no_nat)))
    template.add_condition("HasNatPerZone", Equals(values[NAT_GATEWAYS], "per-zone"))
    template.add_condition("HasThirdNat", And(Condition("HasNatPerZone"), Condition(third)))
    gateways = [
        _nat_gateway(template, values, index, condition)
        for index, condition in enumerate(("HasNat", "HasNatPerZone", "HasThirdNat"))
    ]
    for index, zone in enumerate(ZONE_LETTERS):
        nearest = gateways[0] if zone == "A" else If("HasNatPerZone", gateways[index], gateways[0])
        condition: dict[str, Any] = {"Condition": third} if zone == "C" else {}
        route = ec2.Route(
            f"AppRoute{zone}",
            RouteTableId=Select(index, values[APP_ROUTE_TABLE_IDS]),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=If(no_nat, values[INTERNET_GATEWAY_ID], NoValue),
            NatGatewayId=If(no_nat, NoValue, nearest),
            **condition,
        )
        # One route with either target: two would exclude each other while NatGateways changes.
        template.add_resource(route.no_validation())


def _nat_gateway(template: Template, values: Values, index: int, condition: str) -> Ref:
    zone = ZONE_LETTERS[index]
    address = template.add_resource(
        ec2.EIP(
            f"NatAddress{zone}",
            Condition=condition,
            Domain="vpc",
            Tags=tags(values, f"nat-{zone}".lower()),
        )
    )
    gateway = ec2.NatGateway(
        f"NatGateway{zone}",
        Condition=condition,
        AllocationId=address.get_att("AllocationId"),
        SubnetId=Select(index, values[PUBLIC_SUBNET_IDS]),
        Tags=tags(values, f"nat-{zone}".lower()),
    )
    return template.add_resource(gateway).ref()


def _flow_log(template: Template, values: Values) -> None:
    condition = is_true(template, values, FLOW_LOGS)
    group = template.add_resource(
        logs.LogGroup(
            "FlowLogGroup",
            Condition=condition,
            RetentionInDays=values[LOG_RETENTION_DAYS],
            KmsKeyId=key_id(template, values),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    )
    writer = role(template, values, "FlowLogRole", "vpc-flow-logs", Condition=condition)
    write = allow(
        [
            awacs.logs.CreateLogStream,
            awacs.logs.PutLogEvents,
            awacs.logs.DescribeLogStreams,
        ],
        [group.get_att("Arn")],
    )
    template.add_resource(
        iam.ManagedPolicy(
            "FlowLogPolicy",
            Condition=condition,
            PolicyDocument=policy(write),
            Roles=[writer.ref()],
        )
    )
    template.add_resource(
        ec2.FlowLog(
            "FlowLog",
            Condition=condition,
            ResourceId=values[VPC_ID],
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=group.ref(),
            DeliverLogsPermissionArn=writer.get_att("Arn"),
            Tags=tags(values, "flow-log"),
        )
    )


def _closed_default_group(template: Template, values: Values) -> None:
    group = values[DEFAULT_SECURITY_GROUP_ID]
    groups = Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:security-group/")
    function = inline_function(
        template,
        values,
        "CloseDefaultGroup",
        "close_default_group.py",
        [
            allow([awacs.ec2.DescribeSecurityGroups], ["*"]),
            allow(
                [awacs.ec2.RevokeSecurityGroupIngress, awacs.ec2.RevokeSecurityGroupEgress],
                [Join("", [groups, group])],
            ),
        ],
        asynchronous=True,
        Condition=is_true(template, values, CLOSE_DEFAULT_SECURITY_GROUP),
        KmsKeyArn=key_id(template, values),
        Timeout=150,  # it waits until its role is known everywhere
    )
    closed = cloudformation.CustomResource(
        "ClosedDefaultGroup",
        Condition=function.Condition,
        ServiceToken=function.get_att("Arn"),
        ServiceTimeout=180,
    )
    closed.GroupId = group
    template.add_resource(closed)


PERIMETER = Layer(
    "Perimeter",
    build,
    owns=(
        "NAT gateways, the instances' default routes, flow logs, the closed default security group",
        "NAT gateways, rutas predeterminadas de las instancias, flow logs, el grupo de seguridad "
        "predeterminado ya cerrado",
    ),
    needs=(
        ENVIRONMENT_NAME,
        ZONES,
        VPC_ID,
        INTERNET_GATEWAY_ID,
        DEFAULT_SECURITY_GROUP_ID,
        PUBLIC_SUBNET_IDS,
        APP_ROUTE_TABLE_IDS,
        NAT_GATEWAYS,
        FLOW_LOGS,
        CLOSE_DEFAULT_SECURITY_GROUP,
        LOG_RETENTION_DAYS,
        ALARM_TOPIC_ARN,
        CUSTOMER_KEY,
        CUSTOMER_KEY_ARN,
        PERMISSIONS_BOUNDARY,
    ),
    offers=(INSTANCE_PUBLIC_ADDRESS,),
    # Not AppRouteC, which may not exist; an instance in zone C repeats what fails until it does.
    settles=("AppRouteA", "AppRouteB"),
)
