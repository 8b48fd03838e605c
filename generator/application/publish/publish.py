"""A build comes to its bucket: all of it in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from generator.application.publish import cdn
from generator.application.publish.bucket import Bucket, ChangedError
from generator.application.publish.build import Build, File, names, read
from generator.application.publish.headers import INDEX, is_hashed
from generator.application.publish.plan import KEEP, Plan, Remote, plan, suspects
from generator.application.publish.progress import Show
from generator.application.publish.send import THREADS, send
from generator.application.publish.summary import Done, conclude, preview
from generator.cloud.aws import Aws
from generator.cloud.stacks import Stack, family, find
from generator.errors import ClinicError

ATTEMPTS = 10
"""How often somebody else may publish at the same time before this gives up."""


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
    show: Show = field(default_factory=Show)


@dataclass(frozen=True)
class Site:
    """Where a stack's frontend is."""

    bucket: str
    distribution: str
    url: str


@dataclass
class Run:
    """One publication on its way."""

    bucket: Bucket
    build: Build
    wishes: Wishes
    pool: Executor
    sent: dict[str, File] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


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
        found = pool.submit(find, aws, stack)
        # While a service answers, there is time for what this machine has to do.
        cloudfront = aws.client("cloudfront")
        site = _site(found.result(), stack, aws.region)
        bucket = Bucket(aws, site.bucket)
        looked = pool.submit(bucket.look, pool)
        run = Run(bucket, read(dist, named), wishes, pool)
        _warn(run, site)
        if wishes.only_plan:
            preview(wishes.show, site.url, run.build, _planned(run, looked.result()))
            return
        remote = _bring(run, looked.result())
        invalidated = _invalidate(run, cloudfront, site, remote)
    done = Done(site.url, run.sent, run.removed, invalidated, time.monotonic() - start)
    conclude(wishes.show, run.build, done)


@contextmanager
def _threads() -> Iterator[Executor]:
    """A pool in which, after a failure, nothing more is begun."""
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _site(stack: Stack | None, name: str, region: str) -> Site:
    if stack is None or family(stack.status) == "absent":
        raise ClinicError(f"there is no stack {name} in {region}: run `clinic deploy` first.")
    try:
        outputs = stack.outputs
        return Site(outputs["FrontendBucketName"], outputs["DistributionId"], outputs["SiteUrl"])
    except KeyError as missing:
        raise ClinicError(
            f"{name} is in {stack.status} and has no output {missing.args[0]}: bring it to its end "
            "with `clinic deploy` first.",
            exit_code=3,
        ) from missing


def _warn(run: Run, site: Site) -> None:
    own = run.wishes.api_url or site.url
    for address in run.build.backends.foreign(own):
        run.wishes.show.warn(
            f"the scripts call {address} and not {own}: VITE_API_URL was another one, or empty, "
            f"when this was built. Build again with VITE_API_URL={own}"
        )
    for text in run.build.warnings:
        run.wishes.show.warn(text)


def _planned(run: Run, remote: Remote) -> Plan:
    """The plan, once what a listing cannot decide was looked at."""
    keys = suspects(run.build, remote)
    looked = zip(keys, run.pool.map(run.bucket.attributes, keys), strict=True)
    known = {key: attributes or {} for key, attributes in looked}
    closer = replace(remote, attributes={**remote.attributes, **known})
    return plan(run.build, closer, run.wishes.keep, datetime.now(UTC))


def _bring(run: Run, remote: Remote) -> Remote:
    """Send what is missing, index.html last; what the bucket was like when nothing was.

    The last step replaces just the index.html that the plan was made for. If somebody else has
    published meanwhile, what that one left is looked at anew: the last one wins, and is whole. What
    that one is about to remove may be gone a moment later, so then there is one look more.
    """
    doubtful = False
    for _ in range(ATTEMPTS):
        planned = _planned(run, remote)
        overtaken = not _send(run, planned, remote)
        doubtful |= overtaken or any(key in remote.history.superseded for key in run.build.files)
        if not overtaken and not (doubtful and planned.files):
            _remove(run, planned)
            return remote
        remote = run.bucket.look(run.pool)
    raise ClinicError(
        f"others publish to {run.bucket.name} all the time: run the same command again when they "
        "are done.",
        exit_code=3,
    )


def _send(run: Run, planned: Plan, remote: Remote) -> bool:
    """Whether the site is that of the plan now, and not of somebody else."""
    bucket = run.bucket

    def put(file: File, data: bytes) -> None:
        if file.key == INDEX:
            bucket.put_over(remote.index, file.key, data, file.attributes)
        else:
            bucket.put(file.key, data, file.attributes)

    def passing() -> Iterator[File]:
        *before, index = planned.waves
        for wave in before:
            yield from send(run.pool, wave, put)
        if planned.history:
            bucket.remember(planned.history)
        yield from send(run.pool, index, put)

    try:
        for file in run.wishes.show.sending(passing(), len(planned.files), planned.bytes):
            run.sent[file.key] = file
    except ChangedError:
        return False
    return True


def _remove(run: Run, planned: Plan) -> None:
    """Delete what is over, unless another index.html is live by now, which may need it."""
    if not planned.remove:
        return
    live = run.bucket.attributes(INDEX) or {}
    if live.get("md5") == run.build.files[INDEX].md5:
        run.bucket.remove(list(planned.remove))
        run.removed.extend(planned.remove)


def _invalidate(run: Run, cloudfront: Any, site: Site, remote: Remote) -> list[str]:
    """Invalidate if something was replaced, now or in a run that was cut off; the paths named."""
    gone = [key for key in run.removed if not is_hashed(key)]
    if not gone and all(file.hashed for file in run.sent.values()):
        since = max(remote.objects[key].modified for key in run.build.unhashed)
        if not cdn.is_owed(cloudfront, site.distribution, run.build, since):
            return []
    return cdn.invalidate(cloudfront, site.distribution, run.build, gone)
