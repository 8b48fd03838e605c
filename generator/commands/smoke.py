"""`clinic smoke`: parse, call, print."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.errors import ClinicError
from generator.options import PARAMS, PATH, PROFILE, REGION, reporting
from generator.report import Report


@click.command("smoke")
@click.argument("target", metavar="ENV|URL")
@PARAMS
@PROFILE
@REGION
@reporting("promise")
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
    report: Report,
    junit: Path | None,
    wait: float,
) -> None:
    """Prove from outside that a site keeps the architecture's promises.

    An environment's stack says where balancer, database and buckets are; of a URL alone only what
    can be seen there is tested. Exits with 1 when a promise is broken. SSL_CERT_FILE names the
    authorities that are trusted, where they are others than this machine's.

    \b
    clinic smoke prod
    clinic smoke https://d111111abcdef8.cloudfront.net
    clinic smoke prod --wait 300 --junit smoke.xml
    """
    from generator import files
    from generator.application.smoke.conclude import broken_of, prove_all
    from generator.application.smoke.report import junit as write_junit
    from generator.application.smoke.target import site_of

    if junit:
        files.check(junit)
    results = prove_all(site_of(target, params, profile, region), report, wait)
    if junit:
        write_junit(target, results, junit)
    if broken := broken_of(results):
        raise ClinicError(f"{target} does not keep: {', '.join(broken)}.", exit_code=1)
