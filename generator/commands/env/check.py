"""`clinic env check`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.options import PARAMS, PATH, reporting
from generator.report import Report


@click.command("check")
@click.argument("file", type=PATH)
@click.argument("env", required=False, default="")
@PARAMS
@reporting("remark", "checked", "supplied")
def check_command(file: Path, env: str, params: Path, report: Report) -> None:
    """Check FILE as `docker run --env-file` would read it.

    And as params/env.schema.json wants it. Errors are what would not reach the backend as it is
    meant, or would stop it: exit code 1. Warnings are worth a look. No value is ever printed. With
    ENV, also whether documents would be lost there: they stay in its file system
    (DocumentsFileSystem) or in S3 (CLOUD=true).

    \b
    clinic env check .env
    clinic env check .env prod
    clinic env check .env --json
    """
    from generator.application.env.check import check
    from generator.application.env.report import show

    checked = check(file, params, env)
    show(checked, report)
    if checked.errors:
        raise click.exceptions.Exit(1)
