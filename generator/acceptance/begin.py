"""Before the first step: the options, the confirmation, and a new or a resumed bundle."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from generator.acceptance.bundle import (
    ABOUT,
    DONE,
    PROMISED,
    STATE,
    UNTESTED,
    Bundle,
    RunState,
    StepReport,
)
from generator.acceptance.calls import CallRecorder
from generator.acceptance.evidence import AcceptanceRun
from generator.acceptance.plan import holds_data, overrides, plan, refuse
from generator.acceptance.run import about, accept, own_only, refuse_existing
from generator.acceptance.steps import STEPS
from generator.application.env.check import CheckedEnvFile, load_checked
from generator.application.publish.build import names, read
from generator.application.stress.timeline import StressLoad
from generator.cloud.aws import Aws, connect
from generator.cloud.environment import Environment, load
from generator.errors import ClinicError
from generator.local.endpoint import EndpointError, embedded_endpoint
from generator.model import view
from generator.model.variant import with_values
from generator.report import Report

PACE = 0.05
"""Seconds between two calls of following the embedded endpoint, which throttles nobody."""
UNTRIED = (
    "Nobody has run this on AWS yet: it was rehearsed against an emulator. Stay with it, and look "
    "into the account when it has ended."
)
Ask = Callable[[str], str]
"""Puts a question to a person; answers what was typed. ClinicError where there is nobody."""


@dataclass(frozen=True)
class AcceptanceRequest:
    """Options of `clinic accept`."""

    env: str
    params: Path
    folder: Path
    flat: bool = False
    image: str = ""
    release_image: str = ""
    env_file: CheckedEnvFile | None = None
    frontend: Path | None = None
    load: StressLoad = field(default_factory=StressLoad)

    @property
    def environment(self) -> Environment:
        """With the parameters of the run; ClinicError if they do not fit."""
        env = load(self.env, self.params, self.flat)
        image = {"BackendImage": self.image} if self.image else {}
        refuse(env, image)
        return env.with_values(**overrides(env), **image)


def order(
    env: str,
    params: Path,
    folder: Path,
    flat: bool,
    image: str,
    release_image: str,
    env_file: Path | None,
    frontend: Path | None,
    timeout: int,
) -> AcceptanceRequest:
    """What the command's options say; ClinicError for files that are not what they should be."""
    if frontend:
        read(frontend, names(frontend))
    checked = load_checked(env_file, params, env) if env_file else None
    arguments = (env, params, folder, flat, image, release_image)
    return AcceptanceRequest(
        *arguments, env_file=checked, frontend=frontend, load=StressLoad(timeout=timeout)
    )


def prepare(
    order: AcceptanceRequest, aws: Aws, recorder: CallRecorder, report: Report
) -> AcceptanceRun:
    """A run that nothing has begun; ClinicError if its parameters make no sense together."""
    recorder.listen(aws)
    env = order.environment
    templates = _view(order, aws.region)
    changed = {k: v for k, v in env.values.items() if templates.values.get(k) != v}
    bundle = Bundle(order.folder)
    register_sensitive_values(bundle, aws, env.values, order.env_file)
    return AcceptanceRun(
        aws=aws,
        env=env,
        plan=plan(with_values(templates, **changed), order.load),
        bundle=bundle,
        report=StepReport(bundle, report),
        state=RunState(bundle),
        load=order.load,
        env_file=order.env_file,
        frontend=order.frontend,
        release_image=order.release_image,
    )


def _view(order: AcceptanceRequest, region: str) -> view.View:
    """The templates in the form that is deployed, before the run's own parameters."""
    templates = view.load(order.env, order.params, None, region)
    if not order.flat:
        return templates
    return replace(templates, templates={view.FLAT: templates.whole}, layers={}, stacks={})


def register_sensitive_values(
    bundle: Bundle, aws: Aws, values: Mapping[str, str], env_file: CheckedEnvFile | None
) -> None:
    """Register the secrets, account and host names of this run for redaction."""
    redactor, credentials = bundle.redactor, aws.session.get_credentials()
    if env_file:
        redactor.add("secret", env_file.values.values())
    if credentials:
        held = (credentials.access_key, credentials.secret_key, credentials.token)
        redactor.add("secret", filter(None, held))
    redactor.add("account", [aws.account])
    named = [v for name, v in values.items() if "Domain" in name or name == "AlarmEmail"]
    redactor.add("host", named)
    redactor.add("host", [str(Path.home()), socket.gethostname()])


def begin(run: AcceptanceRun, order: AcceptanceRequest, ask: Ask, yes: bool) -> None:
    """Say what would happen, ask, and make the bundle. ClinicError where it must not be."""
    refuse_existing(run)
    say(run, order)
    confirm(run, order, ask, yes)
    refuse_existing(run)  # a person may take an hour to answer
    run.bundle.create()
    run.bundle.write(ABOUT, about(run))
    run.bundle.write_lines(PROMISED, run.plan.objects())
    run.state.save()


def resume(run: AcceptanceRun) -> AcceptanceRun:
    """The same run from where it was cut off. ClinicError (2) if there is no such run here."""
    held, known = run.bundle.read(STATE), run.bundle.read(ABOUT)
    if held.get("over"):
        raise ClinicError(
            f"the run in {run.bundle.folder} is over: `clinic accept --compare "
            f"{run.bundle.folder}` looks at it."
        )
    for name, now in (("env", run.env.name), ("region", run.aws.region)):
        if known.get(name) != now:
            raise ClinicError(
                f"the run in {run.bundle.folder} is of the {name} {known.get(name)}, not {now}."
            )
    run = replace(run, state=RunState(run.bundle, held))
    own_only(run)
    left = [name for name in STEPS if run.state.of(name) not in (DONE, UNTESTED)]
    run.report.say(f"Going on with {', '.join(left)}.")
    return run


def say(run: AcceptanceRun, order: AcceptanceRequest) -> None:
    """What the run does, how long, for how much, and what is left."""
    report, planned = run.report, run.plan
    report.say(f"An acceptance run of {run.env.name} in {run.aws.region}, on {run.env.stack}:")
    rows = [
        [name, what, f"{planned.seconds[name]:,} s" if name in planned.seconds else ""]
        for name, (what, _) in STEPS.items()
    ]
    report.table(["step", "what it does", "about"], rows)
    report.say(f"\nAbout {sum(planned.seconds.values()) / 60:.0f} minutes, if nothing fails.")
    least = "at least " if planned.unpriced else ""
    report.say(
        f"{least}{planned.usd} USD for {planned.hours} h, then {planned.usd_hour} USD an hour; "
        "taxes and what is kept come on top."
    )
    report.say("The deletion keeps, and AWS charges until you remove it:")
    for name in (*planned.kept, "the bucket of the templates"):
        report.say(f"  {name}")
    changed = overrides(load(order.env, order.params, order.flat))
    for name, value in changed.items():
        report.say(f"For this run {name} is {value}.")
    if not order.env_file:
        report.say("The .env is made up: give your own with --env-file.")
    if not order.frontend:
        report.say("The frontend is made up: give your own with --frontend.")
    report.say(UNTRIED)
    for fields in planned.objects():
        if fields["kind"] == "plan":
            report.tell(**fields, overrides=changed)


def confirm(run: AcceptanceRun, order: AcceptanceRequest, ask: Ask, yes: bool) -> None:
    """Ask for confirmation: `yes`, or the stack's name where it could hold data, --yes or not.
    ClinicError (2) without it."""
    why = holds_data(load(order.env, order.params, order.flat))
    if why:
        run.report.say(f"{run.env.name} could hold data: {why}. Everything in it is deleted.")
        if ask(f"Type {run.env.stack} to run it all the same").strip() != run.env.stack:
            raise ClinicError(f"that was not {run.env.stack}: nothing was begun.")
    elif not yes and ask("Type yes to begin").strip().lower() not in ("y", "yes"):
        raise ClinicError("that was not yes: nothing was begun (--yes does not ask).")


@contextmanager
def reference_run(about_: Mapping[str, Any], params: Path) -> Iterator[Bundle]:
    """A bundle that the same run makes at the embedded endpoint, for the length of the block."""
    with TemporaryDirectory(prefix="clinic-") as folder, embedded() as aws:
        order = AcceptanceRequest(str(about_["env"]), params, Path(folder), bool(about_["flat"]))
        recorder = CallRecorder()
        run = replace(prepare(order, aws, recorder, Silent()), pace=PACE)
        run.bundle.create()
        run.bundle.write_lines(PROMISED, run.plan.objects())
        accept(run, lambda _: True, recorder)
        yield run.bundle


class Silent(Report):
    """A report without output."""

    def __init__(self) -> None:
        super().__init__(json=True)

    def tell(self, kind: str, **fields: Any) -> None:
        """Nothing is written."""


@contextmanager
def embedded() -> Iterator[Aws]:
    """A connection to an endpoint of one's own. ClinicError if the extra `local` is missing."""
    try:
        with embedded_endpoint() as endpoint:
            yield connect(variables=endpoint.environment)
    except EndpointError as error:
        raise ClinicError(str(error)) from error
