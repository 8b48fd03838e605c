"""The rehearsal's look from outside: at the twin, stood up by a process of its own meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.application.smoke import report as telling
from generator.application.smoke.prove import FAILED, OK, Result
from generator.cloud.aws import Aws
from generator.cloud.environment import Environment
from generator.errors import ClinicError
from generator.local.application import look_from_outside
from generator.local.rehearse import Look
from generator.report import Report

BOOTED = "What booted, and the database, ran on this machine (`clinic twin`), and not in AWS."


@contextmanager
def standing(env: str, params: Path, flat: bool, why_not: str) -> Iterator[Look]:
    """A look at the site from outside: at the twin, which stands up meanwhile, or, where this
    machine cannot, at what the endpoint plays."""
    if why_not:

        def plain(aws: Aws, wanted: Environment, report: Report) -> str:
            report.say(f"No instance boots here: {why_not}")
            return look_from_outside(aws, wanted, report)

        yield plain
        return
    words = ["twin", env, "--params", str(params), "--prove", "--no-load", "--quick", "--json"]
    only = ["--only", "smoke", "--only", "log-in", *(["--flat"] if flat else [])]
    command = [sys.executable, "-m", "generator", *words, *only]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield lambda aws, wanted, report: _look(child, report)
    finally:
        child.kill()
        child.communicate()


def _look(child: subprocess.Popen[str], report: Report) -> str:
    """What the twin has seen; ClinicError (1) unless all of it holds."""
    out, said = child.communicate()
    broken = []
    for line in out.splitlines():
        one = json.loads(line)
        if one["kind"] == "probe":
            name, holds = one["name"].removeprefix("smoke "), one["holds"]
            shown = Result(name, one["says"], OK if holds else FAILED, one["seen"], one["ms"])
            telling.show(shown, report)
            broken += [] if holds else [name]
    if broken:
        raise ClinicError(f"the site does not keep: {', '.join(broken)}.", exit_code=1)
    if child.returncode:
        raise ClinicError(f"the twin did not stand: {said.strip()[-600:]}", exit_code=1)
    return BOOTED
