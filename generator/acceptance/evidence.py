"""One run and what it knows: the connection, the bundle, and what is put into it after a step."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from generator.acceptance.bundle import ANSWERS, EVENTS, Bundle, RunState, StepReport
from generator.acceptance.plan import AcceptancePlan
from generator.application.env.check import CheckedEnvFile
from generator.application.release import health
from generator.application.release.fleet import BackendFleet
from generator.application.release.plan import at_rest
from generator.application.smoke.ask import UntestedError, ask, describe_error
from generator.application.smoke.site import SmokeTarget, endpoint
from generator.application.smoke.site import of_stack as site_of_stack
from generator.application.stress.timeline import StressLoad
from generator.cloud import deploy as deploying
from generator.cloud.aws import Aws
from generator.cloud.environment import Environment
from generator.cloud.follow import PACE
from generator.cloud.stacks import Event, Stack, events, find, last_deleted
from generator.errors import ClinicError

NOTICE = 120.0
"""Seconds in which instances notice a new .env or password."""
PATHS = ("/", "/api/clinic-accept-no-such-path")
"""What the site is asked for after a step, beside its health path."""


@dataclass(frozen=True)
class AcceptanceRun:
    """One run."""

    aws: Aws
    env: Environment
    """With the parameters of the run."""
    plan: AcceptancePlan
    bundle: Bundle
    report: StepReport
    state: RunState
    load: StressLoad
    env_file: CheckedEnvFile | None = None
    """None: a made-up one."""
    frontend: Path | None = None
    release_image: str = ""
    url: str | None = None
    """What the load asks instead of the site's health path."""
    pace: float = PACE
    clock: dict[str, Callable[..., object]] = field(default_factory=dict)
    """`now` and `pause` of the load, for tests."""

    @property
    def stand_in(self) -> bool:
        """Whether an endpoint plays AWS."""
        return bool(endpoint(self.aws))

    def options(self, on_event: Callable[[Event], object] | None = None) -> deploying.DeployOptions:
        return deploying.DeployOptions(
            yes=True, report=self.report, pace=self.pace, on_event=on_event
        )


def fingerprint(stack: str) -> str:
    """Of a stack's id, which holds a random number and the account: known again, but not read."""
    return hashlib.sha256(stack.encode()).hexdigest()


def remember(run: AcceptanceRun, stack: str) -> None:
    """Know the stack, by id, that this run makes: from its first event on, however it ends."""
    if not run.state.fields.get("stack"):
        run.state.set(stack=fingerprint(stack))


def site_of(run: AcceptanceRun) -> SmokeTarget:
    site = site_of_stack(run.aws, run.env.name, run.env.stack)
    if site.silent:
        raise UntestedError("this endpoint serves no site")
    return site


def settle(run: AcceptanceRun) -> None:
    """Wait until instances have taken what is new, and are well; ClinicError (1) if not."""
    if run.stand_in:
        return
    time.sleep(NOTICE)
    stack = at_rest(run.aws, run.env, run.options())
    site, fleet = site_of(run), BackendFleet.of(run.aws, stack.outputs)
    trouble = health.settled(fleet, site, health.PATIENCE, run.pace)
    save_answers(run, site)
    if trouble:
        raise ClinicError(f"after this step not all is well: {trouble}.", exit_code=1)


def save_answers(run: AcceptanceRun, site: SmokeTarget) -> None:
    """Put down what the site answers: what was asked and got, but no content."""
    for path in (*PATHS, site.health):
        try:
            answer = ask(site.address, path)
            held = dict(answer.headers.items())
            fields = {"status": answer.status, "headers": held, "bytes": len(answer.body)}
        except OSError as error:
            fields = {"status": 0, "error": describe_error(error)}
        run.bundle.append(ANSWERS, {"step": run.report.file, "path": path, **fields})


def stack_of(run: AcceptanceRun) -> Stack | None:
    """The stack, if it is there; also as one that was deleted last."""
    if stack := find(run.aws, run.env.stack):
        return stack
    deleted = last_deleted(run.aws, run.env.stack)
    return find(run.aws, deleted) if deleted else None


def save_events(run: AcceptanceRun) -> None:
    """Put down every event so far."""
    if stack := stack_of(run):
        held = events(run.aws, stack.id, None)
        fields = ("path", "type", "physical", "status", "reason")
        run.bundle.write_lines(
            EVENTS,
            (
                {"time": event.time.isoformat(), **{name: getattr(event, name) for name in fields}}
                for event in held
            ),
        )
