"""`clinic env check`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.application.env import report
from generator.application.env.check import check
from generator.options import JSON, PARAMS, PATH


@click.command("check")
@click.argument("file", type=PATH)
@click.argument("env", required=False, default="")
@PARAMS
@JSON
def check_command(file: Path, env: str, params: Path, as_json: bool) -> None:
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
    checked = check(file, params, env)
    report.show(checked, as_json)
    if checked.errors:
        raise click.exceptions.Exit(1)
