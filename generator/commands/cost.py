"""``clinic cost``: parse, call, print. Only --live talks to AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from generator.checks.cost.usage import Usage
from generator.errors import ClinicError
from generator.options import PARAMS, PROFILE, TEMPLATES, reporting
from generator.report import Report

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
@reporting(
    "line", "load", "option", "moved", "free", "assumption", "not-counted", "total", "difference"
)
def cost_command(
    env: str,
    other: str | None,
    params: Path,
    templates: Path | None,
    region: str,
    live: bool,
    profile: str | None,
    report: Report,
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
    from generator.checks.cost import components, prices, screen
    from generator.checks.cost.estimate import estimate
    from generator.checks.cost.report import Moved
    from generator.model import view
    from generator.model.guard import expected
    from generator.parameters import regions

    usage = Usage(**assumed)
    regions.require(region)
    if not live:
        prices.require(region)
    if not live and profile is not None:
        raise ClinicError("--profile goes with --live: without it no account is asked.")
    names = [env] if other is None else [env, other]
    views = [view.load(name, params, templates, region) for name in names]
    listed = prices.listed(region)
    moved: Moved = {}
    if live:
        from generator.cloud.pricing import moved_since

        with expected(templates):
            keys = {
                line.key for each in views for line in components.bill(each, listed, usage).lines
            }
        moved = moved_since(keys, listed, region, profile)
    current = {**listed, **{key: new for key, (_, new) in moved.items()}}
    today = datetime.now(UTC).date()
    with expected(templates):
        estimates = [estimate(each, current, usage, moved, today) for each in views]
    screen.warn(estimates, current)
    screen.show(estimates, report)
