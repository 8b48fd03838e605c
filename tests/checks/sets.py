"""A generated set as small as it can be, to be broken by tests."""

from __future__ import annotations

import json
from typing import Any

VPC = {
    "Type": "AWS::EC2::VPC",
    "Properties": {
        "CidrBlock": {"Ref": "VpcCidr"},
        "Tags": [{"Key": "Name", "Value": {"Fn::Sub": "${AWS::StackName}-vpc"}}],
    },
}
GROUP: dict[str, Any] = {
    "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
    "Properties": {
        "VpcId": {"Ref": "VpcId"},
        "Port": 80,
        "Protocol": "HTTP",
        "HealthCheckTimeoutSeconds": 6,
        "HealthCheckIntervalSeconds": {"Ref": "Interval"},
        "Tags": [{"Key": "Name", "Value": {"Fn::Sub": "${AWS::StackName}-targets"}}],
    },
}
CIDR = {"Type": "String", "Default": "10.0.0.0/16", "AllowedPattern": "^10[.0-9]+/16$"}
INTERVAL = {"Type": "Number", "Default": 10}


def stack(child: str, **parameters: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {
            "TemplateURL": {"Fn::Sub": f"${{TemplateBaseUrl}}/{child}.json"},
            "Parameters": parameters,
            "Tags": [{"Key": "Layer", "Value": child}],
        },
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
    }


def small() -> dict[str, Any]:
    """Two layers in both forms, by path under output/; nothing is wrong with them."""
    url = {"Type": "String"}
    in_flat = GROUP | {"Properties": GROUP["Properties"] | {"VpcId": {"Ref": "Vpc"}}}
    documents: dict[str, Any] = {
        "nested/root.json": {
            "Parameters": {"TemplateBaseUrl": url, "VpcCidr": CIDR, "Interval": INTERVAL},
            "Resources": {
                "NetworkStack": stack("network", VpcCidr={"Ref": "VpcCidr"}),
                "BalancerStack": stack(
                    "balancer",
                    VpcId={"Fn::GetAtt": ["NetworkStack", "Outputs.VpcId"]},
                    Interval={"Ref": "Interval"},
                ),
            },
        },
        "nested/network.json": {
            "Parameters": {"VpcCidr": CIDR},
            "Resources": {"Vpc": VPC},
            "Outputs": {"VpcId": {"Value": {"Ref": "Vpc"}}},
        },
        "nested/balancer.json": {
            "Parameters": {"VpcId": {"Type": "AWS::EC2::VPC::Id"}, "Interval": INTERVAL},
            "Resources": {"Targets": GROUP},
        },
        "flat.json": {
            "Parameters": {"VpcCidr": CIDR, "Interval": INTERVAL},
            "Resources": {"Vpc": VPC, "Targets": in_flat},
        },
        "policies/publisher.json": {"Version": "2012-10-17", "Statement": []},
    }
    # Read anew, so that a test that breaks one template does not break another.
    return {path: json.loads(json.dumps(document)) for path, document in documents.items()}
