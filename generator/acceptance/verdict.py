"""The comparison of a bundle, shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

from generator.acceptance import compare, emulator
from generator.acceptance.begin import reference_run
from generator.acceptance.bundle import ABOUT, Bundle
from generator.acceptance.compare import HELD, NOT_JUDGED, OFF
from generator.errors import ClinicError
from generator.report import Report


def compare_and_report(folder: Path, params: Path, report: Report) -> None:
    """Print what did not hold, and how much did; ClinicError (1) if anything did not."""
    bundle = Bundle(folder)
    rows = [*compare.judge(bundle)]
    with reference_run(bundle.read(ABOUT), params) as reference:
        rows += emulator.judge(bundle, reference)
    for row in rows:
        report.tell("row", **asdict(row))
    off = [row for row in rows if row.verdict == OFF]
    if off:
        fields = [[row.about, row.what, row.promised, row.seen] for row in off]
        report.table(["about", "what", "promised", "seen"], fields)
    counts = dict[str, dict[str, int]]()
    for about in dict.fromkeys(row.about for row in rows):
        verdicts = Counter(row.verdict for row in rows if row.about == about)
        counts[about] = {verdict: verdicts[verdict] for verdict in (HELD, OFF, NOT_JUDGED)}
        verdict_counts = ", ".join(
            f"{number} {verdict}" for verdict, number in counts[about].items()
        )
        report.say(f"{about}: {verdict_counts}")
    report.tell("done", bundle=str(folder), off=len(off), counts=counts)
    if off:
        raise ClinicError(f"{len(off)} promises did not hold.", exit_code=1)
