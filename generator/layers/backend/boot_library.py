"""The part of the boot's program for which user data has no room, in Parameter Store."""

from __future__ import annotations

from troposphere import Sub, Template, ssm

from generator import bootstrap

TITLE = "BootLibrary"
NAME = f"/clinic/${{AWS::StackName}}-{TITLE}-"
"""How its name begins. Not with the stack's own name: Parameter Store refuses names that begin with
aws or ssm (API reference, PutParameter)."""


def boot_library(template: Template) -> ssm.Parameter:
    """Add the parameter. Its name holds the content's digest, so another content is another
    parameter: CloudFormation makes it before the launch template that names it, and deletes the one
    before only when all else is updated, or rolled back. Standard tier: 4,096 characters."""
    value, digest = bootstrap.library()
    return template.add_resource(
        ssm.Parameter(
            TITLE,
            Name=Sub(f"{NAME}{digest}"),
            Type="String",
            Tier="Standard",
            Value=value,
            Description="Shell functions that the instances read at their first boot",
        )
    )
