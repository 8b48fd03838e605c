"""``clinic cost``: parse, call, print. Only --live talks to AWS."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain
from pathlib import Path
from typing import Any

import click

from generator import tables
from generator.checks.cost import choices, components, prices, report
from generator.checks.cost.prices import OLD_DAYS, Price
from generator.checks.cost.report import Estimate
from generator.checks.cost.usage import Usage
from generator.errors import ClinicError
from generator.model import view
from generator.model.guard import expected
from generator.options import JSON, PARAMS, PROFILE, TEMPLATES
from generator.parameters import regions

Command = Callable[..., Any]


class Amount(click.ParamType[Decimal]):
    """A number from 0 to the most that makes sense."""

    name = "number"

    def __init__(self, most: Decimal) -> None:
        self.most = most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            amount = Decimal(value)
        except InvalidOperation:
            self.fail(f"{value!r} is not a number.", param, ctx)
        if not (amount.is_finite() and 0 <= amount <= self.most):
            self.fail(f"{value} is not between 0 and {self.most:,}.", param, ctx)
        return amount


def _assumptions(command: Command) -> Command:
    """An option for each assumption about the month."""
    for assumption in reversed(fields(Usage)):
        command = click.option(
            f"--{assumption.name.replace('_', '-')}",
            type=Amount(assumption.metadata["most"]),
            default=assumption.default,
            show_default=assumption.default is not None,
            help=assumption.metadata["help"],
        )(command)
    return command


@click.command("cost")
@click.argument("env")
@click.option("--compare", "other", metavar="ENV", help="Set another environment beside it.")
@PARAMS
@TEMPLATES
@click.option("--region", default="us-east-1", show_default=True, help="Whose prices to take.")
@_assumptions
@click.option("--live", is_flag=True, help="Ask AWS for today's prices and show what has moved.")
@PROFILE
@JSON
def cost_command(
    env: str,
    other: str | None,
    params: Path,
    templates: Path | None,
    region: str,
    live: bool,
    profile: str | None,
    as_json: bool,
    **assumed: Decimal,
) -> None:
    """Say what a month of ENV costs, by component and by option.

    Computed from the templates and a dated list of AWS's public prices, offline. ENV is the name of
    a parameter file or its path.

    \b
    clinic cost seed
    clinic cost dev --compare prod
    clinic cost prod --load 40 --traffic-gb 500 --region sa-east-1
    clinic cost seed --json | jq 'select(.kind == "total").usd'
    """
    usage = Usage(**assumed)
    _require(region, live, profile)
    names = [env] if other is None else [env, other]
    views = [view.load(name, params, templates, region) for name in names]
    listed = prices.listed(region)
    with expected(templates):
        keys = {line.key for each in views for line in components.bill(each, listed, usage).lines}
    moved = _moved(keys, listed, region, profile) if live else {}
    current = {**listed, **{key: new for key, (_, new) in moved.items()}}
    with expected(templates):
        estimates = [_estimate(each, current, usage, moved) for each in views]
    _warn(estimates, current)
    if as_json:
        _print_objects(estimates)
    elif other is not None:
        _show_compared(*estimates)
    else:
        _show(estimates[0])


def _require(region: str, live: bool, profile: str | None) -> None:
    regions.require(region)
    if not live:
        prices.require(region)
    if not live and profile is not None:
        raise ClinicError("--profile goes with --live: without it no account is asked.")


def _estimate(
    seen: view.View,
    current: Mapping[str, Price],
    usage: Usage,
    moved: Mapping[str, tuple[Price | None, Price]],
) -> Estimate:
    month = components.bill(seen, current, usage)
    keys = {line.key for line in month.lines}
    today = datetime.now(UTC).date()
    return Estimate(
        env=seen.env,
        region=seen.region,
        usage=usage,
        bill=month,
        scenarios=choices.by_load(seen, current, usage),
        choices=choices.choices(seen, current, usage),
        old=prices.old(current, keys, today),
        moved={key: pair for key, pair in moved.items() if key in keys},
    )


def _moved(
    keys: Collection[str], listed: Mapping[str, Price], region: str, profile: str | None
) -> dict[str, tuple[Price | None, Price]]:
    """What AWS answers for these prices, where it differs from the list."""
    from generator.cloud import pricing
    from generator.cloud.aws import connect

    asked = sorted(key for key in keys if pricing.query(key))
    client = connect(profile, pricing.ENDPOINT_REGION).client("pricing")
    with click.progressbar(asked, label="Asking AWS", file=sys.stderr) as bar:
        live = pricing.ask(client, region, bar)
    print(f"AWS answered for {len(live)} of {len(keys)} prices.", file=sys.stderr)
    return {
        key: (listed.get(key), price)
        for key, price in live.items()
        if key not in listed or listed[key].usd != price.usd
    }


def _warn(estimates: Iterable[Estimate], current: Mapping[str, Price]) -> None:
    keys = sorted({key for each in estimates for key in each.old}, key=lambda k: current[k].as_of)
    if keys:
        print(
            f"clinic: {len(keys)} of the prices used are more than {OLD_DAYS} days old (the oldest "
            f"is {keys[0]} of {current[keys[0]].as_of}): ask AWS with --live.",
            file=sys.stderr,
        )


def _print_objects(estimates: list[Estimate]) -> None:
    for each in estimates:
        for found in report.objects(each):
            print(json.dumps({"env": each.env, **found}))
    if len(estimates) > 1:
        headings, rows = report.compared(*estimates)
        for row in rows:
            component, one, other, difference = row
            named = {headings[1]: float(one), headings[2]: float(other)}
            about = {"component": component, "usd": named, "difference": float(difference)}
            print(json.dumps({"kind": "difference", **about}))


def _show(estimate: Estimate) -> None:
    tables.show(*report.lines(estimate.bill))
    print(f"\n{estimate.env} in {estimate.region}: {estimate.total}.\n")
    if estimate.moved:
        print("Prices that have moved since they were listed:")
        tables.show(*report.moved(estimate))
    if estimate.scenarios:
        tables.show(*report.loads(estimate.scenarios))
    if estimate.choices:
        print("\nWhat another choice costs or saves:")
        tables.show(*report.options(estimate.choices))
    print()
    about = (report.notes(estimate), report.free(estimate.bill), report.terms(estimate.usage))
    for sentence in chain(*about):
        print(sentence)


def _show_compared(one: Estimate, other: Estimate) -> None:
    tables.show(*report.compared(one, other))
    print(f"\n{one.env} in {one.region}: {one.total}; {other.env}: {other.total}.\n")
    for each in (one, other):
        for sentence in report.notes(each):
            print(f"{each.env}: {sentence}")
    for sentence in report.terms(one.usage):
        print(sentence)
