"""The types that the emulator's CloudFormation lacks, made of its own service APIs.

A handler has the engine's shape: create(logical id, properties, stack name) answers the physical
id and the attributes, delete(physical id, properties) nothing. Without an update, a changed
resource is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from generator.local.engine import Record, client, provisioners

Handler = dict[str, Callable[..., Any]]


def install() -> None:
    """Register the types."""
    provisioners._RESOURCE_HANDLERS.update(TYPES)


def _api(calls: str, identity: str, tagged: str = "", **more: Callable[[Record], Any]) -> Handler:
    """Handlers over two `calls` of a service: the one that creates and the one that deletes.

    `identity` finds the physical id in the first answer (JMESPath); its last step, in the singular
    or plural, names it to the second call. `tagged` is what the service calls the type in tag
    specifications; `more` makes further arguments of the properties.
    """
    service, create, delete = calls.split()
    key = identity.split(".")[-1].removesuffix("s[0]")

    def make(logical_id: str, props: Record, stack: str) -> tuple[str, Record]:
        arguments = props | {name: value(props) for name, value in more.items()}
        if tagged and "Tags" in props:
            tags = {"ResourceType": tagged, "Tags": props["Tags"]}
            arguments["TagSpecifications"] = [tags]
        answer = _call(service, create, arguments)
        resource = import_module("jmespath").search(identity, {**arguments, **answer})
        inner = next((v for v in answer.values() if isinstance(v, dict)), {})
        return resource, {**answer, **inner, "Id": resource}

    def drop(resource: str, props: Record) -> None:
        owners = {k: v for k, v in props.items() if k.endswith(("Id", "Arn"))}
        _call(service, delete, {**owners, key: resource, f"{key}s": [resource]})

    return {"create": make, "delete": drop}


def _call(service: str, operation: str, arguments: Record) -> Record:
    """Call an API with those of the arguments that it knows."""
    api = client(service)
    model = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[operation])
    known = {k: v for k, v in arguments.items() if k in model.input_shape.members}
    answer: Record = getattr(api, operation)(**known)
    return answer


def _rule(direction: str) -> Handler:
    calls = f"ec2 authorize_security_group_{direction} revoke_security_group_{direction}"
    return _api(calls, "SecurityGroupRules[0].SecurityGroupRuleId", IpPermissions=_permissions)


def _permissions(props: Record) -> list[Record]:
    """A rule of a security group as the API writes it: the peer in a list of its kind."""
    rule = {k: v for k, v in props.items() if k in ("IpProtocol", "FromPort", "ToPort")}
    kinds = {
        "CidrIp": ("IpRanges", "CidrIp"),
        "SecurityGroupId": ("UserIdGroupPairs", "GroupId"),
        "PrefixListId": ("PrefixListIds", "PrefixListId"),
    }
    for name, value in props.items():
        if kind := kinds.get(name.removeprefix("Source").removeprefix("Destination")):
            rule[kind[0]] = [{kind[1]: value, "Description": props.get("Description", "")}]
    return [rule]


def _vpc_origin(props: Record) -> Record:
    """The endpoint of a VPC origin in the API's spelling, with the ports it requires."""
    config: Record = {"HTTPPort": 80, "HTTPSPort": 443, **props["VpcOriginEndpointConfig"]}
    protocols = config.pop("OriginSSLProtocols", ["TLSv1.2"])
    return config | {"OriginSslProtocols": {"Quantity": len(protocols), "Items": protocols}}


def _delete_vpc_origin(origin: str, props: Record) -> None:
    tag = client("cloudfront").get_vpc_origin(Id=origin)["ETag"]
    client("cloudfront").delete_vpc_origin(Id=origin, IfMatch=tag)


def _release_address(public_ip: str, props: Record) -> None:
    addresses = client("ec2").describe_addresses(PublicIps=[public_ip])["Addresses"]
    client("ec2").release_address(AllocationId=addresses[0]["AllocationId"])


def _remember(logical_id: str, props: Record, stack: str) -> tuple[str, Record]:
    return f"{stack}-{logical_id}", {}


def _forget(resource: str, props: Record) -> None:
    """Nothing holds the resource but its stack."""


TYPES: dict[str, Handler] = {
    "AWS::EC2::EIP": _api("ec2 allocate_address release_address", "PublicIp", "elastic-ip")
    | {"delete": _release_address},
    "AWS::EC2::NatGateway": _api(
        "ec2 create_nat_gateway delete_nat_gateway", "NatGateway.NatGatewayId", "natgateway"
    ),
    "AWS::EC2::FlowLog": _api(
        "ec2 create_flow_logs delete_flow_logs",
        "FlowLogIds[0]",
        ResourceIds=lambda props: [props["ResourceId"]],
    ),
    "AWS::EC2::SecurityGroupIngress": _rule("ingress"),
    "AWS::EC2::SecurityGroupEgress": _rule("egress"),
    "AWS::CloudFront::VpcOrigin": _api(
        "cloudfront create_vpc_origin delete_vpc_origin",
        "VpcOrigin.Id",
        VpcOriginEndpointConfig=_vpc_origin,
        Tags=lambda props: {"Items": props.get("Tags", [])},
    )
    | {"delete": _delete_vpc_origin},
    "AWS::WAFv2::WebACLAssociation": _api(
        "wafv2 associate_web_acl disassociate_web_acl", "ResourceArn"
    ),
    "AWS::Backup::BackupSelection": _api(
        "backup create_backup_selection delete_backup_selection", "SelectionId"
    ),
    "AWS::SecretsManager::RotationSchedule": _api(
        "secretsmanager rotate_secret rotate_secret", "ARN"
    )
    | {"delete": _forget},
    "AWS::AutoScaling::WarmPool": {"create": _remember, "delete": _forget},
    "AWS::RDS::EventSubscription": {"create": _remember, "delete": _forget},
}
