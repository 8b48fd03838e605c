"""The permissions boundary of output/roles.json, for a stack whose parameters name none."""

from __future__ import annotations

from botocore.exceptions import ClientError

from generator.cloud.aws import Aws, code_of
from generator.cloud.environment import Environment
from generator.report import Report

PARAMETER = "PermissionsBoundary"


def with_boundary(aws: Aws, env: Environment, report: Report) -> Environment:
    """``env`` with the boundary that the account has for its stack, where none is given.

    Whoever deploys with the policies of output/policies can make no role without it; an account
    without it gets roles without a boundary.
    """
    values = env.parameters("")
    if values.get(PARAMETER, "given"):
        return env
    name = f"boundary-{env.stack}-{aws.region}"
    try:
        aws.client("iam").get_policy(PolicyArn=f"arn:aws:iam::{aws.account}:policy/{name}")
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return env
    report.say(f"The stack's roles get the boundary {name}.")
    return env.with_values(**{PARAMETER: name})
