"""The command: parse, call, print."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from generator.application.release.build import build, check
from generator.application.release.fleet import Fleet
from generator.application.release.plan import Release, at_rest
from generator.application.release.release import release
from generator.application.release.save import save
from generator.application.release.wish import Order, of_stack
from generator.application.smoke.site import endpoint
from generator.application.smoke.site import of_stack as site_of_stack
from generator.cloud.aws import Aws, connect, explained
from generator.cloud.deploy import Wishes
from generator.cloud.environment import load
from generator.cloud.progress import Report
from generator.cloud.stacks import Stack, find
from generator.errors import ClinicError
from generator.options import JSON, PATH, YES, connected
from generator.parameters import files as parameters


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
@JSON
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
    as_json: bool,
) -> None:
    """Roll the backend's instances to another image or revision, and back when it does not hold.

    A new version of the launch template, an instance refresh that never has fewer healthy
    instances than before, the health path through the CDN, and then the stack's parameters. Asks
    first on a terminal. Exits with 1 when it failed and was rolled back, 3 when it needs a person.

    \b
    clinic release prod --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/backend:1.4.2
    clinic release seed --revision v1.4.2
    clinic release prod --build ../backend --migrate "npm run migration:run" --yes --save
    """
    asked = _order(image, revision, context, migration)
    wanted = load(env, params)
    report, aws = Report(as_json, brief=True), connect(profile, region)
    stack = at_rest(aws, wanted, Wishes(yes=True, report=report))
    if "TemplateBaseUrl" not in stack.parameters:
        wanted = load(env, params, flat=True)
    this = Release(
        aws=aws,
        env=wanted,
        stack=stack,
        fleet=Fleet.of(aws, stack.outputs),
        order=asked if isinstance(asked, Order) else _built(aws, stack, asked, report),
        wishes=Wishes(yes=True, report=report),
        site=None if endpoint(aws) else site_of_stack(aws, wanted.name, wanted.stack),
        agreed=lambda question: yes or as_json or _agreed(question),
        migration=migration or "",
        heed_alarms=not no_alarms,
        healthy_within=healthy_within,
    )
    if release(this):
        _told(this, parameters.find(env, params), keep)


def _order(image: str, revision: str, context: Path | None, migration: str | None) -> Order | Path:
    """What is asked for, or what is still to be built; ClinicError if that cannot be."""
    if bool(image) + bool(revision) + bool(context) != 1:
        raise ClinicError("give one of --image, --revision and --build.")
    if migration is not None and not migration.strip():
        raise ClinicError("--migrate is empty: give the command, or leave the option out.")
    if migration and "{{" in migration:
        raise ClinicError("--migrate must hold no {{, which Systems Manager would fill in.")
    if migration and revision:
        raise ClinicError(
            "--migrate needs an image: a revision is built by each instance at its boot."
        )
    if context:
        check(context)
        return context
    return Order(image, revision)


def _built(aws: Aws, stack: Stack, context: Path, report: Report) -> Order:
    return Order(build(aws, stack.outputs["ImageRepositoryUri"], context, report))


def _agreed(question: str) -> bool:
    """Ask on a terminal. In a pipe the order is the consent: nothing is lost, and it turns back."""
    return not (sys.stdin.isatty() and sys.stdout.isatty()) or click.confirm(question)


def _told(this: Release, path: Path, keep: bool) -> None:
    """Say where the parameter file differs from what runs, or mend it."""
    stack = find(this.aws, this.env.stack)
    now = of_stack(stack.parameters).parameters if stack else {}
    said = this.env.parameters("")
    differing = {name: value for name, value in now.items() if said[name] != value}
    if not differing:
        return
    words = ", ".join(f"{name}={value}" for name, value in differing.items())
    if keep:
        save(path, differing)
        this.say(f"Written into {path}: {words}")
    else:
        this.say(
            f"{path} says otherwise, so the next `clinic deploy {this.env.name}` would show and "
            f"undo this release. Write there, or release with --save: {words}"
        )
