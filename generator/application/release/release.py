"""A release in order, and the way back: what is there is found first, so a second run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generator.application.release import health, refresh
from generator.application.release.fleet import Fleet, Group, Version
from generator.application.release.migrate import migrate
from generator.application.release.refresh import PACE, Refresh
from generator.application.release.takeover import ROLLING, take_over
from generator.application.release.watch import screen
from generator.application.release.wish import Order, Wish, of_stack
from generator.application.smoke.site import Site
from generator.cloud.aws import Aws
from generator.cloud.deploy import INTERRUPTED, Wishes, conclude
from generator.cloud.environment import Environment
from generator.cloud.follow import attach
from generator.cloud.stacks import Stack, family, find
from generator.errors import ClinicError
from generator.layers.backend import WARM_UP_SECONDS

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
    wishes: Wishes
    site: Site | None
    """Where the health path is asked for; None where no site is served."""
    agreed: Callable[[str], bool]
    """Asks the person."""
    migration: str = ""
    heed_alarms: bool = True
    bake: int = BAKE
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


def at_rest(aws: Aws, env: Environment, wishes: Wishes) -> Stack:
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
    if ROLLING not in stack.parameters:
        raise ClinicError(
            f"{env.stack} was deployed by an older version that knows no releases: run `clinic "
            f"deploy {env.name}` once."
        )
    return stack


def release(this: Release) -> bool:
    """Roll out; a second run goes on where a first one was cut off. False if the person said no.

    Raises ClinicError: exit code 1 when it failed and everything is as it was, 3 when it needs a
    person.
    """
    group = this.fleet.look()
    plan = _plan(this, group)
    if plan is None:
        this.say(f"{this.env.stack} runs {of_stack(this.stack.parameters)}: nothing to do.")
        return True
    stops = health.alarms(this.aws, this.stack.id) if this.heed_alarms else {}
    site = _baseline(this)
    if plan.running is None and not plan.rolled:
        _refuse_if_ringing(this, stops)
        question = f"Replace {len(group.instances)} instances: {plan.before.wish} by {plan.wish}?"
        if not this.agreed(question):
            this.say("Nothing was changed.")
            return False
    wanted = plan.wanted or this.fleet.make(plan.before, plan.wish)
    if not plan.rolled:
        _roll(this, plan, wanted, list(stops.values()))
    _keep_or_turn_back(this, plan.before, wanted, site)
    take_over(this.aws, this.env, this.stack, wanted.wish, this.wishes)
    this.say(f"{this.env.stack} runs {wanted.wish}.")
    this.wishes.report.tell("done", stack=this.env.stack, **wanted.wish.parameters)
    return True


def _plan(this: Release, group: Group) -> Plan | None:
    """What is left to do; None for nothing. ClinicError (3) while another release is under way."""
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


def _baseline(this: Release) -> Site | None:
    """The site, if it can be reached from here: only then can it say anything about a release."""
    if this.site is None:
        this.say("The health path is not asked for: this endpoint serves no site.")
        return None
    well, seen = health.answers(this.site)
    if well is None:
        this.say(f"{this.site.way.host} cannot be reached from here ({seen}): targets decide.")
        return None
    this.say(f"{this.site.health} through the CDN: {seen}")
    return this.site


def _refuse_if_ringing(this: Release, stops: dict[str, str]) -> None:
    if loud := health.ringing(this.aws, stops):
        raise ClinicError(
            f"{', '.join(loud)} of {this.env.stack} is in ALARM, which would turn the release back "
            "at once: mend that first, or give --no-alarms if the release is what mends it.",
            exit_code=3,
        )


def _roll(this: Release, plan: Plan, wanted: Version, stops: Sequence[str]) -> None:
    """See the instances replaced; ClinicError when they were not, and all is back as it was."""
    if plan.running:
        this.say(f"An instance refresh to {wanted.wish} is in progress: this run follows it.")
        started = plan.running.id
    else:
        if this.migration:
            _migrated(this, wanted)
        how = "pull" if wanted.wish.image else "build"
        started = refresh.start(
            this.fleet,
            plan.before,
            wanted,
            alarms=stops,
            warm_up=WARM_UP_SECONDS[how],
            bake=this.bake,
            skip_matching=True,
        )
    ended = _followed(this, started)
    if ended.status == "Successful":
        return
    why = f"the instance refresh ended in {ended.status} ({ended.reason or 'no reason given'})"
    if ended.status != "RollbackSuccessful":
        _turn_back(this, plan.before, wanted, why)
    this.fleet.drop(wanted)
    raise _turned_back(plan.before, why)


def _migrated(this: Release, wanted: Version) -> None:
    try:
        migrate(this.fleet, wanted, this.migration, this.wishes.report)
    except ClinicError as failed:
        if failed.exit_code == 1:
            this.fleet.drop(wanted)
        raise


def _keep_or_turn_back(this: Release, before: Version, wanted: Version, site: Site | None) -> None:
    """The last word before the stack is told: targets and site are well, or back it goes."""
    trouble = health.settled(this.fleet, site, this.patience, this.pace)
    if trouble:
        _turn_back(this, before, wanted, f"the instances were replaced, but {trouble}")
        this.fleet.drop(wanted)
        raise _turned_back(before, trouble)


def _turn_back(this: Release, before: Version, wanted: Version, why: str) -> None:
    """Replace what was replaced once more; ClinicError (3) if even that fails."""
    if before.number == wanted.number:
        raise ClinicError(f"{why}; which version ran before is not known.", exit_code=3)
    this.say(f"Turning back to {before.wish}: {why}.")
    this.wishes.report.tell("rollback", reason=why, version=before.number)
    back = refresh.start(this.fleet, before, before, skip_matching=True)
    ended = _followed(this, back)
    if ended.status != "Successful":
        raise ClinicError(
            f"{why}; and the way back to version {before.number} ended in {ended.status} "
            f"({ended.reason or 'no reason given'}): instances of both run. See `clinic status` "
            f"for their logs, then release {before.wish}.",
            exit_code=3,
        )


def _turned_back(before: Version, why: str) -> ClinicError:
    return ClinicError(
        f"the release failed and was rolled back; {before.wish} runs as before: {why}.",
        exit_code=1,
    )


def _followed(this: Release, started: str) -> Refresh:
    try:
        with screen(this.wishes.report) as show:
            return refresh.follow(this.fleet, started, show, this.pace)
    except KeyboardInterrupt:
        raise ClinicError(
            "the instance refresh goes on in AWS, but nobody checks the site or turns it back: "
            "the same command follows it again.",
            INTERRUPTED,
        ) from None
