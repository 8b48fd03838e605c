from __future__ import annotations

import pytest

from tests.resolved import actions, of_type, properties, resources


@pytest.mark.parametrize(
    ("nat", "zones", "gateways"),
    [
        ("none", "2", ""),
        ("none", "3", ""),
        ("one", "2", "A"),
        ("one", "3", "A"),
        ("per-zone", "2", "AB"),
        ("per-zone", "3", "ABC"),
    ],
)
def test_there_are_as_many_nat_gateways_as_chosen(nat, zones, gateways):
    made = of_type("AWS::EC2::NatGateway", NatGateways=nat, Zones=zones)
    assert set(made) == {f"NatGateway{letter}" for letter in gateways}
    assert all(
        gateway["SubnetId"] == {"Ref": f"PublicSubnet{name[-1]}"} for name, gateway in made.items()
    )


@pytest.mark.parametrize("zones", ["2", "3"])
def test_without_nat_instances_go_out_by_the_internet_gateway_and_addresses_of_their_own(zones):
    choice = {"NatGateways": "none", "Zones": zones}
    for zone in "ABC"[: int(zones)]:
        route = properties(f"AppRoute{zone}", **choice)
        assert route["GatewayId"] == {"Ref": "InternetGateway"}
        assert "NatGatewayId" not in route
    [interface] = properties("LaunchTemplate", **choice)["LaunchTemplateData"]["NetworkInterfaces"]
    assert interface["AssociatePublicIpAddress"] == "true"


@pytest.mark.parametrize(("nat", "nearest"), [("one", "AAA"), ("per-zone", "ABC")])
def test_with_nat_instances_are_private_and_use_the_nearest_gateway(nat, nearest):
    choice = {"NatGateways": nat, "Zones": "3"}
    for zone, gateway in zip("ABC", nearest, strict=True):
        route = properties(f"AppRoute{zone}", **choice)
        assert route["NatGatewayId"] == {"Ref": f"NatGateway{gateway}"}
        assert "GatewayId" not in route
        assert route["RouteTableId"] == {"Ref": f"AppRouteTable{zone}"}
    [interface] = properties("LaunchTemplate", **choice)["LaunchTemplateData"]["NetworkInterfaces"]
    assert interface["AssociatePublicIpAddress"] == "false"


def test_flow_logs_record_all_traffic_of_the_network():
    log = properties("FlowLog", FlowLogs="true")
    assert log["ResourceId"] == {"Ref": "Vpc"}
    assert log["TrafficType"] == "ALL"


def test_the_function_that_closes_the_default_group_may_touch_no_other_group():
    policy = properties("CloseDefaultGroupPolicy", CloseDefaultSecurityGroup="true")
    revoke = [
        statement
        for statement in policy["PolicyDocument"]["Statement"]
        if "ec2:RevokeSecurityGroupIngress" in statement["Action"]
    ]
    [statement] = revoke
    [arn] = statement["Resource"]
    assert arn["Fn::Join"][1][1] == {"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}
    assert "ec2:AuthorizeSecurityGroupIngress" not in actions(policy["PolicyDocument"])


def test_the_seed_has_no_functions_but_for_its_releases_and_the_end_of_the_databases_logs():
    functions = {"DatabaseLogsFunction", "ReleaseFunction"}
    assert set(of_type("AWS::Lambda::Function")) == functions
    assert "ClosedDefaultGroup" not in resources()
