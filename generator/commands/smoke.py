"""The command: parse, call, print."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import click

from generator import files
from generator.application.smoke import report as telling
from generator.application.smoke.promises import PROMISES
from generator.application.smoke.prove import FAILED, Result, prove
from generator.application.smoke.site import Site, of_stack, of_url
from generator.cloud.aws import Aws, connect, explained
from generator.cloud.environment import Environment, load
from generator.cloud.progress import Report
from generator.errors import ClinicError
from generator.options import JSON, PARAMS, PATH, PROFILE, REGION

FRESH = 180.0
"""Seconds that a site gets after a deployment to answer."""


@click.command("smoke")
@click.argument("target", metavar="ENV|URL")
@PARAMS
@PROFILE
@REGION
@JSON
@click.option("--junit", type=PATH, metavar="FILE", help="Also write this file for CI.")
@click.option(
    "--wait",
    type=click.FloatRange(0, 3600),
    default=0.0,
    metavar="SECONDS",
    help="Try what fails again for so long: a fresh distribution takes minutes.",
)
@explained("observer")
def smoke_command(
    target: str,
    params: Path,
    profile: str | None,
    region: str | None,
    as_json: bool,
    junit: Path | None,
    wait: float,
) -> None:
    """Prove from outside that a deployed site keeps the architecture's promises.

    An environment's stack says where balancer, database and buckets are; of a URL alone only what
    can be seen there is tested. Exits with 1 when a promise is broken. SSL_CERT_FILE names the
    authorities that are trusted, where they are others than this machine's.

    \b
    clinic smoke prod
    clinic smoke https://d111111abcdef8.cloudfront.net
    clinic smoke prod --wait 300 --junit smoke.xml
    """
    report = Report(as_json)
    if junit:
        files.check(junit)
    results = _prove(_site(target, params, profile, region), report, wait)
    if junit:
        telling.junit(target, results, junit)
    if broken := [result.name for result in results if result.status == FAILED]:
        raise ClinicError(f"{target} does not keep: {', '.join(broken)}.", exit_code=1)


def after_deployment(aws: Aws, env: Environment, report: Report) -> None:
    """What `clinic deploy` ends with. ClinicError (1) when the deployed site does not answer."""
    site = of_stack(aws, env.name, env.stack)
    if site.silent:
        report.say("Smoke: not run, since this endpoint serves no site.")
    else:
        conclude(site, env, report, 0.0 if site.way.through else FRESH)


def conclude(site: Site, env: Environment, report: Report, wait: float) -> None:
    """The same for a site that is known, which gets ``wait`` seconds to answer."""
    report.say(f"Smoke: {site.way.host} gets up to {wait:.0f} s to answer.")
    results = _prove(replace(site, may_be_empty=True), report, wait)
    if broken := [result.name for result in results if result.status == FAILED]:
        raise ClinicError(
            f"{env.stack} is deployed, but does not keep: {', '.join(broken)}. Nothing was rolled "
            f"back; `clinic smoke {env.name}` tries again.",
            exit_code=1,
        )


def _site(target: str, params: Path, profile: str | None, region: str | None) -> Site:
    # An environment's name has neither dots nor colons, and every address has one.
    if re.search("[.:]", target) and not target.endswith(".json"):
        return of_url(target)
    env = load(target, params)
    return of_stack(connect(profile, region), env.name, env.stack)


def _prove(site: Site, report: Report, wait: float) -> list[Result]:
    results = list[Result]()
    for result in prove(site, PROMISES, wait):
        telling.show(result, report)
        results.append(result)
    report.say(telling.summary(results))
    report.tell("done", site=site.name, summary=telling.summary(results))
    return results
