"""`clinic deploy`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.options import FLAT, PATH, YES, connected, reporting
from generator.report import Report


@click.command("deploy")
@connected
@YES
@click.option("--plan", is_flag=True, help="Only show what would change.")
@FLAT
@reporting("check", "upload", "change", "event", "zones", "image", "diagnosis", "promise")
@click.option(
    "--allow-data-loss",
    "allowed",
    multiple=True,
    metavar="LOGICAL_ID",
    help="Let this resource be deleted or replaced although it holds data.",
)
@click.option(
    "--build",
    "context",
    type=PATH,
    metavar="CONTEXT",
    help="Build this folder with Docker first, and push it as the tag in BackendImage.",
)
@click.option(
    "--smoke/--no-smoke", default=True, show_default=True, help="Try the site at the end."
)
@explained()
def deploy_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    yes: bool,
    plan: bool,
    flat: bool,
    report: Report,
    allowed: tuple[str, ...],
    context: Path | None,
    smoke: bool,
) -> None:
    """Bring a stack to what the code and params/ENV.json say.

    `clinic check` comes first, it is followed to its end, and `clinic smoke` comes last. Exits with
    0 when it is done or there is nothing to do, 1 when the check found something, it failed and was
    rolled back, or is deployed but does not answer, 2 for bad input, 3 when it needs a person.

    \b
    clinic deploy dev
    clinic deploy prod --plan
    clinic deploy prod --build ../backend
    clinic deploy prod --yes --json >deploy.jsonl
    """
    from generator.application.release.deployment import built
    from generator.application.smoke.conclude import after_deployment
    from generator.checks.preflight import screen
    from generator.checks.preflight.required import require_clean
    from generator.cloud.ask import terminal
    from generator.cloud.aws import connect
    from generator.cloud.deploy import DeployOptions, deploy
    from generator.cloud.environment import load

    environment = load(env, params, flat)
    aws = connect(profile, region)
    checked = require_clean(env, params, aws.region)
    report.say(screen.line(checked))
    report.tell("check", findings=checked.count)
    push = None
    if context and not plan:
        push = built(aws, environment, context, report)
    options = DeployOptions(yes, plan, allowed, report, terminal(), push=push)
    if deploy(aws, environment, options) and smoke:
        after_deployment(aws, environment, report)
