"""One environment in the embedded endpoint, and its templates resolved with what was made there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generator.cloud.aws import Aws
from generator.errors import ClinicError
from generator.model import network
from generator.model.references import References
from generator.model.resolve import Resolver, pseudo_parameters
from generator.model.view import View
from generator.model.walk import text

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

STACK = "AWS::CloudFormation::Stack"
DYNAMIC = re.compile(r"\{\{resolve:secretsmanager:(.+?):SecretString:?([\w-]*)[\w:-]*\}\}")


@dataclass(frozen=True)
class Deployed:
    """A stack that the endpoint made, as the services know it."""

    view: View
    stack: str
    account: str
    outputs: Mapping[str, str]
    ids: Mapping[str, str]
    """Physical ids by logical id, of nested stacks too."""
    resources: Mapping[str, Any]
    """Resolved: a reference is the physical id, or the attribute, that it stands for."""
    stacks: Mapping[str, str]
    """The id of the stack that each resource is in, by logical id."""

    @cached_property
    def logical(self) -> dict[str, str]:
        """Logical ids by physical id."""
        return {physical: name for name, physical in self.ids.items()}

    @cached_property
    def references(self) -> References:
        """What values in the resources refer to, physical ids among them."""
        return References(self.resources, physical=self.logical)

    @cached_property
    def network(self) -> network.Network:
        """The network that the resources make, by logical ids."""
        return network.read(self.references)

    @cached_property
    def tags(self) -> dict[str, str]:
        """The condition keys of CloudFormation's tags on the Auto Scaling group."""
        name, _ = self.the("AWS::AutoScaling::AutoScalingGroup")
        return {"aws:ResourceTag/aws:cloudformation:stack-id": self.stacks[name]}

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of every resource of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def the(self, kind: str) -> tuple[str, dict[str, Any]]:
        """The only resource of a type; ClinicError if there is none, or more than one."""
        every = self.of_type(kind)
        if len(every) != 1:
            raise ClinicError(f"the twin stands up one {kind}, and there are {len(every)}.")
        [item] = every.items()
        return item

    def named(self, reference: Any) -> str:
        """The logical id of what a property refers to; ClinicError if these templates lack it."""
        value = text(reference)
        name = self.logical.get(value) or self.logical.get(value.rpartition("/")[2], "")
        if not name:
            raise ClinicError(
                f"{value} is not made by these templates: the twin has no such thing."
            )
        return name


def read(aws: Aws, view: View, stack: str, account: str) -> Deployed:
    """What the endpoint made of ``view``, which was deployed there as ``stack``."""
    described = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}
    made = list(_physical(aws, described["StackId"]))
    ids = {name: physical for name, physical, _ in made}
    base = {
        **pseudo_parameters(aws.region, stack),
        "AWS::AccountId": account,
        **view.values,
        **ids,
        **_attributes(aws, view, ids, outputs, account),
    }
    # To a nested stack, AWS::StackId is its own.
    stacks: dict[str, dict[str, Any]] = {}
    for _, _, owner in made:
        if owner not in stacks:
            own = {"AWS::StackId": owner, "AWS::StackName": owner.split("/")[1]}
            stacks[owner] = Resolver(view.whole, {**base, **own}).resources()
    resolved = {name: stacks[owner][name] for name, _, owner in made if name in stacks[owner]}
    owners = {name: owner for name, _, owner in made}
    resolved = _with_secrets(resolved, aws.client("secretsmanager"))
    return Deployed(view, stack, account, outputs, ids, resolved, owners)


def _with_secrets(node: Any, secrets: SecretsManagerClient) -> Any:
    """The same with every dynamic reference replaced by the value that it stands for."""

    def value(found: re.Match[str]) -> str:
        whole = secrets.get_secret_value(SecretId=found[1])["SecretString"]
        return str(json.loads(whole)[found[2]] if found[2] else whole)

    if isinstance(node, str):
        return DYNAMIC.sub(value, node)
    if isinstance(node, list):
        return [_with_secrets(each, secrets) for each in node]
    if isinstance(node, dict):
        return {name: _with_secrets(each, secrets) for name, each in node.items()}
    return node


def _physical(aws: Aws, stack: str) -> Iterator[tuple[str, str, str]]:
    """Logical id, physical id and stack of every resource, nested stacks' too."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == STACK:
                yield from _physical(aws, resource["PhysicalResourceId"])
            else:
                yield resource["LogicalResourceId"], resource["PhysicalResourceId"], stack


def _attributes(
    aws: Aws, view: View, ids: Mapping[str, str], outputs: Mapping[str, str], account: str
) -> dict[str, str]:
    """What Fn::GetAtt gives, where that is not the physical id itself."""
    here = f"{aws.region}:{account}"
    shapes = {
        "AWS::S3::Bucket": {
            "Arn": "arn:aws:s3:::{id}",
            "RegionalDomainName": f"{{id}}.s3.{aws.region}.amazonaws.com",
            "DomainName": "{id}.s3.amazonaws.com",
        },
        "AWS::Logs::LogGroup": {"Arn": f"arn:aws:logs:{here}:log-group:{{id}}:*"},
        "AWS::ECR::Repository": {
            "Arn": f"arn:aws:ecr:{here}:repository/{{id}}",
            "RepositoryUri": f"{account}.dkr.ecr.{aws.region}.amazonaws.com/{{id}}",
        },
        "AWS::IAM::Role": {"Arn": f"arn:aws:iam::{account}:role/{{id}}"},
        "AWS::IAM::InstanceProfile": {"Arn": f"arn:aws:iam::{account}:instance-profile/{{id}}"},
        "AWS::Lambda::Function": {"Arn": f"arn:aws:lambda:{here}:function:{{id}}"},
        "AWS::ElasticLoadBalancingV2::LoadBalancer": {"DNSName": outputs.get("AlbDnsName", "")},
        "AWS::CloudFront::Distribution": {
            "DomainName": outputs.get("SiteUrl", "").removeprefix("https://")
        },
        "AWS::RDS::DBInstance": {
            "Endpoint.Address": outputs.get("DatabaseHost", ""),
            "Endpoint.Port": "5432",
        },
    }
    known: dict[str, str] = {}
    for name, physical in ids.items():
        kind = view.resources.get(name, {}).get("Type", "")
        for attribute in ("Arn", "Id", "GroupId", "SubnetId", "AllocationId", "FunctionARN", "Ref"):
            known[f"{name}.{attribute}"] = physical
        for attribute, shape in shapes.get(kind, {}).items():
            # Some of the endpoint's ids are ARNs.
            if "{id}" not in shape or not physical.startswith("arn:"):
                known[f"{name}.{attribute}"] = shape.format(id=physical)
    return known
