"""A build comes to its bucket: all of it in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from generator.application.publish.build import Build, names, read
from generator.application.publish.plan import KEEP
from generator.application.publish.progress import warn
from generator.application.publish.send import THREADS
from generator.cloud.aws import Aws
from generator.cloud.stacks import Stack, existing
from generator.errors import ClinicError
from generator.report import Report


@dataclass(frozen=True)
class Wishes:
    """How somebody wants it."""

    keep: timedelta = KEEP
    """How long files of earlier builds stay."""
    maps: bool = False
    """Publish source maps too."""
    api_url: str = ""
    """The backend that the build should call; empty: the site's own address."""
    only_plan: bool = False
    report: Report = field(default_factory=Report)


@dataclass(frozen=True)
class Site:
    """Where a stack's frontend is."""

    bucket: str
    distribution: str
    url: str


def publish(
    connected: Callable[[], Aws], stack: str, dist: Path, wishes: Wishes | None = None
) -> None:
    """Make the site of ``stack``, by name, show the build in the folder ``dist``.

    The connection is only made once ``dist`` is known to be a build. Raises ClinicError: 2 for a
    build or a stack that is none, 1 if the build changes meanwhile. Cut off anywhere, it leaves a
    site that is whole, and the next run finishes the work.
    """
    wishes = wishes or Wishes()
    named, start = names(dist, wishes.maps), time.monotonic()
    aws = connected()
    with _threads() as pool:
        aws.client("cloudformation")
        found = pool.submit(existing, aws, stack)
        # While a service answers, there is time for what this machine has to do.
        from generator.application.publish.bring import Run, bring, invalidate, planned
        from generator.application.publish.bucket import Bucket
        from generator.application.publish.summary import Done, conclude, preview

        site = _site(found.result())
        bucket = Bucket(aws, site.bucket, owner=found.result().id.split(":")[4])
        looked = pool.submit(bucket.look, pool)
        run = Run(bucket, read(dist, named, wishes.maps), wishes.keep, wishes.report, pool)
        _warn(run.build, site, wishes)
        if wishes.only_plan:
            preview(wishes.report, site.url, run.build, planned(run, looked.result()))
            return
        cloudfront = aws.client("cloudfront")
        remote = bring(run, looked.result())
        invalidated = invalidate(run, cloudfront, site.distribution, remote)
    done = Done(site.url, run.sent, run.removed, invalidated, time.monotonic() - start)
    conclude(wishes.report, run.build, done)


@contextmanager
def _threads() -> Iterator[Executor]:
    """A pool in which, after a failure, nothing more is begun."""
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _site(stack: Stack) -> Site:
    try:
        outputs = stack.outputs
        return Site(outputs["FrontendBucketName"], outputs["DistributionId"], outputs["SiteUrl"])
    except KeyError as missing:
        raise ClinicError(
            f"{stack.name} is in {stack.status} and has no output {missing.args[0]}: bring it to "
            "its end with `clinic deploy` first.",
            exit_code=3,
        ) from missing


def _warn(build: Build, site: Site, wishes: Wishes) -> None:
    own = wishes.api_url or site.url
    for address in build.backends.foreign(own):
        warn(
            wishes.report,
            f"the scripts call {address} and not {own}: VITE_API_URL was another one, or empty, "
            f"when this was built. Build again with VITE_API_URL={own}",
        )
    for text in build.warnings:
        warn(wishes.report, text)
