from __future__ import annotations

import re
from ipaddress import IPv4Network

import pytest

from tests.resolved import flat, of_type, properties, resources


@pytest.mark.parametrize(("zones", "letters"), [("2", "AB"), ("3", "ABC")])
def test_each_zone_has_a_public_an_application_and_a_data_subnet(zones, letters):
    subnets = of_type("AWS::EC2::Subnet", Zones=zones)
    assert set(subnets) == {
        f"{kind}Subnet{z}" for kind in ("Public", "App", "Data") for z in letters
    }


def test_subnets_of_one_kind_lie_in_different_zones():
    subnets = of_type("AWS::EC2::Subnet", Zones="3")
    for kind in ("Public", "App", "Data"):
        zones = [subnets[f"{kind}Subnet{letter}"]["AvailabilityZone"] for letter in "ABC"]
        assert zones == ["us-east-1a", "us-east-1b", "us-east-1c"]


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.20.0.0/18", "192.168.0.0/20"])
def test_subnets_lie_inside_the_network_and_do_not_overlap(cidr):
    blocks = [
        IPv4Network(subnet["CidrBlock"])
        for subnet in of_type("AWS::EC2::Subnet", Zones="3", VpcCidr=cidr).values()
    ]
    assert all(block.subnet_of(IPv4Network(cidr)) for block in blocks)
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)


def test_a_third_zone_moves_no_address_of_the_other_two():
    two, three = of_type("AWS::EC2::Subnet", Zones="2"), of_type("AWS::EC2::Subnet", Zones="3")
    assert {name: three[name] for name in two} == two


def test_no_subnet_gives_public_addresses_by_itself():
    subnets = of_type("AWS::EC2::Subnet", Zones="3").values()
    assert all(subnet["MapPublicIpOnLaunch"] is False for subnet in subnets)


def test_no_route_leads_out_of_the_data_subnets():
    made = resources(Zones="3")
    tables = {
        association["RouteTableId"]["Ref"]
        for name, association in of_type("AWS::EC2::SubnetRouteTableAssociation", Zones="3").items()
        if name.startswith("DataSubnet")
    }
    routed = {
        resource["Properties"]["RouteTableId"]["Ref"]
        for resource in made.values()
        if resource["Type"] == "AWS::EC2::Route"
    }
    assert tables == {"DataRouteTable"}
    assert not tables & routed


def test_instances_reach_s3_without_the_internet():
    endpoint = properties("S3Endpoint", Zones="3")
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3"
    assert [table["Ref"] for table in endpoint["RouteTableIds"]] == [
        "AppRouteTableA",
        "AppRouteTableB",
        "AppRouteTableC",
    ]


@pytest.mark.parametrize("cidr", ["10.999.0.0/16", "172.32.0.0/16", "192.0.0.0/16", "10.0.0.0/8"])
def test_only_a_private_range_of_a_fitting_size_is_taken(cidr):
    pattern = flat()["Parameters"]["VpcCidr"]["AllowedPattern"]
    assert not re.fullmatch(pattern, cidr)
    assert re.fullmatch(pattern, "172.31.240.0/20")


def placed(**given):
    subnets = of_type("AWS::EC2::Subnet", **given)
    return {name[-1]: subnet["AvailabilityZone"] for name, subnet in subnets.items()}


def test_subnets_are_in_the_zones_that_were_named():
    assert placed(ZoneNames="us-east-1d,us-east-1b") == {"A": "us-east-1d", "B": "us-east-1b"}
    three = placed(Zones="3", ZoneNames="us-east-1d,us-east-1b,us-east-1c")
    assert three == {"A": "us-east-1d", "B": "us-east-1b", "C": "us-east-1c"}


def test_without_names_subnets_stay_where_they_are():
    """Another zone would replace a subnet, and its addresses are taken until it is gone."""
    was = {zone: {"Fn::Select": [i, {"Fn::GetAZs": ""}]} for i, zone in enumerate("AB")}
    assert placed() == was or placed() == {"A": "us-east-1a", "B": "us-east-1b"}


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        ("", True),
        ("us-east-1a,us-east-1b", True),
        ("us-gov-west-1a,us-gov-west-1c,us-gov-west-1b", True),
        ("us-east-1a", False),
        ("us-east-1a,us-east-1a", False),
        ("us-east-1a,us-east-1b,us-east-1a", False),
        ("us-east-1a,us-east-1b,us-east-1b", False),
        ("us-east-1a,us-west-2b", False),
        ("us-east-1a, us-east-1b", False),
        ("us-east-1a,us-east-1b,us-east-1c,us-east-1d", False),
        ("us-east-1-bos-1a,us-east-1b", False),
    ],
)
def test_two_or_three_different_zones_of_one_region_are_taken(names, taken):
    pattern = flat()["Parameters"]["ZoneNames"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, names)) is taken
