"""`clinic release`: the steps of a release, and the rollback."""

from __future__ import annotations

from collections.abc import Sequence

from generator.application.release import health, refresh
from generator.application.release.fleet import TemplateVersion
from generator.application.release.migrate import migrate
from generator.application.release.plan import ReleasePlan, Rollout, plan
from generator.application.release.refresh import Refresh
from generator.application.release.revision import of_stack
from generator.application.release.stack_update import update_stack
from generator.application.release.watch import screen
from generator.application.smoke.site import SmokeTarget
from generator.cloud.deploy import INTERRUPTED
from generator.errors import ClinicError
from generator.layers.backend.user_data import WARM_UP_SECONDS

MARGIN = 30
"""Seconds before the end of a warm-up by which an instance must be healthy, or all is cancelled."""


def release(rollout: Rollout) -> bool:
    """Roll out; a second run continues an interrupted one. False if the answer was no.

    Raises ClinicError: exit code 1 when it failed and everything is as it was, 3 when it needs a
    person.
    """
    group = rollout.fleet.look()
    left = plan(rollout, group)
    if left is None:
        runs = of_stack(rollout.stack.parameters)
        rollout.say(f"{rollout.env.stack} runs {runs}: nothing to do.")
        rollout.options.report.tell("done", stack=rollout.env.stack, **runs.parameters)
        return True
    stops = health.alarms(rollout.aws, rollout.stack.id) if rollout.heed_alarms else {}
    site = _baseline(rollout)
    if left.running is None and not left.rolled:
        _refuse_if_in_alarm(rollout, stops)
        question = f"Replace {len(group.instances)} instances: {left.before.runs} by {left.runs}?"
        if not rollout.agreed(question):
            rollout.say("Nothing was changed.")
            return False
    target = left.wanted or rollout.fleet.make(left.before, left.runs)
    if not left.rolled:
        _roll(rollout, left, target, list(stops.values()))
    _keep_or_turn_back(rollout, left.before, target, site)
    update_stack(rollout.fleet, rollout.env, rollout.stack, target.runs, rollout.options)
    rollout.say(f"{rollout.env.stack} runs {target.runs}.")
    rollout.options.report.tell("done", stack=rollout.env.stack, **target.runs.parameters)
    return True


def _baseline(rollout: Rollout) -> SmokeTarget | None:
    """The site, if it can be reached from here: only then can it say anything about a release."""
    if rollout.site is None:
        rollout.say("The health path is not asked for: no backend stands behind this endpoint.")
        return None
    well, evidence = health.answers(rollout.site)
    if well is None:
        rollout.say(
            f"{rollout.site.address.host} cannot be reached from here ({evidence}): targets decide."
        )
        return None
    rollout.say(f"{rollout.site.health} through the CDN: {evidence}")
    return rollout.site


def _refuse_if_in_alarm(rollout: Rollout, stops: dict[str, str]) -> None:
    if loud := health.in_alarm(rollout.aws, stops):
        raise ClinicError(
            f"{', '.join(loud)} of {rollout.env.stack} is in ALARM, which would turn the release "
            "back at once: mend that first, or give --no-alarms if the release is what mends it.",
            exit_code=3,
        )


def _roll(
    rollout: Rollout, left: ReleasePlan, target: TemplateVersion, stops: Sequence[str]
) -> None:
    """See the instances replaced; ClinicError when they were not, and all is back as it was."""
    if left.running:
        rollout.say(f"An instance refresh to {target.runs} is in progress: this run follows it.")
        started = left.running.id
    else:
        if rollout.migration:
            _migrated(rollout, target)
        started = refresh.start(
            rollout.fleet,
            left.before,
            target,
            alarms=stops,
            warm_up=_warm_up(target),
            bake=rollout.bake,
            skip_matching=True,
        )
    within = rollout.healthy_within
    seconds = _warm_up(target) - MARGIN if within is None else within
    ended = _followed(rollout, started, refresh.HealthGuard(target.number, seconds))
    if ended.status == "Successful":
        return
    why = f"the instance refresh ended in {ended.status} ({ended.reason or 'no reason given'})"
    if ended.status != "RollbackSuccessful":
        _turn_back(rollout, left.before, target, why)
    rollout.fleet.drop(target)
    raise _turned_back(left.before, why)


def _warm_up(target: TemplateVersion) -> int:
    """Seconds that a new instance gets before the next old one goes: twice what it should need."""
    return 2 * WARM_UP_SECONDS["pull" if target.runs.image else "build"]


def _migrated(rollout: Rollout, target: TemplateVersion) -> None:
    try:
        migrate(rollout.fleet, target, rollout.migration, rollout.options.report)
    except ClinicError as failed:
        if failed.exit_code == 1:
            rollout.fleet.drop(target)
        raise


def _keep_or_turn_back(
    rollout: Rollout, before: TemplateVersion, target: TemplateVersion, site: SmokeTarget | None
) -> None:
    """Keep the release if targets and site are healthy, else roll it back."""
    trouble = health.settled(rollout.fleet, site, rollout.patience, rollout.pace)
    if trouble:
        _turn_back(rollout, before, target, f"the instances were replaced, but {trouble}")
        rollout.fleet.drop(target)
        raise _turned_back(before, trouble)


def _turn_back(
    rollout: Rollout, before: TemplateVersion, target: TemplateVersion, why: str
) -> None:
    """Replace the new instances by the old version; ClinicError (3) if that fails too."""
    if before.number == target.number:
        raise ClinicError(f"{why}; which version ran before is not known.", exit_code=3)
    rollout.say(f"Turning back to {before.runs}: {why}.")
    rollout.options.report.tell("rollback", reason=why, version=before.number)
    back = refresh.start(rollout.fleet, before, before, skip_matching=True)
    ended = _followed(rollout, back)
    if ended.status != "Successful":
        raise ClinicError(
            f"{why}; and the way back to version {before.number} ended in {ended.status} "
            f"({ended.reason or 'no reason given'}): instances of both run. See `clinic status` "
            f"for their logs, then release {before.runs}.",
            exit_code=3,
        )


def _turned_back(before: TemplateVersion, why: str) -> ClinicError:
    return ClinicError(
        f"the release failed and was rolled back; {before.runs} runs as before: {why}.",
        exit_code=1,
    )


def _followed(rollout: Rollout, started: str, guard: refresh.HealthGuard | None = None) -> Refresh:
    try:
        with screen(rollout.options.report) as show:
            return refresh.follow(rollout.fleet, started, show, rollout.pace, guard)
    except KeyboardInterrupt:
        if not rollout.options.outlives:
            raise
        raise ClinicError(
            "the instance refresh goes on in AWS, but nobody checks the site or turns it back: "
            "the same command follows it again.",
            INTERRUPTED,
        ) from None
