"""The zones of the account's region that a deployment would use."""

from __future__ import annotations

from generator.cloud.aws import Aws
from generator.cloud.environment import Environment
from generator.errors import ClinicError, quote
from generator.report import Report

WITHOUT_VPC_ORIGINS = ("use1-az3", "usw1-az2", "apne1-az3", "cac1-az3")
"""Ids of zones that CloudFront's VPC origins do not serve (CloudFront developer guide, restrict
access with VPC origins). Which name a zone has differs from account to account."""


def warn(aws: Aws, env: Environment, report: Report) -> None:
    """Say it before ``env`` is deployed into zones that VPC origins do not serve.

    ClinicError if ZoneNames names zones that the region does not have.
    """
    values = env.parameters("")
    chosen = [name for name in values.get("ZoneNames", "").split(",") if name]
    private = values.get("AlbExposure") == "private"
    if not (chosen or private):
        return
    zones = aws.client("ec2").describe_availability_zones(
        Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
    )["AvailabilityZones"]
    ids = {str(zone["ZoneName"]): str(zone.get("ZoneId", "")) for zone in zones}
    if unknown := [name for name in chosen if name not in ids]:
        raise ClinicError(
            f"{aws.region} has no zone {', '.join(map(quote, unknown))}: set ZoneNames to some of "
            f"{', '.join(sorted(ids))}."
        )
    # CloudFormation does not promise the order in which it names zones; by name is usual.
    used = chosen or sorted(ids)[: int(values.get("Zones", "2"))]
    refused = [f"{name} ({ids[name]})" for name in used if ids[name] in WITHOUT_VPC_ORIGINS]
    if private and refused:
        others = [name for name in sorted(ids) if ids[name] not in WITHOUT_VPC_ORIGINS]
        report.say(
            f"CloudFront's VPC origins are not offered in {', '.join(refused)}, and AlbExposure is "
            f"private: set ZoneNames to some of {', '.join(others)} before the first deployment."
        )
        report.tell("zones", refused=refused, others=others)
