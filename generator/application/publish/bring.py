"""A plan carried out: files, index.html, removals, the invalidation.

Kept apart from publish.py for what it imports, which is not needed before the stack is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from generator.application.publish import cdn
from generator.application.publish.bucket import Bucket, ChangedError
from generator.application.publish.build import Build, File
from generator.application.publish.headers import INDEX, is_hashed
from generator.application.publish.plan import Plan, Remote, plan, suspects
from generator.application.publish.progress import sending
from generator.application.publish.send import send
from generator.errors import ClinicError
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

ATTEMPTS = 10
"""How often somebody else may publish at the same time before this gives up."""


@dataclass
class Run:
    """One publication on its way."""

    bucket: Bucket
    build: Build
    keep: timedelta
    report: Report
    pool: Executor
    sent: dict[str, File] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


def planned(run: Run, remote: Remote) -> Plan:
    """The plan, once what a listing cannot decide was looked at."""
    keys = suspects(run.build, remote)
    looked = zip(keys, run.pool.map(run.bucket.attributes, keys), strict=True)
    known = {key: attributes or {} for key, attributes in looked}
    closer = replace(remote, attributes={**remote.attributes, **known})
    return plan(run.build, closer, run.keep, datetime.now(UTC))


def bring(run: Run, remote: Remote) -> Remote:
    """Send what is missing, index.html last; what the bucket was like when nothing was.

    The last step replaces just the index.html that the plan was made for. If somebody else has
    published meanwhile, what that one left is looked at anew: the last one wins, and is whole. What
    that one is about to remove may be gone a moment later, so then there is one look more.
    """
    doubtful = False
    for _ in range(ATTEMPTS):
        todo = planned(run, remote)
        overtaken = not _send(run, todo, remote)
        doubtful |= overtaken or any(key in remote.history.superseded for key in run.build.files)
        if not overtaken and not (doubtful and todo.files):
            _remove(run, todo)
            return remote
        remote = run.bucket.look(run.pool)
    raise ClinicError(
        f"others publish to {run.bucket.name} all the time: run the same command again when they "
        "are done.",
        exit_code=3,
    )


def _send(run: Run, todo: Plan, remote: Remote) -> bool:
    """Whether the site is that of the plan now, and not of somebody else."""
    bucket = run.bucket

    def put(file: File, data: bytes) -> None:
        if file.key == INDEX:
            bucket.put_over(remote.index, file.key, data, file.attributes)
        else:
            bucket.put(file.key, data, file.attributes)

    def passing() -> Iterator[File]:
        *before, index = todo.waves
        for wave in before:
            yield from send(run.pool, wave, put)
        if todo.history:
            bucket.remember(todo.history)
        yield from send(run.pool, index, put)

    try:
        for file in sending(run.report, passing(), len(todo.files), todo.bytes):
            run.sent[file.key] = file
    except ChangedError:
        return False
    return True


def _remove(run: Run, todo: Plan) -> None:
    """Delete what is over, unless another index.html is live by now, which may need it."""
    if not todo.remove:
        return
    live = run.bucket.attributes(INDEX) or {}
    if live.get("md5") == run.build.files[INDEX].md5:
        run.bucket.remove(list(todo.remove))
        run.removed.extend(todo.remove)


def invalidate(
    run: Run, cloudfront: CloudFrontClient, distribution: str, remote: Remote
) -> list[str]:
    """Invalidate if something was replaced, now or in a run that was cut off; the paths named."""
    gone = [key for key in run.removed if not is_hashed(key)]
    if not gone and all(file.hashed for file in run.sent.values()):
        since = max(remote.objects[key].modified for key in run.build.unhashed)
        if not cdn.is_owed(cloudfront, distribution, run.build, since):
            return []
    return cdn.invalidate(cloudfront, distribution, run.build, gone)
