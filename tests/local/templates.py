"""Short ways to write the templates of these tests."""

from __future__ import annotations

from typing import Any

Template = dict[str, Any]


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(resource: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, attribute]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


ZONE = {"Fn::Select": [0, {"Fn::GetAZs": ""}]}
ROLE = resource(
    "AWS::IAM::Role",
    AssumeRolePolicyDocument={"Statement": []},
)
NETWORK: dict[str, Any] = {
    "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
    "SubnetA": resource(
        "AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24", AvailabilityZone=ZONE
    ),
    "SubnetB": resource(
        "AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24", AvailabilityZone=ZONE
    ),
}
BALANCER = NETWORK | {
    "Alb": resource(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Subnets=[ref("SubnetA"), ref("SubnetB")],
        Scheme="internal",
    )
}
NAMED = [{"Key": "Name", "Value": "clinic"}]


def template(resources: dict[str, Any], **outputs: Any) -> Template:
    return {
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
