"""Options that several commands share, so that each reads the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from generator.errors import ClinicError
from generator.report import Report

Command = Callable[..., Any]


class _Path(click.Path):
    """A path; an empty word, as a shell's unset variable gives, would be the current folder."""

    def __init__(self, readable: bool = True) -> None:
        super().__init__(path_type=Path, readable=readable)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "" and param:
            option = isinstance(param, click.Option)
            name = param.opts[0] if option else param.human_readable_name
            raise ClinicError(f"{name} is empty: give a path.")
        return super().convert(value, param, ctx)


# Whether it can be read or written is said, in a sentence, by what reads or writes it.
PATH = _Path(readable=False)
DEFAULT_PARAMS = Path("params")
PARAMS = click.option(
    "--params",
    type=_Path(),
    default=DEFAULT_PARAMS,
    show_default=True,
    help="The folder of parameter files.",
)
TEMPLATES = click.option(
    "--templates",
    type=_Path(),
    help="Another set: one flat template, or a folder with a root and its children.",
)
REGION = click.option("--region", help="AWS region; otherwise AWS_REGION or the profile's.")
PROFILE = click.option("--profile", help="Profile of the AWS CLI; otherwise AWS_PROFILE.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")
FLAT = click.option("--flat", is_flag=True, help="One template instead of nested stacks.")
REVEAL = click.option("--reveal", is_flag=True, help="Show values. They are secrets.")


def reporting(*kinds: str) -> Callable[[Command], Command]:
    """Add --json, and give the command the ``report`` of its run in place of it.

    ``kinds`` are those of the objects that the command tells programs, beside done and error.
    """

    def add(command: Command) -> Command:
        @click.option(
            "--json",
            "as_json",
            is_flag=True,
            help=f"One JSON object a line. Kinds: {', '.join(kinds)}; at the end error if it "
            "failed, and always done with the exit code.",
        )
        @wraps(command)
        def reported(*args: Any, as_json: bool, **values: Any) -> Any:
            report = click.get_current_context().find_object(Report) or Report()
            report.json = as_json
            return command(*args, report=report, **values)

        return reported

    return add


def connected(command: Command) -> Command:
    """Add what every command that talks to AWS takes: the environment, its folder, the region and
    the profile."""
    for option in (PARAMS, PROFILE, REGION, click.argument("env")):
        command = option(command)
    return command
