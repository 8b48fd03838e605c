"""A group whose commands are one file each, imported when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.exceptions import NoSuchCommand

Table = Mapping[str, Mapping[str, str]]
"""Commands by title: name -> the first sentence of the help, which is shown without an import."""


class LazyGroup(click.Group):
    """Finds `stack-set` as ``stack_set_command`` in ``stack_set.py`` of a package."""

    def __init__(self, *args: Any, package: str, table: Table, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package, self.table = package, table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for commands in self.table.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        stem = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"{self.package}.{stem}"), f"{stem}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            known = self.list_commands(ctx)
            raise NoSuchCommand(error.command_name, possibilities=known, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in self.table.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))
