"""The types that the adapter adds are created, read back through their services, and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.local.conftest import Stacks
from tests.local.templates import (
    BALANCER,
    NAMED,
    NETWORK,
    ROLE,
    Template,
    att,
    ref,
    resource,
    template,
)


def test_an_address_and_its_nat_gateway(stacks: Stacks, aws: Callable[..., Any]) -> None:
    nat = resource(
        "AWS::EC2::NatGateway",
        SubnetId=ref("SubnetA"),
        AllocationId=att("Address", "AllocationId"),
        Tags=NAMED,
    )
    address = resource("AWS::EC2::EIP", Domain="vpc", Tags=NAMED)
    body = NETWORK | {"Address": address, "Nat": nat}
    got = stacks.made(
        "nat",
        template(
            body,
            Ip=ref("Address"),
            Allocation=att("Address", "AllocationId"),
            Nat=ref("Nat"),
            NatId=att("Nat", "NatGatewayId"),
        ),
    )
    ec2 = aws("ec2")
    result = ec2.describe_addresses(PublicIps=[got["Ip"]])["Addresses"][0]
    assert result["AllocationId"] == got["Allocation"]
    assert NAMED[0] in result["Tags"]
    gateway = ec2.describe_nat_gateways(NatGatewayIds=[got["NatId"]])["NatGateways"][0]
    assert (gateway["State"], NAMED[0] in gateway["Tags"]) == ("available", True)
    assert got["Nat"] == got["NatId"]
    stacks.gone("nat")
    assert not ec2.describe_addresses()["Addresses"]
    alive = [g for g in ec2.describe_nat_gateways()["NatGateways"] if g["State"] == "available"]
    assert not alive


def test_a_flow_log_of_a_network(stacks: Stacks, aws: Callable[..., Any]) -> None:
    log = resource(
        "AWS::EC2::FlowLog",
        ResourceId=ref("Vpc"),
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="flows",
    )
    got = stacks.made("flows", template(NETWORK | {"Log": log}, Vpc=ref("Vpc"), Log=ref("Log")))
    ec2 = aws("ec2")
    result = ec2.describe_flow_logs()["FlowLogs"]
    assert [(f["FlowLogId"], f["ResourceId"]) for f in result] == [(got["Log"], got["Vpc"])]
    stacks.gone("flows")
    assert not ec2.describe_flow_logs()["FlowLogs"]


def test_rules_of_security_groups_come_change_and_go(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    def groups(port: int) -> Template:
        rule = {"GroupId": ref("Back"), "IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        group = resource("AWS::EC2::SecurityGroup", GroupDescription="x", VpcId=ref("Vpc"))
        way_in, way_out = "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
        rules = {
            "In": resource(way_in, **rule, SourceSecurityGroupId=ref("Front"), Description="app"),
            "Cdn": resource(way_in, **rule, SourcePrefixListId="pl-3b927c52"),
            "Out": resource(way_out, **rule, CidrIp="10.0.0.0/24"),
        }
        body = NETWORK | {"Front": group, "Back": group} | rules
        return template(body, Front=ref("Front"), Back=ref("Back"), In=ref("In"))

    def ports(rules: list[dict[str, Any]]) -> set[int]:
        return {rule["FromPort"] for rule in rules if "FromPort" in rule}

    got = stacks.made("rules", groups(3000))
    ec2 = aws("ec2")

    def back() -> dict[str, Any]:
        result: dict[str, Any] = ec2.describe_security_groups(GroupIds=[got["Back"]])
        group: dict[str, Any] = result["SecurityGroups"][0]
        return group

    assert got["In"].startswith("sgr-")
    pairs = [p for rule in back()["IpPermissions"] for p in rule.get("UserIdGroupPairs", [])]
    assert [(p["GroupId"], p["Description"]) for p in pairs] == [(got["Front"], "app")]
    assert ports(back()["IpPermissionsEgress"]) == {3000}
    assert stacks.update("rules", groups(3001))["StackStatus"] == "UPDATE_COMPLETE"
    assert ports(back()["IpPermissions"]) == ports(back()["IpPermissionsEgress"]) == {3001}
    stacks.gone("rules")


def test_a_vpc_origin_of_an_internal_balancer(stacks: Stacks, aws: Callable[..., Any]) -> None:
    origin = resource(
        "AWS::CloudFront::VpcOrigin",
        VpcOriginEndpointConfig={
            "Name": "alb",
            "Arn": ref("Alb"),
            "OriginProtocolPolicy": "http-only",
            "OriginSSLProtocols": ["TLSv1.2"],
        },
        Tags=NAMED,
    )
    got = stacks.made("origin", template(BALANCER | {"Origin": origin}, Id=att("Origin", "Id")))
    result = aws("cloudfront").get_vpc_origin(Id=got["Id"])["VpcOrigin"]
    config = result["VpcOriginEndpointConfig"]
    assert (config["Name"], config["HTTPPort"]) == ("alb", 80)
    assert config["OriginSslProtocols"]["Items"] == ["TLSv1.2"]
    stacks.gone("origin")
    assert not aws("cloudfront").list_vpc_origins()["VpcOriginList"].get("Items")


def test_a_web_acl_goes_to_a_balancer_and_leaves_it(
    stacks: Stacks, aws: Callable[..., Any]
) -> None:
    acl = resource(
        "AWS::WAFv2::WebACL",
        Name="acl",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig={
            "SampledRequestsEnabled": True,
            "CloudWatchMetricsEnabled": True,
            "MetricName": "acl",
        },
    )
    both = resource(
        "AWS::WAFv2::WebACLAssociation", ResourceArn=ref("Alb"), WebACLArn=att("Acl", "Arn")
    )
    got = stacks.made(
        "acl",
        template(BALANCER | {"Acl": acl, "Both": both}, Alb=ref("Alb"), Acl=att("Acl", "Arn")),
    )
    waf = aws("wafv2")
    assert waf.get_web_acl_for_resource(ResourceArn=got["Alb"])["WebACL"]["ARN"] == got["Acl"]
    stacks.gone("acl")
    assert not waf.list_web_acls(Scope="REGIONAL")["WebACLs"]


def test_a_backup_plan_selects_and_lets_go(stacks: Stacks, aws: Callable[..., Any]) -> None:
    plan = resource(
        "AWS::Backup::BackupPlan",
        BackupPlan={
            "BackupPlanName": "daily",
            "BackupPlanRule": [{"RuleName": "daily", "TargetBackupVault": ref("Vault")}],
        },
    )
    selection = resource(
        "AWS::Backup::BackupSelection",
        BackupPlanId=ref("Plan"),
        BackupSelection={
            "SelectionName": "database",
            "IamRoleArn": att("Role", "Arn"),
            "Resources": ["arn:aws:rds:us-east-1:111122223333:db:clinic"],
        },
    )
    vault = resource("AWS::Backup::BackupVault", BackupVaultName="clinic")
    body = {"Vault": vault, "Role": ROLE, "Plan": plan, "Selection": selection}
    got = stacks.made("backup", template(body, Plan=ref("Plan")))
    backup = aws("backup")
    result = backup.list_backup_selections(BackupPlanId=got["Plan"])["BackupSelectionsList"]
    assert [one["SelectionName"] for one in result] == ["database"]
    stacks.gone("backup")


def test_what_has_no_service_behind_it_is_remembered(stacks: Stacks) -> None:
    pool = resource("AWS::AutoScaling::WarmPool", AutoScalingGroupName="g", MinSize="1")
    events = resource("AWS::RDS::EventSubscription", SnsTopicArn="arn", Enabled=True)
    stacks.made("remembered", template({"Pool": pool, "Events": events}))
    assert stacks.physical("remembered", "Pool")
    stacks.gone("remembered")


FUNCTION = (
    "import boto3, cfnresponse\n"
    "def handler(event, context):\n"
    "    account = boto3.client('sts').get_caller_identity()['Account']\n"
    "    good = event['ResourceProperties']['Good'] == 'yes'\n"
    "    status = cfnresponse.SUCCESS if good else cfnresponse.FAILED\n"
    "    cfnresponse.send(event, context, status, {'Account': account}, 'it', reason='no')\n"
)


def test_a_function_written_in_a_template_can_answer_the_stack(
    stacks: Stacks, account: str
) -> None:
    function = resource(
        "AWS::Lambda::Function",
        Runtime="python3.12",
        Handler="index.handler",
        Code={"ZipFile": FUNCTION},
        Role=att("Role", "Arn"),
    )
    custom = resource("Custom::Thing", ServiceToken=att("Function", "Arn"), Good=ref("Good"))
    body = template(
        {"Role": ROLE, "Function": function, "Thing": custom}, Account=att("Thing", "Account")
    )
    body["Parameters"] = {"Good": {"Type": "String", "Default": "yes"}}
    assert stacks.made("custom", body) == {"Account": account}
    assert stacks.physical("custom", "Thing") == "it"
    assert stacks.update("custom", body, Good="no")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.reason("custom", "Thing", "UPDATE_FAILED") == "no"
