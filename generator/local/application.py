"""What the application's commands show at the endpoint: a release, and the site from outside."""

from __future__ import annotations

from dataclasses import replace

from generator.application.release.fleet import Fleet
from generator.application.release.plan import Rollout, at_rest
from generator.application.release.release import release
from generator.application.release.revision import ReleaseRequest
from generator.application.smoke import report as telling
from generator.application.smoke.promises import PROMISES
from generator.application.smoke.prove import FAILED, prove
from generator.application.smoke.site import of_stack
from generator.cloud.aws import Aws
from generator.cloud.deploy import DeployOptions
from generator.cloud.environment import Environment
from generator.errors import ClinicError
from generator.report import Report

IMAGE = "docker.io/clinic/backend:rehearsed"
NOTHING_BOOTED = "Nothing booted: no instance, no database, no signal, no certificate."


def release_image(aws: Aws, env: Environment, options: DeployOptions) -> Environment:
    """Roll the instances to another image; the environment that the stack then is.

    ClinicError (1) unless every instance and the stack have it.
    """
    stack = at_rest(aws, env, options)
    fleet = Fleet.of(aws, stack.outputs)
    order = ReleaseRequest(IMAGE)
    release(
        Rollout(
            *(aws, env, stack, fleet, order, options),
            site=None,
            agreed=lambda _: True,
            pace=options.pace,
            patience=0,
        )
    )
    stack, group = at_rest(aws, env, options), fleet.look()
    runs = {fleet.version(group.template, one.version).runs.image for one in group.instances}
    if runs != {IMAGE} or stack.parameters["BackendImage"] != IMAGE:
        raise ClinicError("the release did not reach the instances and the stack.", exit_code=1)
    return env.with_values(BackendImage=IMAGE, RollingUpdate="false")


def look_from_outside(aws: Aws, env: Environment, report: Report) -> str:
    """The promises that the endpoint can play; ClinicError (1) when one is broken."""
    site = replace(of_stack(aws, env.name, env.stack), may_be_empty=True)
    if site.silent:
        report.say("Not shown: the endpoint runs the CDN's function with node, which is not here.")
        return NOTHING_BOOTED
    broken = []
    for result in prove(site, PROMISES):
        telling.show(result, report)
        broken += [result.name] if result.status == FAILED else []
    if broken:
        raise ClinicError(f"the site does not keep: {', '.join(broken)}.", exit_code=1)
    return NOTHING_BOOTED
