"""Host names: what DNS would say, as a hosts file."""

from __future__ import annotations

from generator.twin.deployed import DeployedStack
from generator.twin.network import ARCHIVE, CODE, EDGE, S3, SERVICES
from generator.twin.network_plan import BALANCER, DATABASE, FILES, NetworkPlan
from generator.twin.services import SERVICE_NAMES, TRUST_STORE

ARCHIVES = ("archive.ubuntu.com", "security.ubuntu.com")
CODES = ("github.com", "public.ecr.aws", "registry-1.docker.io", "docker.io")
GLOBAL = ("iam", "cloudfront", "sts")


def hosts(deployed: DeployedStack, plan: NetworkPlan, subnet: str = "") -> str:
    """The file for a machine in ``subnet``, or for one outside of the network."""
    region = deployed.view.region
    services = [f"{name}.{region}.amazonaws.com" for name in SERVICE_NAMES]
    services += [TRUST_STORE, *(f"{name}.amazonaws.com" for name in GLOBAL)]
    buckets = [deployed.ids[name] for name in deployed.of_type("AWS::S3::Bucket")]
    stores = [f"s3.{region}.amazonaws.com", "s3.amazonaws.com"]
    for bucket in buckets:
        stores += [f"{bucket}.s3.{region}.amazonaws.com", f"{bucket}.s3.amazonaws.com"]
    registry = f"{deployed.account}.dkr.ecr.{region}.amazonaws.com"
    lines = [
        "127.0.0.1 localhost",
        f"{SERVICES} {' '.join(services)}",
        f"{S3} {' '.join(stores)}",
        f"{ARCHIVE} {' '.join(ARCHIVES)}",
        f"{CODE} {' '.join((*CODES, registry))}",
        f"{EDGE} {deployed.outputs['SiteUrl'].removeprefix('https://')}",
    ]
    for one in plan.of_kind(BALANCER):
        lines.append(f"{one.public or one.address} {deployed.outputs['AlbDnsName']}")
    lines += [f"{one.address} {deployed.outputs['DatabaseHost']}" for one in plan.of_kind(DATABASE)]
    # The name of a file system is that of the mount target in the zone of who asks.
    targets = plan.of_kind(FILES)
    near = [one for one in targets if one.subnet == subnet] or targets
    for one in near[:1]:
        lines.append(f"{one.address} {deployed.ids[one.owner]}.efs.{region}.amazonaws.com")
    return "\n".join(lines) + "\n"
