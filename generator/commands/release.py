"""The command: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.ask import terminal
from generator.cloud.explained import explained
from generator.options import PATH, YES, connected, reporting
from generator.report import Report


@click.command("release")
@connected
@click.option("--image", default="", metavar="URI", help="The container image to run.")
@click.option(
    "--revision", default="", metavar="GIT_REF", help="The branch or tag to build at boot."
)
@click.option(
    "--build",
    "context",
    type=PATH,
    metavar="CONTEXT",
    help="Build this folder with Docker, push it to the stack's registry, and run that.",
)
@click.option(
    "--migrate",
    "migration",
    metavar="COMMAND",
    help="Run this once, on one instance, in the new image, before any instance is replaced.",
)
@click.option(
    "--healthy-within",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="How long a new instance may take until the balancer calls it healthy, before the release "
    "is turned back; what its warm-up leaves otherwise.",
)
@click.option("--no-alarms", is_flag=True, help="Let no alarm stop the release.")
@click.option("--save", "keep", is_flag=True, help="Write the release into the parameter file.")
@YES
@reporting("image", "event", "diagnosis", "migration", "refresh", "instance", "rollback")
@explained("releaser")
def release_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    image: str,
    revision: str,
    context: Path | None,
    migration: str | None,
    healthy_within: float | None,
    no_alarms: bool,
    keep: bool,
    yes: bool,
    report: Report,
) -> None:
    """Roll the backend to another image, and back when it does not hold.

    Or to another revision. A new version of the launch template, an instance refresh that never has
    fewer healthy instances than before, the health path through the CDN, and then the stack's
    parameters. Asks first on a terminal. Exits with 1 when it failed and was rolled back, 3 when it
    needs a person.

    \b
    clinic release prod --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/backend:1.4.2
    clinic release seed --revision v1.4.2
    clinic release prod --build ../backend --migrate "npm run migration:run" --yes --save
    """
    from generator.application.release.fleet import Fleet
    from generator.application.release.order import order_of, ordered
    from generator.application.release.plan import Rollout, at_rest
    from generator.application.release.release import release
    from generator.application.release.save import keep_in_step
    from generator.application.smoke.site import endpoint
    from generator.application.smoke.site import of_stack as site_of_stack
    from generator.cloud.aws import connect
    from generator.cloud.deploy import DeployOptions
    from generator.cloud.environment import load
    from generator.parameters import files as parameters

    asked = order_of(image, revision, context, migration)
    wanted = load(env, params)
    aws, report.brief = connect(profile, region), True
    stack = at_rest(aws, wanted, DeployOptions(yes=True, report=report))
    if "TemplateBaseUrl" not in stack.parameters:
        wanted = load(env, params, flat=True)
    this = Rollout(
        aws=aws,
        env=wanted,
        stack=stack,
        fleet=Fleet.of(aws, stack.outputs),
        order=ordered(asked, aws, stack, report),
        options=DeployOptions(yes=True, report=report),
        site=None if endpoint(aws) else site_of_stack(aws, wanted.name, wanted.stack),
        agreed=lambda question: yes or report.json or _agreed(question),
        migration=migration or "",
        heed_alarms=not no_alarms,
        healthy_within=healthy_within,
    )
    if release(this):
        keep_in_step(this, parameters.find(env, params), keep)


def _agreed(question: str) -> bool:
    """Ask on a terminal. In a pipe the order is the consent: nothing is lost, and it turns back."""
    return not terminal() or click.confirm(question)
