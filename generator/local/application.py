"""What the application's commands show at the endpoint: a release, and the site from outside."""

from __future__ import annotations

import shutil
from dataclasses import replace
from urllib.parse import urlsplit

from generator.application.release.fleet import Fleet
from generator.application.release.release import Release, at_rest, release
from generator.application.release.wish import Order
from generator.application.smoke import report as telling
from generator.application.smoke.promises import PROMISES
from generator.application.smoke.prove import FAILED, prove
from generator.application.smoke.site import endpoint, of_stack
from generator.cloud.aws import Aws
from generator.cloud.deploy import Wishes
from generator.cloud.environment import Environment
from generator.errors import ClinicError

IMAGE = "docker.io/clinic/backend:rehearsed"
SERVED = ("page", "deep-link", "missing-asset", "https-redirect", "security-headers", "env-file")
"""Promises that hold at the endpoint, or do not; behind the others there is nothing here."""


def release_image(aws: Aws, env: Environment, wishes: Wishes) -> Environment:
    """Roll the instances to another image; the environment that the stack then is.

    ClinicError (1) unless every instance and the stack have it.
    """
    stack = at_rest(aws, env, wishes)
    fleet = Fleet(aws, stack.outputs["BackendGroupName"], stack.outputs["TargetGroupArn"])
    order = Order(IMAGE)
    release(
        Release(
            *(aws, env, stack, fleet, order, wishes),
            site=None,
            agreed=lambda _: True,
            pace=wishes.pace,
            patience=0,
        )
    )
    stack, group = at_rest(aws, env, wishes), fleet.look()
    runs = {fleet.version(group.template, one.version).wish.image for one in group.instances}
    if runs != {IMAGE} or stack.parameters["BackendImage"] != IMAGE:
        raise ClinicError("the release did not reach the instances and the stack.", exit_code=1)
    return env.with_values(BackendImage=IMAGE, RollingUpdate="false")


def look_from_outside(aws: Aws, env: Environment) -> None:
    """Those promises that the endpoint serves; ClinicError (1) when one is broken."""
    if shutil.which("node") is None:
        print("Not shown: the endpoint runs the CDN's function with node, which is not here.")
        return
    served = urlsplit(endpoint(aws))
    through = (served.hostname or "", served.port or 80)
    site = of_stack(aws, env.name, env.stack)
    played = replace(
        site,
        way=replace(site.way, through=through),
        plain=replace(site.way, tls=False, through=through),
        # No backend answers here, so that only the frontend's headers can be seen.
        health="/",
        may_be_empty=True,
    )
    broken = []
    for result in prove(played, [one for one in PROMISES if one.name in SERVED]):
        telling.show(result, Wishes().report)
        broken += [result.name] if result.status == FAILED else []
    rest = ", ".join(promise.name for promise in PROMISES if promise.name not in SERVED)
    print(f"Not shown, since nothing stands behind them here: {rest}")
    if broken:
        raise ClinicError(f"the site does not keep: {', '.join(broken)}.", exit_code=1)
