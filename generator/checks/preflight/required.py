"""The check that a deployment requires: any finding stops it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from generator.checks import preflight
from generator.checks.preflight import CheckResult, screen
from generator.checks.reach import report
from generator.errors import ClinicError


def require_clean(env: str, params: Path, region: str = "us-east-1") -> CheckResult:
    """Check ``env`` with our own templates; ClinicError (1) if there is any finding.

    Half a second of work, or several seconds when something has changed since the last lint.
    """
    if sys.stderr.isatty():
        print(f"Checking {env} ...", file=sys.stderr)
    checked = preflight.check(env, params, region=region)
    if checked.count:
        counted = "1 finding" if checked.count == 1 else f"{checked.count} findings"
        sentences = [
            text.replace("\n", "\n    ") for text in screen.findings(checked, screen.SHOWN)
        ]
        names = report.command_line(env, None, params)
        command = shlex.join(["clinic", "check", *names])
        start = f"nothing was changed, because of {counted}; `{command}` shows all:"
        end = report.mend(checked.proof, names)
        raise ClinicError("\n    ".join([start, *sentences, *end]), exit_code=1)
    return checked
