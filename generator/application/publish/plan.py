"""Which files to upload and which to delete. Nothing here calls AWS.

A file that a build does not have any more stays for some days, since an open tab loads its chunks
late. The days count from the publication that went without it, which History remembers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from generator.application.publish.build import Build, File
from generator.application.publish.headers import INDEX, RULES

KEEP = timedelta(days=30)
"""How long files of earlier builds stay, if nobody says otherwise."""
MOST_PATHS = 30
"""Of an invalidation; more of them become one ``/*``, since a month has 1,000 free ones."""
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Object:
    """An object of the bucket as ListObjectsV2 describes it."""

    etag: str
    """Without quotes. The MD5 of its content, unless the bucket uses KMS."""
    size: int
    modified: datetime


@dataclass(frozen=True)
class History:
    """Since when which files have been of no use to a new visitor."""

    superseded: Mapping[str, datetime] = field(default_factory=dict)
    index: str = ""
    """ETag of the index.html with which the newest of these became true."""
    at: datetime = NEVER
    """When the newest of these did."""

    def valid(self, index: Object | None) -> dict[str, datetime]:
        """What holds while ``index`` is the live index.html: a publication that was cut off before
        it was live has superseded nothing."""
        at = self.at.replace(microsecond=0)
        live = index is not None and (index.etag == self.index or index.modified >= at)
        return {k: when for k, when in self.superseded.items() if live or when != self.at}

    def dumps(self) -> bytes:
        times = {key: when.isoformat() for key, when in sorted(self.superseded.items())}
        fields = {"index": self.index, "at": self.at.isoformat(), "superseded": times}
        return json.dumps(fields, indent=1).encode()

    @classmethod
    def loads(cls, data: bytes) -> History:
        """Empty if it cannot be read: files then stay for some days more."""
        try:
            fields = json.loads(data)
            times = {k: datetime.fromisoformat(v) for k, v in fields["superseded"].items()}
            return cls(times, str(fields["index"]), datetime.fromisoformat(fields["at"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()


@dataclass(frozen=True)
class BucketContent:
    """What is in the bucket."""

    objects: Mapping[str, Object] = field(default_factory=dict)
    history: History = field(default_factory=History)
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Headers and metadata of those objects that were looked at closely, by key."""

    @property
    def index(self) -> Object | None:
        """The live index.html."""
        return self.objects.get(INDEX)


@dataclass(frozen=True)
class UploadPlan:
    """What is to be done, in this order."""

    waves: tuple[tuple[File, ...], ...]
    """Files to send: hashed ones, others, index.html; one wave after the other."""
    history: History | None
    """To be written before index.html; None if it stays as it is."""
    remove: tuple[str, ...]
    """Keys whose days are over."""
    unchanged: int
    kept: int
    """Files of earlier builds that stay."""

    @property
    def files(self) -> list[File]:
        return [file for wave in self.waves for file in wave]

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def suspects(build: Build, remote: BucketContent) -> list[str]:
    """Keys whose headers must be read as well, since the listing alone does not decide.

    Their headers may be of another time, they may have been put by hand since index.html was, which
    comes last otherwise, or their ETags are no sums.
    """
    old_rules = remote.attributes.get(INDEX, {}).get("rules") != RULES
    last = remote.index.modified if remote.index else NEVER
    suspected = []
    for key, file in build.files.items():
        there = remote.objects.get(key)
        if there and there.size == file.size and key not in remote.attributes:
            doubtful = old_rules or there.modified > last or there.etag != file.md5
            suspected += [key] if doubtful else []
    return suspected


def plan(build: Build, remote: BucketContent, keep: timedelta, now: datetime) -> UploadPlan:
    """The plan that makes ``remote`` equal ``build``; ``remote`` has its suspects' attributes."""
    new = [file for key, file in build.files.items() if not _is_there(file, remote)]
    since = remote.history.valid(remote.index)
    left = {key: since.get(key, now) for key in remote.objects if key not in build.files}
    over = {key for key, when in left.items() if now - when >= keep}
    history = History({k: v for k, v in left.items() if k not in over}, build.files[INDEX].md5, now)
    waves = (
        tuple(file for file in new if file.hashed),
        tuple(file for file in new if not file.hashed and file.key != INDEX),
        tuple(file for file in new if file.key == INDEX),
    )
    return UploadPlan(
        waves=waves,
        history=history if _has_changed(remote.history, left, build) else None,
        remove=tuple(over),
        unchanged=len(build.files) - len(new),
        kept=len(left) - len(over),
    )


def paths(keys: Iterable[str]) -> list[str]:
    """What an invalidation of these keys names.

    ``/index.html`` stands for every page: the function of the distribution turns ``/`` and paths
    without a suffix into it before CloudFront looks into its cache.
    """
    from urllib.parse import quote

    named = sorted(f"/{quote(key)}" for key in keys)
    return named if len(named) <= MOST_PATHS else ["/*"]


def fingerprint(build: Build) -> str:
    """Tells one content of all unhashed files from another; 32 hexadecimal digits."""
    lines = [f"{file.md5} {key}" for key, file in sorted(build.unhashed.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _has_changed(history: History, left: Mapping[str, datetime], build: Build) -> bool:
    """Whether it would say something else. What has been removed since is in nobody's way there,
    and is in it until then: a removal that was cut off goes on."""
    known = {k: v for k, v in history.superseded.items() if k in left or k in build.files}
    return known != left


def _is_there(file: File, remote: BucketContent) -> bool:
    there = remote.objects.get(file.key)
    if not there or there.size != file.size:
        return False
    if file.key not in remote.attributes:
        return there.etag == file.md5
    known: Mapping[str, Any] = remote.attributes[file.key]
    return all(known.get(name) == value for name, value in file.attributes.items())
