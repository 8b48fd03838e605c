"""``clinic env``: parse, call, print."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from generator.application.env import diff as differences
from generator.application.env import push as pushing
from generator.application.env import show as showing
from generator.application.env.check import Checked, check, line, load_checked
from generator.application.env.keys import FILE as SCHEMA
from generator.application.env.supplied import DEFAULTS, SUPPLIED
from generator.cloud.aws import connect, explained
from generator.cloud.environment import name_of, stack_name
from generator.cloud.progress import Report
from generator.options import JSON, PARAMS, PATH, connected

FILE = click.argument("file", type=PATH)
REVEAL = click.option("--reveal", is_flag=True, help="Show values. They are secrets.")


@click.group("env")
def env_command() -> None:
    """Check, push, compare and show the backend's production .env.

    Exits with 0 when all is well, 1 when `check` finds an error or `diff` a difference, 2 for bad
    input (push: for a file with errors; nothing was sent), 3 when it needs a person.

    \b
    clinic env check .env
    clinic env push prod .env
    clinic env diff prod .env
    clinic env show prod
    """


@env_command.command("check")
@FILE
@click.argument("env", required=False, default="")
@PARAMS
@JSON
def check_command(file: Path, env: str, params: Path, as_json: bool) -> None:
    """Read FILE as `docker run --env-file` would, and hold it against params/env.schema.json.

    Errors are what would not reach the backend as it is meant, or would stop it: exit code 1.
    Warnings are worth a look. No value is ever printed. With ENV, also whether documents would be
    lost there: they stay in its file system (DocumentsFileSystem) or in S3 (CLOUD=true).

    \b
    clinic env check .env
    clinic env check .env prod
    clinic env check .env --json
    """
    checked = check(file, params, env)
    _say(checked, as_json)
    if checked.errors:
        raise click.exceptions.Exit(1)


@env_command.command("push")
@connected
@FILE
@JSON
@explained("releaser")
def push_command(
    env: str, file: Path, params: Path, profile: str | None, region: str | None, as_json: bool
) -> None:
    """Send FILE to the stack's encrypted, versioned configuration bucket.

    A file with errors is refused, an unchanged one is not sent. Instances notice a new version
    within two minutes and restart the container one after the other.

    \b
    clinic env push prod .env
    """
    stack, checked = stack_name(name_of(env, params)), load_checked(file, params, env)
    for remark in checked.remarks:
        print(line(file, remark), file=sys.stderr)
    pushing.push(connect(profile, region), stack, checked, Report(as_json))


@env_command.command("diff")
@connected
@click.argument("file", type=PATH, required=False)
@REVEAL
@JSON
@explained("releaser", "revealer")
def diff_command(
    env: str,
    file: Path | None,
    params: Path,
    profile: str | None,
    region: str | None,
    reveal: bool,
    as_json: bool,
) -> None:
    """Compare keys and fingerprints of FILE with what is deployed: 0 the same, 1 different.

    Without FILE, params/ENV.env or .env is compared; if there is neither, the deployed version
    with the one before it.

    \b
    clinic env diff prod .env
    clinic env diff prod .env --reveal
    """
    name, report = name_of(env, params), Report(as_json)
    source = file or differences.default_file(name, params)
    checked = check(source, params) if source else None
    aws, stack = connect(profile, region), stack_name(name)
    if checked:
        same = differences.diff(aws, stack, checked, report, reveal)
    else:
        same = differences.last_push(aws, stack, report)
    if not same:
        raise click.exceptions.Exit(1)


@env_command.command("show")
@connected
@REVEAL
@JSON
@explained("releaser", "revealer")
def show_command(
    env: str, params: Path, profile: str | None, region: str | None, reveal: bool, as_json: bool
) -> None:
    """List the keys that the container gets and who supplies them, the version and its date.

    \b
    clinic env show prod
    clinic env show prod --reveal
    """
    stack = stack_name(name_of(env, params))
    showing.show(connect(profile, region), stack, Report(as_json), reveal)


def _say(checked: Checked, as_json: bool) -> None:
    keys, errors = len(checked.values), len(checked.errors)
    warnings = len(checked.remarks) - errors
    if as_json:
        for remark in checked.remarks:
            print(json.dumps({"kind": "remark", **remark._asdict()}))
        counts = {"keys": keys, "errors": errors, "warnings": warnings}
        held = {"file": str(checked.path), "against_schema": checked.schema is not None}
        print(json.dumps({"kind": "checked", **held, **counts}))
        print(json.dumps({"kind": "supplied", "keys": SUPPLIED | DEFAULTS}))
        return
    for remark in checked.remarks:
        print(line(checked.path, remark))
    if checked.schema is None:
        print(f"There is no {SCHEMA} in the folder of parameter files: keys were not checked.")
    print(
        f"{checked.path}: {_count(keys, 'key')}, {_count(errors, 'error')}, "
        f"{_count(warnings, 'warning')}"
    )
    print(f"Supplied by the stack: {', '.join(SUPPLIED)}; {', '.join(DEFAULTS)} unless it is here.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
