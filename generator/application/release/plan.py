"""What a release is of, and what is left of it to do: read from what AWS has, not remembered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from generator.application.release import health, refresh
from generator.application.release.fleet import Fleet, Group, Version
from generator.application.release.refresh import PACE, Refresh
from generator.application.release.wish import Order, Wish, of_stack
from generator.application.smoke.site import Site
from generator.cloud.aws import Aws
from generator.cloud.deploy import DeployOptions, conclude
from generator.cloud.environment import Environment
from generator.cloud.follow import attach
from generator.cloud.stacks import Stack, family, find
from generator.errors import ClinicError
from generator.layers.backend.warm_pool import WARM_POOL_SIZE

BAKE = 180
"""Seconds after the last replacement in which an alarm still turns a release back."""


@dataclass(frozen=True)
class Release:
    """One release of one environment."""

    aws: Aws
    env: Environment
    stack: Stack
    fleet: Fleet
    order: Order
    wishes: DeployOptions
    site: Site | None
    """Where the health path is asked for; None where no site is served."""
    agreed: Callable[[str], bool]
    """Asks the person."""
    migration: str = ""
    heed_alarms: bool = True
    bake: int = BAKE
    healthy_within: float | None = None
    """Seconds for a new instance; None: what its warm-up leaves."""
    pace: float = PACE
    patience: float = health.PATIENCE

    def say(self, text: str) -> None:
        self.wishes.report.say(text)


@dataclass(frozen=True)
class Plan:
    """What is left to do."""

    before: Version
    """What to go back to."""
    wanted: Version | None
    """Made already, or None."""
    wish: Wish
    running: Refresh | None = None
    rolled: bool = False
    """Whether the group has it and only the stack does not know."""


def at_rest(aws: Aws, env: Environment, wishes: DeployOptions) -> Stack:
    """The stack once it can take a release; an operation in progress is seen to its end.

    ClinicError (2) if there is none, (3) if it needs a person first.
    """
    stack = find(aws, env.stack)
    if stack and family(stack.status) == "busy":
        wishes.report.say(f"{env.stack} is in {stack.status}: this run waits for its end.")
        conclude(aws, env, attach(aws, stack.id), wishes)
        stack = find(aws, env.stack)
    if stack is None or family(stack.status) == "absent":
        raise ClinicError(
            f"there is no stack {env.stack} in {aws.region} to release to: run `clinic deploy "
            f"{env.name}` first."
        )
    if family(stack.status) == "stuck":
        raise ClinicError(
            f"{env.stack} is in {stack.status}, where it takes no release: run `clinic recover "
            f"{env.name}`, then this again.",
            exit_code=3,
        )
    if "ReleaseFunctionName" not in stack.outputs:
        raise ClinicError(
            f"{env.stack} was deployed by an older version that knows no releases: run `clinic "
            f"deploy {env.name}` once."
        )
    return stack


def plan(this: Release, group: Group) -> Plan | None:
    """What is left to do; None for nothing. ClinicError (3) while another release is under way."""
    if this.order.revision and this.stack.parameters.get(WARM_POOL_SIZE.title, "0") != "0":
        raise ClinicError(
            f"{this.env.stack} has a warm pool, whose instances need an image: give --image or "
            "--build, or deploy with WarmPoolSize=0 first."
        )
    now = this.fleet.version(group.template, group.version)
    stacked = of_stack(this.stack.parameters)
    running = refresh.find(this.fleet)
    if running:
        wanted = this.fleet.version(group.template, running.version) if running.version else now
        if not running.version or not this.order.is_met(wanted.wish):
            what = wanted.wish if running.version else "what the group runs anyway"
            raise ClinicError(
                f"an instance refresh to {what} is in progress ({running.status}, "
                f"{running.percent} %): wait for its end, then run the same command again.",
                exit_code=3,
            )
        return Plan(_before(this, now, wanted), wanted, wanted.wish, running)
    if this.order.is_met(now.wish) and now.wish != stacked:
        return Plan(_before(this, now, now), now, now.wish, rolled=True)
    if this.order.image and this.order.is_met(stacked) and now.wish == stacked:
        return None
    latest = this.fleet.version(group.template, "$Latest")
    if latest.before == now.number and this.order.is_met(latest.wish):
        return Plan(now, latest, latest.wish)
    word = time.strftime("r%Y%m%d-%H%M%S", time.gmtime())
    return Plan(now, None, this.order.wish(now.wish, word))


def _before(this: Release, now: Version, wanted: Version) -> Version:
    """What the group had before a release that is under way or done."""
    if now.number != wanted.number:
        return now
    return this.fleet.version(wanted.template, wanted.before) if wanted.before else now
