"""What a value refers to: one spelling for the many ways of naming the same resource."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from generator.model import walk
from generator.model.resolve import Resolver, pseudo_parameters

ITSELF = {
    *("Arn", "Id", "GroupId", "SubnetId", "RouteTableId", "InternetGatewayId", "NatGatewayId"),
    *("AllocationId", "LoadBalancerArn", "TargetGroupArn", "TopicArn", "PrefixListId", "VpcId"),
    *(
        "LaunchTemplateId",
        "ListenerArn",
        "FunctionArn",
        "FunctionARN",
        "DBInstanceArn",
        "PolicyArn",
        "RoleId",
    ),
    *("TransitGatewayId", "PolicyId", "Ref", "VpcPeeringConnectionId"),
}
"""Attributes by which a thing is named as a whole."""
NAMED_BY = {
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::EC2::LaunchTemplate": "LaunchTemplateName",
}
"""The property by which something may have a name of its own, which others may then call it by."""
text = walk.text
PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9]+)((?:\.[A-Za-z0-9]+)*)\}")
ARN = re.compile(r"(?:arn:[\w-]+:[\w-]+:[\w-]*:\w*:[^$*?]*)?\$\{([A-Za-z0-9]+)((?:\.\w+)*)\}(.*)")


def _settled(resources: Mapping[str, Any]) -> Mapping[str, Any]:
    """Resources with the addresses of their networks, where those are asked of the networks."""
    blocks = {
        f"{name}.CidrBlock": block
        for name, resource in resources.items()
        if resource["Type"] == "AWS::EC2::VPC"
        and isinstance(block := resource.get("Properties", {}).get("CidrBlock"), str)
    }
    resolver = Resolver({"Resources": resources}, blocks)
    return {
        name: resolver.resolve(resource) if resource["Type"] == "AWS::EC2::Subnet" else resource
        for name, resource in resources.items()
    }


def mentioned(node: Any) -> list[str]:
    """The logical ids (and parameters) that a part of a template refers to anywhere, each once."""
    return list(dict.fromkeys(name.partition(".")[0] for name in walk.references(node)))


class References:
    """The resources of a view, and what values in them refer to."""

    def __init__(
        self,
        resources: Mapping[str, Any],
        values: Mapping[str, str] | None = None,
        stack: Mapping[str, str] | None = None,
        physical: Mapping[str, str] | None = None,
    ) -> None:
        """``stack``: pseudo parameters; ``physical``: logical ids by physical id, of resources that
        are deployed."""
        self.resources = _settled(resources)
        self.values = values or {}
        self._by_type: dict[str, dict[str, Any]] = defaultdict(dict)
        for logical, resource in self.resources.items():
            self._by_type[resource["Type"]][logical] = resource.get("Properties", {})
        stack = stack or pseudo_parameters()
        self._blanks = {
            stack["AWS::StackId"]: "STACK",
            stack["AWS::AccountId"]: "ACCOUNT",
            stack["AWS::Region"]: "REGION",
        }
        self._physical = {
            name: logical
            for logical, resource in self.resources.items()
            if isinstance(
                name := resource.get("Properties", {}).get(NAMED_BY.get(resource["Type"], "")), str
            )
        } | dict(physical or {})

    def of_type(self, kind: str) -> Mapping[str, Any]:
        """Properties of every resource of a type, by logical id."""
        return self._by_type.get(kind, {})

    def target(self, node: Any) -> str:
        """The logical id of what is referred to, else the text as it stands."""
        words = text(node)
        match = PLACEHOLDER.fullmatch(words)
        if not match:
            return self._physical.get(words, words)
        attribute = match[2].removeprefix(".")
        return match[1] if not attribute or attribute in ITSELF else f"{match[1]}.{attribute}"

    def targets(self, nodes: Any) -> list[str]:
        """As ``target``, of a list or of one."""
        return (
            [self.target(node) for node in nodes]
            if isinstance(nodes, list)
            else ([] if nodes is None else [self.target(nodes)])
        )

    def owner(self, node: Any) -> str:
        """The logical id of the thing that a policy speaks of, or whose part; empty if none."""
        words = text(node)
        if match := ARN.fullmatch(words):
            return match[1]
        return self._physical.get(words.rpartition(":")[2].partition("/")[0], "")

    @staticmethod
    def owner_in(words: str) -> str:
        """The first logical id that a text mentions; empty if none."""
        match = PLACEHOLDER.search(words)
        return match[1] if match else ""

    def called(self, logical: str) -> str:
        """The name of a resource in reports: its logical id, or its role where one is assigned."""
        return logical

    def resource(self, node: Any) -> str:
        """What a policy speaks of: ``configuration/.env`` for an ARN however it is put together."""
        words = text(node)
        match = ARN.fullmatch(words)
        if match:
            attribute = match[2].removeprefix(".")
            of = "" if not attribute or attribute in ITSELF else f".{attribute}"
            return self.called(match[1]) + of + self.blank(match[3])
        head, _, tail = words.rpartition(":")
        name, slash, rest = tail.partition("/")
        if head.startswith("arn:") and name in self._physical:
            return self.called(self._physical[name]) + slash + rest
        return self.blank(PLACEHOLDER.sub(lambda m: self.called(m[1]) + m[2], words))

    def blank(self, words: str) -> str:
        """Without what differs between accounts, regions and stacks."""
        for concrete, general in self._blanks.items():
            words = words.replace(concrete, general)
        return words
