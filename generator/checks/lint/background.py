"""Runs cfn-lint as a subprocess, yields its answers as they come, and always ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

from generator.checks.lint import cfn_lint as linter
from generator.checks.lint.finding import Finding

Answers = Iterator[tuple[str, list[Finding]]]
"""File and findings; RuntimeError with the linter's last words after the last of those that did
not crash."""


@contextmanager
def running(jobs: Sequence[linter.Job], regions: Sequence[str], folder: Path) -> Iterator[Answers]:
    """Lint ``jobs`` in the background for as long as the context lasts.

    ``folder`` is for what is said between the processes.
    """
    (folder / "jobs").write_text(json.dumps([jobs, regions]), "utf-8")
    with (
        (folder / "stderr").open("wb") as stderr,
        Popen(
            [sys.executable, "-m", "generator.checks.lint.cfn_lint", str(folder / "jobs")],
            stdout=PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield _answers(process, process.stdout, folder / "stderr")
        finally:
            # The session is the linter's own: this reaches its workers too, and nobody else.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _answers(process: Popen[str], stdout: IO[str], stderr: Path) -> Answers:
    for line in stdout:
        file, findings = json.loads(line)
        yield file, [Finding(*row) for row in findings]
    if process.wait():
        words = stderr.read_text("utf-8", "replace").splitlines()
        raise RuntimeError(words[-1] if words else f"exit code {process.returncode}")
