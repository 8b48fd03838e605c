"""What a month costs, on a terminal and for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from generator.checks.cost import report as texts
from generator.checks.cost.prices import OLD_DAYS, Price
from generator.checks.cost.report import Estimate
from generator.report import Report


def show(estimates: Sequence[Estimate], report: Report) -> None:
    """The month of one environment, or of two beside each other."""
    for each in estimates:
        report.tell_all({"env": each.env, **fields} for fields in texts.objects(each))
    if len(estimates) == 1:
        _show(estimates[0], report)
    else:
        _compare(estimates[0], estimates[1], report)


def warn(estimates: Iterable[Estimate], current: Mapping[str, Price]) -> None:
    """Say on stderr that prices are old."""
    keys = sorted({key for each in estimates for key in each.old}, key=lambda k: current[k].as_of)
    if keys:
        print(
            f"clinic: {len(keys)} of the prices used are more than {OLD_DAYS} days old (the oldest "
            f"is {keys[0]} of {current[keys[0]].as_of}): ask AWS with --live.",
            file=sys.stderr,
        )


def _show(estimate: Estimate, report: Report) -> None:
    report.table(*texts.lines(estimate.bill))
    report.say(f"\n{estimate.env} in {estimate.region}: {estimate.total}.\n")
    if estimate.moved:
        report.say("Prices that have moved since they were listed:")
        report.table(*texts.moved(estimate))
    if estimate.scenarios:
        report.table(*texts.loads(estimate.scenarios))
    if estimate.choices:
        report.say("\nWhat another choice costs or saves:")
        report.table(*texts.options(estimate.choices))
    report.say()
    about = (texts.notes(estimate), texts.free(estimate.bill), texts.terms(estimate.usage))
    for sentence in chain(*about):
        report.say(sentence)


def _compare(one: Estimate, other: Estimate, report: Report) -> None:
    headings, rows = texts.compared(one, other)
    for component, before, after, difference in rows:
        usd = {headings[1]: float(before), headings[2]: float(after)}
        about = {"component": component, "usd": usd, "difference": float(difference)}
        report.tell("difference", **about)
    report.table(headings, rows)
    report.say(f"\n{one.env} in {one.region}: {one.total}; {other.env}: {other.total}.\n")
    for each in (one, other):
        for sentence in texts.notes(each):
            report.say(f"{each.env}: {sentence}")
    for sentence in texts.terms(one.usage):
        report.say(sentence)
