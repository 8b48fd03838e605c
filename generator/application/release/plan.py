"""A release and its remaining steps, derived from the state of AWS: nothing is stored locally."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from generator.application.release import health, refresh
from generator.application.release.fleet import BackendFleet, GroupState, TemplateVersion
from generator.application.release.refresh import PACE, Refresh
from generator.application.release.revision import ReleaseRequest, Revision, of_stack
from generator.application.smoke.site import SmokeTarget
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
class Rollout:
    """One release of one environment."""

    aws: Aws
    env: Environment
    stack: Stack
    fleet: BackendFleet
    request: ReleaseRequest
    options: DeployOptions
    site: SmokeTarget | None
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
        self.options.report.say(text)


@dataclass(frozen=True)
class ReleasePlan:
    """What is left to do."""

    before: TemplateVersion
    """What to go back to."""
    wanted: TemplateVersion | None
    """Made already, or None."""
    runs: Revision
    running: Refresh | None = None
    rolled: bool = False
    """Whether the group has it and only the stack does not know."""


def at_rest(aws: Aws, env: Environment, options: DeployOptions) -> Stack:
    """The stack once it can take a release; an operation in progress is seen to its end.

    ClinicError (2) if there is none, (3) if it needs a person first.
    """
    stack = find(aws, env.stack)
    if stack and family(stack.status) == "busy":
        options.report.say(f"{env.stack} is in {stack.status}: this run waits for its end.")
        conclude(aws, env, attach(aws, stack.id), options)
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


def plan(rollout: Rollout, group: GroupState) -> ReleasePlan | None:
    """What is left to do; None for nothing. ClinicError (3) while another release is under way."""
    if rollout.request.revision and rollout.stack.parameters.get(WARM_POOL_SIZE.title, "0") != "0":
        raise ClinicError(
            f"{rollout.env.stack} has a warm pool, whose instances need an image: give --image or "
            "--build, or deploy with WarmPoolSize=0 first."
        )
    now = rollout.fleet.version(group.template, group.version)
    stacked = of_stack(rollout.stack.parameters)
    running = refresh.find(rollout.fleet)
    if running:
        target = rollout.fleet.version(group.template, running.version) if running.version else now
        if not running.version or not rollout.request.is_met(target.runs):
            what = target.runs if running.version else "what the group runs anyway"
            raise ClinicError(
                f"an instance refresh to {what} is in progress ({running.status}, "
                f"{running.percent} %): wait for its end, then run the same command again.",
                exit_code=3,
            )
        return ReleasePlan(_before(rollout, now, target), target, target.runs, running)
    if rollout.request.is_met(now.runs) and now.runs != stacked:
        return ReleasePlan(_before(rollout, now, now), now, now.runs, rolled=True)
    if rollout.request.image and rollout.request.is_met(stacked) and now.runs == stacked:
        return None
    latest = rollout.fleet.version(group.template, "$Latest")
    if latest.before == now.number and rollout.request.is_met(latest.runs):
        return ReleasePlan(now, latest, latest.runs)
    word = time.strftime("r%Y%m%d-%H%M%S", time.gmtime())
    return ReleasePlan(now, None, rollout.request.revision_after(now.runs, word))


def _before(rollout: Rollout, now: TemplateVersion, target: TemplateVersion) -> TemplateVersion:
    """What the group had before a release that is under way or done."""
    if now.number != target.number:
        return now
    return rollout.fleet.version(target.template, target.before) if target.before else now
