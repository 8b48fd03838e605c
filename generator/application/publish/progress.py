"""A publication shown to people, logs and programs.

Results go to stdout, and what passes by on the way to stderr: a bar on a terminal, else a line now
and then.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from generator.application.publish.build import File
from generator.cloud.text import plain

PAUSE = 2.0
"""Seconds between two lines."""


class Show:
    """Where everything is said: text for people, or one JSON object a line."""

    def __init__(self, as_json: bool = False) -> None:
        self.json = as_json

    def say(self, text: str) -> None:
        """A result for people."""
        if not self.json:
            print(plain(text), flush=True)

    def warn(self, text: str) -> None:
        """What does not stop a publication, but somebody should look at."""
        self.tell("warning", text=text)
        if not self.json:
            print(f"warning: {plain(text)}", file=sys.stderr, flush=True)

    def tell(self, kind: str, **fields: Any) -> None:
        """An object for programs; ``kind`` says which fields it has."""
        if self.json:
            print(json.dumps({"kind": kind, **fields}), flush=True)

    def sending(self, files: Iterable[File], count: int, size: int) -> Iterator[File]:
        """Let ``files`` pass as they are sent: ``count`` of them with ``size`` bytes in all."""
        if self.json:
            passing = self._objects(files)
        elif sys.stderr.isatty():
            passing = _bar(files, count, size)
        else:
            passing = _lines(files, count, size)
        yield from passing

    def _objects(self, files: Iterable[File]) -> Iterator[File]:
        for file in files:
            self.tell("sent", path=file.key, bytes=file.size)
            yield file


def amount(size: float) -> str:
    """Bytes as people say them: 812 B, 5.2 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


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
