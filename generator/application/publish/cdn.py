"""The invalidation, and whether one is still owed.

CloudFront itself remembers: the reference of an invalidation holds a fingerprint of what was
published, so a run that was cut off after index.html and before this is noticed by the next one.
Nobody waits for its end, which takes a minute and cannot fail a publication.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from generator.application.publish.build import Build
from generator.application.publish.plan import fingerprint, paths

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient


def invalidate(
    cloudfront: CloudFrontClient, distribution: str, build: Build, gone: Sequence[str]
) -> list[str]:
    """Have every cache ask again for what is not hashed, and for ``gone``; the paths named."""
    items = paths({*build.unhashed, *gone})
    cloudfront.create_invalidation(
        DistributionId=distribution,
        InvalidationBatch={
            "Paths": {"Quantity": len(items), "Items": items},
            "CallerReference": f"{_reference(build)}{time.time_ns()}",
        },
    )
    return items


def is_owed(cloudfront: CloudFrontClient, distribution: str, build: Build, since: datetime) -> bool:
    """Whether no invalidation from ``since`` on was one of ``build``."""
    told = cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"]
    for item in told.get("Items", []):
        if item["CreateTime"] < since.replace(microsecond=0):
            continue
        found = cloudfront.get_invalidation(DistributionId=distribution, Id=item["Id"])
        batch = found["Invalidation"]["InvalidationBatch"]
        if batch["CallerReference"].startswith(_reference(build)):
            return False
    return True


def _reference(build: Build) -> str:
    return f"clinic-{fingerprint(build)}-"
