"""A publication shown to people, logs and programs.

Results go to stdout, and what passes by on the way to stderr: a bar on a terminal, else a line now
and then.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator

from generator.application.publish.build import File
from generator.cloud.text import plain
from generator.report import Report

PAUSE = 2.0
"""Seconds between two lines."""


def warn(report: Report, text: str) -> None:
    """What does not stop a publication, but somebody should look at."""
    report.tell("warning", text=text)
    if not report.json:
        print(f"warning: {plain(text)}", file=sys.stderr, flush=True)


def sending(report: Report, files: Iterable[File], count: int, size: int) -> Iterator[File]:
    """Let ``files`` pass as they are sent: ``count`` of them with ``size`` bytes in all."""
    if report.json:
        yield from _told(report, files)
    elif sys.stderr.isatty():
        yield from _bar(files, count, size)
    else:
        yield from _lines(files, count, size)


def amount(size: float) -> str:
    """Bytes as people say them: 812 B, 5.2 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def _told(report: Report, files: Iterable[File]) -> Iterator[File]:
    for file in files:
        report.tell("sent", path=file.key, bytes=file.size)
        yield file


def _lines(files: Iterable[File], count: int, size: int) -> Iterator[File]:
    start = last = time.monotonic()
    done = sent = 0
    for file in files:
        done, sent, now = done + 1, sent + file.size, time.monotonic()
        if now - last >= PAUSE:
            last, took = now, now - start
            print(
                f"{done:,} of {count:,} files, {amount(sent)} of {amount(size)}, "
                f"{done / took:,.0f} files/s, {amount(sent / took)}/s",
                file=sys.stderr,
                flush=True,
            )
        yield file


def _bar(files: Iterable[File], count: int, size: int) -> Iterator[File]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.fields[done]:,} of {task.fields[count]:,} files"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=size, done=0, count=count)
        for done, file in enumerate(files, start=1):
            progress.update(task, advance=file.size, done=done)
            yield file
