"""`clinic publish`: parse, call, print."""

from __future__ import annotations

import gc
import re
from datetime import timedelta
from pathlib import Path

import click

from generator.application.publish.plan import KEEP
from generator.application.publish.stack import stack_of
from generator.errors import ClinicError, quote
from generator.options import PATH, connected, reporting
from generator.report import Report


@click.command("publish")
@connected
@click.argument("dist", type=PATH)
@click.option(
    "--keep-days",
    type=click.IntRange(0, 3650),
    default=KEEP.days,
    show_default=True,
    help="How long files that a later build does not have stay for open tabs.",
)
@click.option("--source-maps", is_flag=True, help="Publish source maps too.")
@click.option(
    "--api-url",
    metavar="URL",
    default="",
    help="The VITE_API_URL that the build should carry; otherwise the site's own address.",
)
@click.option("--plan", "--dry-run", "plan", is_flag=True, help="Only show what would be sent.")
@reporting("warning", "send", "remove", "plan", "sent", "published")
def publish_command(
    env: str,
    dist: Path,
    params: Path,
    profile: str | None,
    region: str | None,
    keep_days: int,
    source_maps: bool,
    api_url: str,
    plan: bool,
    report: Report,
) -> None:
    """Make the site of ENV show the build in the folder DIST.

    Only what has another content is sent: files whose names hold a hash first, index.html last.
    An open tab still finds the chunks of the build that it came with. Cut off anywhere, the site is
    whole, and the same command finishes the work.

    \b
    clinic publish dev ../frontend/dist
    clinic publish prod dist --plan
    clinic publish prod dist --keep-days 7 --json >publish.jsonl
    """
    if api_url and not re.match(r"https?://[^/\s]+", api_url):
        raise ClinicError(
            f"--api-url {quote(api_url)} is no address: give it with its scheme, such as "
            "https://clinic.example."
        )
    stack = stack_of(env, params)
    # A third of a small publication is Python's; looking for garbage would be a fifth of that.
    gc.disable()
    from generator.application.publish.publish import Wishes, publish
    from generator.cloud.aws import connect, explained

    wishes = Wishes(
        keep=timedelta(days=keep_days),
        maps=source_maps,
        api_url=api_url.rstrip("/"),
        only_plan=plan,
        report=report,
    )
    with explained("publisher"):
        publish(lambda: connect(profile, region), stack, dist, wishes)
