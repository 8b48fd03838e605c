"""A release in order, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from generator.application.release import health, refresh
from generator.application.release.fleet import Version
from generator.application.release.migrate import migrate
from generator.application.release.plan import Plan, Release, plan
from generator.application.release.refresh import Refresh
from generator.application.release.takeover import take_over
from generator.application.release.watch import screen
from generator.application.release.wish import of_stack
from generator.application.smoke.site import Site
from generator.cloud.deploy import INTERRUPTED
from generator.errors import ClinicError
from generator.layers.backend.user_data import WARM_UP_SECONDS

MARGIN = 30
"""Seconds before the end of a warm-up by which an instance must be healthy, or all is cancelled."""


def release(this: Release) -> bool:
    """Roll out; a second run goes on where a first one was cut off. False if the person said no.

    Raises ClinicError: exit code 1 when it failed and everything is as it was, 3 when it needs a
    person.
    """
    group = this.fleet.look()
    left = plan(this, group)
    if left is None:
        runs = of_stack(this.stack.parameters)
        this.say(f"{this.env.stack} runs {runs}: nothing to do.")
        this.wishes.report.tell("done", stack=this.env.stack, **runs.parameters)
        return True
    stops = health.alarms(this.aws, this.stack.id) if this.heed_alarms else {}
    site = _baseline(this)
    if left.running is None and not left.rolled:
        _refuse_if_ringing(this, stops)
        question = f"Replace {len(group.instances)} instances: {left.before.wish} by {left.wish}?"
        if not this.agreed(question):
            this.say("Nothing was changed.")
            return False
    wanted = left.wanted or this.fleet.make(left.before, left.wish)
    if not left.rolled:
        _roll(this, left, wanted, list(stops.values()))
    _keep_or_turn_back(this, left.before, wanted, site)
    take_over(this.fleet, this.env, this.stack, wanted.wish, this.wishes)
    this.say(f"{this.env.stack} runs {wanted.wish}.")
    this.wishes.report.tell("done", stack=this.env.stack, **wanted.wish.parameters)
    return True


def _baseline(this: Release) -> Site | None:
    """The site, if it can be reached from here: only then can it say anything about a release."""
    if this.site is None:
        this.say("The health path is not asked for: no backend stands behind this endpoint.")
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


def _roll(this: Release, left: Plan, wanted: Version, stops: Sequence[str]) -> None:
    """See the instances replaced; ClinicError when they were not, and all is back as it was."""
    if left.running:
        this.say(f"An instance refresh to {wanted.wish} is in progress: this run follows it.")
        started = left.running.id
    else:
        if this.migration:
            _migrated(this, wanted)
        started = refresh.start(
            this.fleet,
            left.before,
            wanted,
            alarms=stops,
            warm_up=_warm_up(wanted),
            bake=this.bake,
            skip_matching=True,
        )
    within = this.healthy_within
    seconds = _warm_up(wanted) - MARGIN if within is None else within
    ended = _followed(this, started, refresh.Guard(wanted.number, seconds))
    if ended.status == "Successful":
        return
    why = f"the instance refresh ended in {ended.status} ({ended.reason or 'no reason given'})"
    if ended.status != "RollbackSuccessful":
        _turn_back(this, left.before, wanted, why)
    this.fleet.drop(wanted)
    raise _turned_back(left.before, why)


def _warm_up(wanted: Version) -> int:
    """Seconds that a new instance gets before the next old one goes: twice what it should need."""
    return 2 * WARM_UP_SECONDS["pull" if wanted.wish.image else "build"]


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


def _followed(this: Release, started: str, guard: refresh.Guard | None = None) -> Refresh:
    try:
        with screen(this.wishes.report) as show:
            return refresh.follow(this.fleet, started, show, this.pace, guard)
    except KeyboardInterrupt:
        if not this.wishes.outlives:
            raise
        raise ClinicError(
            "the instance refresh goes on in AWS, but nobody checks the site or turns it back: "
            "the same command follows it again.",
            INTERRUPTED,
        ) from None
