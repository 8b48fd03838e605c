"""Prints the findings, and decides whether the build passes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from generator import suppressions
from generator.checks.lint import formats
from generator.checks.lint.finding import SEVERITIES, Finding

STREAMED: dict[str, Callable[[Finding], str]] = {"text": formats.text, "github": formats.github}
"""Formats of one finding at a time, printed as soon as it is known."""

WHOLE: dict[str, Callable[[list[Finding]], str]] = {
    "json": formats.as_json,
    "sarif": formats.sarif,
}


def report(findings: Iterator[Finding], form: str, strict: bool) -> bool:
    """Print what no suppression covers; whether nothing failed.

    Errors and warnings fail; informational findings are shown, and fail, only if ``strict``.
    """
    shown: list[Finding] = []
    failing = SEVERITIES if strict else SEVERITIES[:2]
    used: set[suppressions.Suppression] = set()
    for finding in unsuppressed(findings, used):
        if finding.severity in failing:
            shown.append(finding)
            if form in STREAMED:
                print(STREAMED[form](finding), flush=True)
    if form in WHOLE:
        print(WHOLE[form](shown))
    print(_summary(shown, used), file=sys.stdout if form == "text" else sys.stderr)
    return not shown


def unsuppressed(
    findings: Iterator[Finding], used: set[suppressions.Suppression]
) -> Iterator[Finding]:
    """What no suppression covers; ``used`` gets the suppressions that cover something."""
    for finding in findings:
        fitting = suppressions.fitting(finding.rule, finding.place)
        used.update(fitting)
        if not fitting:
            yield finding


def _summary(shown: list[Finding], used: set[suppressions.Suppression]) -> str:
    counts = {level: sum(f.severity == level for f in shown) for level in SEVERITIES}
    counted = ", ".join(f"{count} {level}" for level, count in counts.items() if count)
    suppressed = (
        "1 suppression with a reason was" if len(used) == 1 else f"{len(used)} suppressions were"
    )
    return f"lint: {counted or 'nothing found'}; {suppressed} used"
