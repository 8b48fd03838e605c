"""The network that the twin builds, as it is read from the templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.errors import ClinicError
from generator.twin import balancer, network_plan
from generator.twin.network import rule_set
from generator.twin.network_plan import BACKEND, BALANCER, CDN, DATABASE, FILES, NAT
from tests.twin.planned import planned


def kinds(env: str, **values: Any) -> list[str]:
    return [one.kind for one in network_plan.read(planned(env, **values)).interfaces]


def test_every_component_with_an_address_has_its_interfaces() -> None:
    assert sorted(kinds("seed")) == sorted([NAT, DATABASE] + [BALANCER, FILES] * 2)
    assert kinds("prod").count(NAT) == 2  # one for each zone
    assert CDN in kinds("prod")
    assert CDN not in kinds("seed")


def test_instances_take_subnets_in_turn_and_no_two_interfaces_share_an_address() -> None:
    deployed = planned("seed")
    network = network_plan.read(deployed)
    for number in range(4):
        network_plan.instance(deployed, network, number, f"i-{number}")
    instances = network.of_kind(BACKEND)
    assert len({one.subnet for one in instances}) == 2
    addresses = [one.address for one in network.interfaces]
    publics = [one.public for one in network.interfaces if one.public]
    assert len(set(addresses)) == len(addresses)
    assert len(set(publics)) == len(publics)


@pytest.mark.parametrize(
    ("name", "resource", "words"),
    [
        (
            "Entry",
            {"Type": "AWS::EC2::NetworkAclEntry", "Properties": {"NetworkAclId": "acl-1"}},
            "Entry: a network ACL",
        ),
        (
            "Peering",
            {
                "Type": "AWS::EC2::Route",
                "Properties": {
                    "RouteTableId": {"Ref": "PublicRouteTable"},
                    "DestinationCidrBlock": "192.168.0.0/16",
                    "VpcPeeringConnectionId": "pcx-1",
                },
            },
            "Peering: a route of this kind",
        ),
        (
            "Queue",
            {
                "Type": "AWS::EC2::VPCEndpoint",
                "Properties": {
                    "ServiceName": "com.amazonaws.us-east-1.sqs",
                    "VpcEndpointType": "Interface",
                },
            },
            "Queue: an endpoint for com.amazonaws.us-east-1.sqs",
        ),
    ],
)
def test_what_cannot_be_enacted_is_refused_with_its_place(
    name: str, resource: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClinicError, match=words):
        network_plan.read(planned("seed", {name: resource}))


def test_packets_are_dropped_unless_a_rule_of_a_group_lets_them_through() -> None:
    network = network_plan.read(planned("seed"))
    for number, interface in enumerate(network.interfaces):
        interface.router_device = f"e{number}"
    rules = "\n".join(rule_set(network))
    assert "type filter hook forward priority 0; policy drop;" in rules
    [database] = network.of_kind(DATABASE)
    _, _, chain = rules.partition(f"chain in_{database.router_device} {{")
    inside = chain.partition("}")[0].strip().splitlines()
    assert len(inside) == 2
    assert "tcp dport 5432-5432" in inside[0]
    assert inside[1] == "counter drop"
    assert "saddr @g_backendsecuritygroup_id" in inside[0]


def test_the_balancers_rules_are_tried_by_priority_and_its_values_are_words_of_their_own() -> None:
    deployed = planned("dev")
    node = next(iter(network_plan.read(deployed).of_kind(BALANCER)))
    text = "\n".join(balancer.configuration(deployed, node, Path("/run"), 0))
    assert "-m str -- '" in text
    assert text.index("set-var(txn.rule) str(default)") < text.index("set-var(txn.rule) str(r0)")
    assert "option httpchk" in text
    assert "http-check expect status 200-299" in text
