"""What the boundary reaches of things of the account that are no stack's of ours: this, exactly.

A deployer can give a function of his stack whatever stands in the boundary, so each line is a
sentence of what remains in the documents. Rights that he has by himself are left out.
"""

from __future__ import annotations

from typing import Any

import pytest

from generator import policies
from generator.policies.narrow import narrowed

from .decide import formats, is_allowed, like
from .ours import PLACE, REGION
from .test_narrow import DEV, context

EC2 = f"arn:aws:ec2:{PLACE}:"
RDS = f"arn:aws:rds:{PLACE}:"
LOG = f"arn:aws:logs:{PLACE}:log-group:"
STRANGERS = (
    *(f"{EC2}{kind}/x-1" for kind in ("instance", "subnet", "security-group", "volume", "vpc")),
    *(f"{EC2}{kind}/x-1" for kind in ("network-interface", "launch-template", "key-pair")),
    *(f"arn:aws:ec2:{REGION}::{kind}" for kind in ("image/ami-1", "snapshot/snap-1")),
    *(f"{RDS}db:bank", f"{RDS}snapshot:bank", f"{RDS}snapshot:awsbackup:x", f"{RDS}auto-backup:x"),
    *(f"{LOG}bank", f"{LOG}/aws/rds/instance/bank/postgresql", f"{LOG}RDSOSMetrics"),
    f"arn:aws:ssm:{PLACE}:parameter/bank/password",
    f"arn:aws:ssm:{PLACE}:document/bank",
    f"arn:aws:ssm:{PLACE}:managed-instance/mi-1",
    f"arn:aws:cloudformation:{PLACE}:stack/bank/0a1b",
    f"arn:aws:sns:{PLACE}:bank",
    f"arn:aws:kms:{PLACE}:key/bank",
    f"arn:aws:events:{PLACE}:rule/bank",
    f"arn:aws:autoscaling:{PLACE}:autoScalingGroup:0:autoScalingGroupName/bank",
    f"arn:aws:elasticfilesystem:{PLACE}:file-system/fs-bank",
    f"arn:aws:backup:{PLACE}:backup-vault:bank",
    f"arn:aws:secretsmanager:{PLACE}:secret:bank-AbCdEf",
    f"arn:aws:ecr:{PLACE}:repository/bank",
    *("arn:aws:s3:::bank", "arn:aws:s3:::bank/x"),
)
BANK = context("clinic-dev", "dev") | {
    "aws:ResourceTag/aws:cloudformation:stack-name": "bank",
    "aws:ResourceTag/Name": "bank",
    "ssm:resourceTag/aws:cloudformation:stack-name": "bank",
}
SHOWS_CONTENT = {
    "autoscaling:describelaunchconfigurations",
    "ec2:describeinstanceattribute",
    "ec2:describelaunchtemplateversions",
    "ssm:listcommandinvocations",
    "ssm:listcommands",
}
"""Reads by name that show user data, or commands with their output."""

BEYOND_THE_DEPLOYER = {
    "ec2:revokesecuritygroupegress security-group/x-1",
    "ec2:revokesecuritygroupingress security-group/x-1",
    "elasticfilesystem:backup file-system/fs-bank",
    "rds:addtagstoresource auto-backup:x",
    "rds:copydbsnapshot snapshot:awsbackup:x",
    "rds:deletedbinstanceautomatedbackup auto-backup:x",
    "rds:deletedbsnapshot snapshot:awsbackup:x",
    *(
        f"logs:{name} log-group:RDSOSMetrics"
        for name in ("associatekmskey", "createloggroup", "createlogstream", "disassociatekmskey")
    ),
    *(
        f"logs:{name} log-group:RDSOSMetrics"
        for name in ("getlogevents", "putlogevents", "putretentionpolicy")
    ),
    "backup:tagresource backup-vault:bank",
    "ssm:getcommandinvocation *",
    "ssm:listcommands *",
    # What the agent on an instance says of itself and listens to; a login; names of tagged things.
    "ssm:updateinstanceinformation instance/x-1",
    *(
        f"ssmmessages:{verb}{kind}channel *"
        for verb in ("create", "open")
        for kind in ("control", "data")
    ),
    "ecr:getauthorizationtoken *",
    "tag:getresources *",
}


def reached(boundary: dict[str, Any], iam: dict[str, Any]) -> set[str]:
    """Action and thing of all that the boundary allows and the deployer has not by himself."""
    own = [
        narrowed(document, DEV)
        for stem, document in policies.documents().items()
        if stem.startswith("deployer-") and stem != "deployer-stack-sets"
    ]
    services = {a.partition(":")[0] for s in boundary["Statement"] for a in s["Action"]}
    made = set()
    for service in services & set(iam):
        for name in iam[service]["Actions"]:
            action = f"{service}:{name}"
            if name.startswith(("describe", "list")) and action not in SHOWS_CONTENT:
                continue
            shapes = formats(iam, service, name)
            things = [t for t in STRANGERS if any(like(shape, t) for shape in shapes)]
            for thing in things if shapes else ["*"]:
                if is_allowed([boundary], action, thing, BANK) and not is_allowed(
                    own, action, thing, BANK
                ):
                    made.add(f"{action} {thing.split(':', 5)[-1]}")
    return made


def test_the_boundary_reaches_of_strangers_things_what_the_documents_say(
    iam: dict[str, Any],
) -> None:
    boundary = narrowed(policies.documents()["boundary"], DEV)
    assert reached(boundary, iam) == BEYOND_THE_DEPLOYER


@pytest.mark.parametrize(
    ("action", "thing"),
    [
        ("ec2:AuthorizeSecurityGroupIngress", "arn:aws:ec2:*:*:security-group/*"),
        ("ec2:ModifyInstanceAttribute", "arn:aws:ec2:*:*:instance/*"),
        ("ssm:SendCommand", "arn:aws:ssm:*:*:managed-instance/*"),
        ("ssm:GetParameter", "*"),
        ("rds:ModifyDBSnapshotAttribute", "arn:aws:rds:*:*:snapshot:awsbackup:*"),
        ("cloudformation:ExecuteChangeSet", "*"),
        ("logs:GetLogEvents", "*"),
        ("ssm:ListCommandInvocations", "*"),
    ],
)
def test_a_further_right_in_the_boundary_would_be_seen(
    iam: dict[str, Any], action: str, thing: str
) -> None:
    boundary = narrowed(policies.documents()["boundary"], DEV)
    more = {"Effect": "Allow", "Action": [action], "Resource": [thing]}
    wider = {"Statement": [*boundary["Statement"], more]}
    seen = {one.partition(" ")[0] for one in reached(wider, iam) - BEYOND_THE_DEPLOYER}
    assert seen == {action.lower()}
