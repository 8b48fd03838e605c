"""A security group that lets nothing in and nothing out until a rule says so."""

from __future__ import annotations

from typing import Any

from troposphere import Ref, Template, ec2

from generator.layer import Values
from generator.layers.shared import tags


def closed_group(
    template: Template, values: Values, title: str, documented: str, vpc: Any, **condition: Any
) -> Ref:
    """Add a group under the name that the documented system has for it."""
    nothing = ec2.SecurityGroupRule(
        IpProtocol="tcp",
        FromPort=443,
        ToPort=443,
        CidrIp="127.0.0.1/32",
        Description="Nothing leaves but by a rule of its own",
    )
    group = ec2.SecurityGroup(
        title,
        VpcId=vpc,
        GroupDescription=documented,
        SecurityGroupEgress=[nothing],
        Tags=tags(values, documented),
        **condition,
    )
    return template.add_resource(group).ref()
