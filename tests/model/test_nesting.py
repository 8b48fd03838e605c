"""Sets of nested templates as others write them, judged as the one template they amount to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.checks.reach import prove
from generator.errors import ClinicError
from generator.model import view
from tests.checks.sets import stack

PARAMETER = {"Type": "String"}
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
NETWORK = {"Resources": {"Vpc": VPC}, "Outputs": {"VpcId": {"Value": {"Ref": "Vpc"}}}}


def _group(port: int) -> dict[str, Any]:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0"}
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"VpcId": {"Ref": "VpcId"}, "SecurityGroupIngress": [rule]},
    }


def _server(port: int) -> dict[str, Any]:
    """A network interface's worth of templates: a group, and an instance in it."""
    placed = {"SubnetId": {"Ref": "Subnet"}, "SecurityGroupIds": [{"Ref": "Group"}]}
    return {
        "Parameters": {"VpcId": PARAMETER, "Subnet": PARAMETER},
        "Resources": {
            "Group": _group(port),
            "Server": {"Type": "AWS::EC2::Instance", "Properties": placed},
        },
    }


def _network() -> dict[str, Any]:
    vpc = {"Ref": "Vpc"}
    route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gate"}}
    subnet = {"VpcId": vpc, "CidrBlock": "10.0.0.0/24", "MapPublicIpOnLaunch": True}
    joined = {"RouteTableId": {"Ref": "Table"}, "SubnetId": {"Ref": "Subnet"}}
    kinds = {
        "Gate": ("InternetGateway", {}),
        "Attached": ("VPCGatewayAttachment", {"VpcId": vpc, "InternetGatewayId": {"Ref": "Gate"}}),
        "Subnet": ("Subnet", subnet),
        "Table": ("RouteTable", {"VpcId": vpc}),
        "Route": ("Route", {"RouteTableId": {"Ref": "Table"}, **route}),
        "Joined": ("SubnetRouteTableAssociation", joined),
    }
    made = {
        name: {"Type": f"AWS::EC2::{kind}", "Properties": properties}
        for name, (kind, properties) in kinds.items()
    }
    return {
        "Resources": {"Vpc": VPC, **made},
        "Outputs": {
            "VpcId": {"Value": vpc},
            "Subnet": {"Value": {"Ref": "Subnet"}},
        },
    }


PLACE = {name: {"Fn::GetAtt": ["NetworkStack", f"Outputs.{name}"]} for name in ("VpcId", "Subnet")}


def _seen(folder: Path, files: dict[str, Any]) -> view.View:
    for path, document in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(document))
    (folder / "values").mkdir()
    (folder / "values" / "mine.json").write_text("[]")
    return view.load(str(folder / "values" / "mine.json"), folder, folder)


def _root(**stacks: Any) -> dict[str, Any]:
    return {"Parameters": {"TemplateBaseUrl": PARAMETER}, "Resources": stacks}


@pytest.mark.parametrize("port", [22, 80])
def test_what_has_one_logical_id_in_two_stacks_is_judged_twice(port: int, tmp_path: Path) -> None:
    root = _root(
        NetworkStack=stack("network"),
        OneStack=stack("one", **PLACE),
        OtherStack=stack("other", **PLACE),
    )
    servers = {"one.json": _server(port), "other.json": _server(80 if port == 22 else 22)}
    seen = _seen(tmp_path, {"root.json": root, "network.json": _network(), **servers})
    assert seen.stacks["OneStackGroup"] == "OneStack"
    assert seen.resources["OtherStackServer"]["Properties"]["SecurityGroupIds"] == [
        {"Ref": "OtherStackGroup"}
    ]
    found = [d.sentence for d in prove(seen, tmp_path).differences]
    assert any("tcp 22 is not expected" in sentence for sentence in found), found


def test_one_template_that_two_stacks_use_is_there_twice(tmp_path: Path) -> None:
    child = {
        "Parameters": {"Port": {"Type": "Number", "Default": 80}, "VpcId": PARAMETER},
        "Conditions": {"IsWeb": {"Fn::Equals": [{"Ref": "Port"}, "80"]}},
        "Resources": {
            "Group": {**_group(0), "Condition": "IsWeb"},
            "Note": {
                "Type": "AWS::SSM::Parameter",
                "DependsOn": "Group",
                "Properties": {"Value": {"Fn::Sub": "${Group.GroupId} on ${Port}"}},
            },
        },
    }
    vpc = {"Fn::GetAtt": "NetworkStack.Outputs.VpcId"}
    root = _root(
        Web=stack("server", VpcId=vpc),
        Mail=stack("server", VpcId=vpc, Port="25"),
        NetworkStack=stack("network"),
    )
    seen = _seen(tmp_path, {"root.json": root, "network.json": NETWORK, "server.json": child})
    groups = [name for name in seen.resources if name.endswith("Group")]
    assert groups == ["WebGroup"]
    assert seen.resources["WebGroup"]["Properties"]["VpcId"] == {"Ref": "Vpc"}
    notes = {n: r["Properties"]["Value"] for n, r in seen.resources.items() if n.endswith("Note")}
    assert notes == {
        "WebNote": {"Fn::Sub": "${WebGroup.GroupId} on 80"},
        "MailNote": {"Fn::Sub": "${MailGroup.GroupId} on 25"},
    }
    assert seen.resources["MailNote"]["DependsOn"] == "MailGroup"


def test_stacks_may_stand_in_any_order_but_not_wait_for_each_other(tmp_path: Path) -> None:
    child = {
        "Parameters": {"VpcId": PARAMETER},
        "Resources": {"Group": _group(80)},
        "Outputs": {"GroupId": {"Value": {"Ref": "Group"}}},
    }
    ask = {"Fn::GetAtt": ["NetworkStack", "Outputs.VpcId"]}
    files = {
        "root.json": _root(GroupStack=stack("group", VpcId=ask), NetworkStack=stack("network"))
    }
    seen = _seen(tmp_path / "fine", files | {"network.json": NETWORK, "group.json": child})
    assert seen.resources["Group"]["Properties"]["VpcId"] == {"Ref": "Vpc"}
    waits = {"Parameters": {"GroupId": PARAMETER}, **NETWORK}
    circle = _root(
        GroupStack=stack("group", VpcId=ask),
        NetworkStack=stack("network", GroupId={"Fn::GetAtt": ["GroupStack", "Outputs.GroupId"]}),
    )
    with pytest.raises(ClinicError, match="waits for itself"):
        _seen(
            tmp_path / "circle", {"root.json": circle, "network.json": waits, "group.json": child}
        )


def test_children_are_found_by_their_path(tmp_path: Path) -> None:
    def child(block: str) -> dict[str, Any]:
        return {"Resources": {"Vpc": {**VPC, "Properties": {"CidrBlock": block}}}}

    root = _root(A=stack("a/network"), B=stack("b/network"))
    root["Resources"]["B"]["Properties"]["TemplateURL"] = "https://x.example/set/b/network.json?v=1"
    files = {"a/network.json": child("10.1.0.0/16"), "b/network.json": child("10.2.0.0/16")}
    seen = _seen(tmp_path, {"root.json": root, **files, "b/package.json": {"name": "no template"}})
    assert {n: v["CidrBlock"] for n, v in seen.of_type("AWS::EC2::VPC").items()} == {
        "AVpc": "10.1.0.0/16",
        "BVpc": "10.2.0.0/16",
    }
    assert seen.layers == {"AVpc": "a/network", "BVpc": "b/network"}


def test_one_condition_name_may_mean_two_things(tmp_path: Path) -> None:
    def child(word: str, name: str) -> dict[str, Any]:
        return {
            "Conditions": {
                "IsOn": {"Fn::Equals": [word, "on"]},
                "IsOff": {"Fn::Not": [{"Condition": "IsOn"}]},
            },
            "Resources": {
                f"{name}On": {"Type": "AWS::SNS::Topic", "Condition": "IsOn"},
                f"{name}Off": {"Type": "AWS::SNS::Topic", "Condition": "IsOff"},
            },
        }

    files = {"one.json": child("on", "One"), "two.json": child("off", "Two")}
    root = _root(OneStack=stack("one"), TwoStack=stack("two"))
    seen = _seen(tmp_path, {"root.json": root, **files})
    assert sorted(seen.resources) == ["OneOn", "TwoOff"]


def test_what_a_stack_under_a_condition_holds_is_under_it_too(tmp_path: Path) -> None:
    inner = {
        "Conditions": {"IsAny": {"Fn::Equals": ["a", "a"]}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsAny"},
            "Plain": {"Type": "AWS::SNS::Topic"},
        },
    }
    middle = {"Resources": {"Deep": stack("inner")}}
    root = _root(On=stack("middle"), Off={**stack("middle"), "Condition": "Never"})
    root["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    seen = _seen(tmp_path, {"root.json": root, "middle.json": middle, "inner.json": inner})
    assert sorted(seen.resources) == ["OnDeepPlain", "OnDeepTopic"]
    assert set(seen.stacks.values()) == {"On", "Off"}


def test_a_parameter_that_nobody_passes_has_its_default_and_not_its_namesake(
    tmp_path: Path,
) -> None:
    child = {
        "Parameters": {"Cidr": {"Type": "String", "Default": "10.9.0.0/16"}},
        "Resources": {"Vpc": {**VPC, "Properties": {"CidrBlock": {"Ref": "Cidr"}}}},
    }
    root = _root(NetworkStack=stack("network"))
    root["Parameters"]["Cidr"] = {"Type": "String", "Default": "10.1.0.0/16"}
    seen = _seen(tmp_path, {"root.json": root, "network.json": child})
    assert seen.resources["Vpc"]["Properties"]["CidrBlock"] == "10.9.0.0/16"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Parameters": {"Own": PARAMETER}}, "NetworkStack is not passed Own"),
        ({"Resources": {"Again": stack("network")}}, "Again is made by network, which it is in"),
    ],
)
def test_what_does_not_hold_together_is_one_sentence(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    root = _root(NetworkStack=stack("network"))
    with pytest.raises(ClinicError, match=says) as told:
        _seen(tmp_path, {"root.json": root, "network.json": {**NETWORK, **change}})
    assert "\n" not in str(told.value)
