"""The promises of one site, proven and told; and what a deployment ends with."""

from __future__ import annotations

from dataclasses import replace

from generator.application.smoke import report as telling
from generator.application.smoke.promises import PROMISES
from generator.application.smoke.prove import FAILED, Result, prove
from generator.application.smoke.site import Site, of_stack
from generator.cloud.aws import Aws
from generator.cloud.environment import Environment
from generator.errors import ClinicError
from generator.report import Report

FRESH = 180.0
"""Seconds that a site gets after a deployment to answer."""


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
    results = prove_all(replace(site, may_be_empty=True), report, wait)
    if broken := broken_of(results):
        raise ClinicError(
            f"{env.stack} is deployed, but does not keep: {', '.join(broken)}. Nothing was rolled "
            f"back; `clinic smoke {env.name}` tries again.",
            exit_code=1,
        )


def prove_all(site: Site, report: Report, wait: float) -> list[Result]:
    """Try every promise for up to ``wait`` seconds each, and tell how it went."""
    results = list[Result]()
    for result in prove(site, PROMISES, wait):
        telling.show(result, report)
        results.append(result)
    report.say(telling.summary(results))
    report.tell("done", site=site.name, summary=telling.summary(results))
    return results


def broken_of(results: list[Result]) -> list[str]:
    """The names of the promises that are not kept."""
    return [result.name for result in results if result.status == FAILED]
