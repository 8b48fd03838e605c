"""What a publication would do, and what one did, in words and as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.application.publish.build import Build, File
from generator.application.publish.headers import is_hashed
from generator.application.publish.plan import Plan, paths
from generator.application.publish.progress import amount
from generator.cloud.text import plain
from generator.report import Report

SHOWN = 20
"""Files that a plan lists for people."""


@dataclass(frozen=True)
class Done:
    """What a publication did."""

    url: str
    sent: Mapping[str, File]
    removed: Sequence[str]
    invalidated: Sequence[str]
    seconds: float


def preview(report: Report, url: str, build: Build, planned: Plan) -> None:
    """Say what a publication would do."""
    for file in planned.files:
        report.tell(
            "send",
            path=file.key,
            bytes=file.size,
            content_type=file.attributes["Content-Type"],
            cache_control=file.attributes["Cache-Control"],
        )
    for key in planned.remove:
        report.tell("remove", path=key)
    invalidated = _invalidated(build, planned)
    report.tell(
        "plan",
        send=len(planned.files),
        bytes=planned.bytes,
        unchanged=planned.unchanged,
        kept=planned.kept,
        remove=len(planned.remove),
        invalidate=invalidated,
        url=url,
    )
    for line in _lines(planned):
        report.say(plain(line))
    said = (
        f"{url}: {_files(len(planned.files))} to send ({amount(planned.bytes)}), "
        f"{planned.unchanged:,} unchanged, {planned.kept:,} of earlier builds to keep, "
        f"{len(planned.remove):,} to remove{_listed(', to invalidate', invalidated)}. "
        "Nothing was changed."
    )
    report.say(plain(said))


def conclude(report: Report, build: Build, done: Done) -> None:
    """Say what a publication did."""
    size = sum(file.size for file in done.sent.values())
    unchanged = len(build.files) - len(done.sent)
    report.tell(
        "published",
        sent=len(done.sent),
        bytes=size,
        unchanged=unchanged,
        removed=len(done.removed),
        invalidated=list(done.invalidated),
        seconds=round(done.seconds, 3),
        url=done.url,
    )
    sent = f"sent {_files(len(done.sent))} ({amount(size)}) in {done.seconds:.1f} s"
    removed = f", {_files(len(done.removed))} of earlier builds removed" if done.removed else ""
    said = (
        f"{done.url}: {sent if done.sent else 'nothing to send'}, {unchanged:,} unchanged{removed}"
        f"{_listed(', invalidation of', done.invalidated)}."
    )
    report.say(plain(said))


def _invalidated(build: Build, planned: Plan) -> list[str]:
    gone = [key for key in planned.remove if not is_hashed(key)]
    replaced = any(not file.hashed for file in planned.files)
    return paths({*build.unhashed, *gone}) if replaced or gone else []


def _lines(planned: Plan) -> list[str]:
    rows = [
        f"  send    {file.key}  {amount(file.size)}  {file.attributes['Cache-Control']}"
        for file in planned.files
    ]
    rows += [f"  remove  {key}" for key in planned.remove]
    more = [f"  and {len(rows) - SHOWN:,} more"] if len(rows) > SHOWN else []
    return rows[:SHOWN] + more


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def _listed(before: str, items: Sequence[str]) -> str:
    return f"{before} {' '.join(items)}" if items else ""
