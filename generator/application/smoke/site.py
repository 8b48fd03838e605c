"""What is known of a site: from its URL alone, or from the outputs of its stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from generator.application.smoke.ask import ServerAddress, UndecidedError, ask
from generator.cloud.aws import Aws
from generator.cloud.stacks import Stack, family, find
from generator.cloud.text import printable
from generator.errors import ClinicError, quote
from generator.layers.security import BACKEND_PORT, DATABASE_PORT

Place = tuple[str, int]
"""A host and a port."""


@dataclass(frozen=True)
class SmokeTarget:
    """A site that somebody wants proven."""

    name: str
    """What the person called it: an environment or a URL."""
    address: ServerAddress
    http_address: ServerAddress | None = None
    """The site by HTTP, which must redirect to HTTPS."""
    health: str = "/api"
    balancer: Place | None = None
    exposure: str = ""
    """AlbExposure: public, cloudfront or private; with ``balancer``."""
    buckets: Mapping[str, str] = field(default_factory=dict)
    """URLs that S3 must refuse, by what is there."""
    shut: Mapping[int, tuple[Place, ...]] = field(default_factory=dict)
    """Where nobody may answer, by the port of the architecture that it is."""
    targets: Callable[[], list[str]] | None = None
    """Asks for the state of each target, such as healthy. UndecidedError if it may not."""
    silent: bool = False
    """Whether what stands in for AWS serves no site at all."""
    may_be_empty: bool = False
    """Whether a frontend that nobody has published yet is no failure."""


def of_url(url: str) -> SmokeTarget:
    """A site by its address alone. ClinicError if it is none."""
    full_url = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(full_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not re.fullmatch(r"[a-z0-9.:-]{1,253}", host) or parts.scheme not in ("http", "https"):
        raise ClinicError(
            f"{quote(url)} is neither an environment nor an address: give one such as "
            "https://d111111abcdef8.cloudfront.net."
        )
    if parts.username is not None:
        raise ClinicError(
            f"the address of {host} carries a user's name, which would stand in every report: "
            "leave out what is before the @."
        )
    # An http address with a port of its own is a stand-in somewhere: it is taken as it is.
    tls = parts.scheme == "https" or port is None
    address = ServerAddress(host, port or 443, tls)
    http_address = ServerAddress(host, 80, tls=False) if tls and address.port == 443 else None
    shut = {number: ((host, number),) for number in (BACKEND_PORT, DATABASE_PORT)}
    return SmokeTarget(url, address, http_address, shut=shut)


def of_stack(aws: Aws, name: str, stack_name: str) -> SmokeTarget:
    """The site of an environment, from its stack. ClinicError (2) if there is none."""
    stack = find(aws, stack_name)
    if stack is None or family(stack.status) == "absent" or "SiteUrl" not in stack.outputs:
        raise ClinicError(
            f"there is no stack {stack_name} in {aws.region}: run `clinic deploy` first."
        )
    host = urlsplit(stack.outputs["SiteUrl"]).hostname or ""
    balancer = stack.outputs["AlbDnsName"]
    through = _through(aws)
    address = ServerAddress(host, 443, through=through)
    return SmokeTarget(
        name=name,
        address=address,
        http_address=ServerAddress(host, 80, tls=False, through=through),
        silent=through is not None and not _serves(address),
        health=stack.parameters.get("HealthCheckPath", "/api"),
        balancer=(balancer, 80),
        exposure=stack.parameters.get("AlbExposure", "public"),
        buckets=_buckets(aws, stack),
        targets=partial(_targets, aws, stack.outputs["TargetGroupArn"])
        if "TargetGroupArn" in stack.outputs
        else None,
        shut={
            BACKEND_PORT: ((balancer, BACKEND_PORT),),
            DATABASE_PORT: (
                (stack.outputs["DatabaseHost"], DATABASE_PORT),
                (balancer, DATABASE_PORT),
            ),
        },
    )


def _targets(aws: Aws, group: str) -> list[str]:
    try:
        response = aws.client("elbv2").describe_target_health(TargetGroupArn=group)
    except (BotoCoreError, ClientError) as error:
        raise UndecidedError(f"the target group was not asked: {printable(error)}") from error
    return [one["TargetHealth"]["State"] for one in response["TargetHealthDescriptions"]]


def _through(aws: Aws) -> Place | None:
    """Where what stands in for AWS plays the CDN; None for AWS itself, where names resolve."""
    played = urlsplit(endpoint(aws))
    return (played.hostname, played.port or 80) if played.hostname else None


def _serves(address: ServerAddress) -> bool:
    """Whether an endpoint plays the CDN: the embedded one does, and runs its function with node."""
    try:
        answer = ask(address, "/")
    except OSError:
        return False
    return bool(answer.header("X-Amz-Cf-Id")) and answer.status != 503


def _buckets(aws: Aws, stack: Stack) -> dict[str, str]:
    base = endpoint(aws)
    names = {
        "frontend": ("FrontendBucketName", "index.html"),
        "configuration": ("ConfigurationBucketName", ".env"),
        "documents": ("DocumentsBucketName", ""),
    }
    return {
        what: f"{base}/{stack.outputs[output]}/{key}"
        if base
        else f"https://{stack.outputs[output]}.s3.{aws.region}.amazonaws.com/{key}"
        for what, (output, key) in names.items()
        if output in stack.outputs
    }


def endpoint(aws: Aws) -> str:
    """The address of what stands in for AWS; "" when it is AWS itself."""
    url = str(aws.client("s3").meta.endpoint_url)
    return "" if re.search(r"\.amazonaws\.com(\.cn)?$", url) else url
