"""The steps of a run, each one the function behind the command of that name."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.acceptance.evidence import (
    AcceptanceRun,
    remember,
    save_answers,
    save_events,
    settle,
    site_of,
)
from generator.acceptance.rotate import rotate
from generator.application.doctor.doctor import diagnose
from generator.application.env import dotenv
from generator.application.env.check import CheckedEnvFile
from generator.application.env.deployed import bucket_of, look
from generator.application.env.push import push
from generator.application.publish import publish as publishing
from generator.application.release.fleet import BackendFleet
from generator.application.release.plan import Rollout, at_rest
from generator.application.release.release import release
from generator.application.release.revision import ReleaseRequest, of_stack
from generator.application.smoke.ask import UntestedError
from generator.application.smoke.conclude import FRESH, broken_of, prove_all
from generator.application.smoke.site import of_stack as site_of_stack
from generator.application.stress import live
from generator.application.stress.report import judge
from generator.cloud import deploy as deploying
from generator.cloud.artifacts import bucket_name
from generator.cloud.deletion import BUCKET, REMOVAL
from generator.cloud.destroy import destroy
from generator.cloud.follow import attach
from generator.cloud.stacks import Event, family, find
from generator.errors import ClinicError
from generator.local.frontend import write_small_build

CONFIGURATION = "ConfigurationBucket"
MARK = b"\n# pushed once more by clinic accept\n"


def deploy_(run: AcceptanceRun) -> None:
    stack = find(run.aws, run.env.stack)
    if stack is None or family(stack.status) == "absent":
        run.state.set(stack="")  # an earlier one of this run was rolled back and removed
    deploying.deploy(run.aws, run.env, run.options(partial(_seen, run)))


def _seen(run: AcceptanceRun, event: Event) -> None:
    if not event.path:
        remember(run, event.stack)
    _push_early(run, event)


def _push_early(run: AcceptanceRun, event: Event) -> None:
    """Send the .env as soon as its bucket is there: instances wait 15 minutes for it."""
    if event.path.rpartition("/")[2] != CONFIGURATION or event.status != "CREATE_COMPLETE":
        return
    if not look(run.aws, bucket_of(run.aws, run.env.stack)).current:
        push(run.aws, run.env.stack, _env_file(run), run.report)


def _env_file(run: AcceptanceRun, mark: bytes = b"") -> CheckedEnvFile:
    if run.env_file:
        return replace(run.env_file, data=run.env_file.data + mark)
    # Made anew each time: the site is in the internet for an hour.
    made = {"JWT_SECRET": secrets.token_urlsafe(48), "GEMINI_API_KEY": secrets.token_urlsafe(24)}
    run.bundle.redactor.add("secret", made.values())
    made["JWT_EXPIRATION_TIME"] = "86400"
    data = "".join(f"{name}={value}\n" for name, value in made.items()).encode() + mark
    return CheckedEnvFile(Path("a made-up .env"), data, dotenv.parse(data).values, [], None)


def smoke(run: AcceptanceRun, published: bool = False) -> None:
    site = site_of(run)
    wait = 0.0 if site.address.through else FRESH
    results = prove_all(replace(site, may_be_empty=not published), run.report, wait)
    save_answers(run, site)
    if broken := broken_of(results):
        raise ClinicError(f"{run.env.name} does not keep: {', '.join(broken)}.", exit_code=1)


def push_(run: AcceptanceRun) -> None:
    push(run.aws, run.env.stack, _env_file(run, MARK), run.report)
    settle(run)


def publish(run: AcceptanceRun) -> None:
    with _frontend(run) as dist:
        options = publishing.PublishOptions(report=run.report)
        publishing.publish(lambda: run.aws, run.env.stack, dist, options)
    smoke(run, published=True)


@contextmanager
def _frontend(run: AcceptanceRun) -> Iterator[Path]:
    if run.frontend:
        yield run.frontend
        return
    with TemporaryDirectory(prefix="clinic-") as folder:
        write_small_build(Path(folder))
        yield Path(folder)


def release_(run: AcceptanceRun) -> None:
    stack = at_rest(run.aws, run.env, run.options())
    now = of_stack(stack.parameters)
    if now.image and not run.release_image:
        raise UntestedError("the environment runs an image: give --release-image to try another")
    revision = ReleaseRequest(revision=now.revision)
    order = ReleaseRequest(run.release_image) if run.release_image else revision
    rollout = Rollout(
        aws=run.aws,
        env=run.env,
        stack=stack,
        fleet=BackendFleet.of(run.aws, stack.outputs),
        request=order,
        options=run.options(),
        site=None if run.stand_in else site_of_stack(run.aws, run.env.name, run.env.stack),
        agreed=lambda _: True,
    )
    release(replace(rollout, pace=run.pace, patience=0.0) if run.stand_in else rollout)


def rotate_(run: AcceptanceRun) -> None:
    rotate(run.aws, run.env.stack, run.report, run.pace)
    settle(run)


def load_(run: AcceptanceRun) -> None:
    if run.stand_in and not run.url:
        raise UntestedError("nothing boots behind this endpoint, so there is nothing to load")
    options = live.StressOptions(yes=True, url=run.url, report=run.report)
    timed = replace(options, **run.clock) if run.clock else options  # type: ignore[arg-type]  # a test sets it, by field
    judge(live.run(run.aws, run.env.stack, run.load, timed))


def doctor(run: AcceptanceRun) -> None:
    """Evidence, whatever it finds: what it does not know shows in the comparison."""
    diagnose(run.aws, run.env.stack, None, run.report)


def destroy_(run: AcceptanceRun) -> None:
    stack = find(run.aws, run.env.stack)
    if stack and family(stack.status) == "busy" and stack.status != "DELETE_IN_PROGRESS":
        run.report.say(f"{stack.name} is in {stack.status}: this run waits for its end.")
        deploying.watch(run.env, run.options(), attach(run.aws, stack.id))
    save_events(run)
    follow = partial(deploying.watch, run.env, run.options())
    try:
        destroy(run.aws, run.env.stack, follow=follow, ask=str, report=run.report, yes=True)
    finally:
        save_events(run)
    bucket = bucket_name(run.aws)
    removal = REMOVAL[BUCKET].format(name=bucket)
    run.report.say(
        f"  templates  {bucket}\n    to remove it, unless another environment of this account and "
        f"region is deployed from it: {removal}"
    )
    run.report.tell("left", path="templates", name=bucket, removal=removal)


STEPS: dict[str, tuple[str, Callable[[AcceptanceRun], None]]] = {
    "deploy": ("makes the stack, and sends the .env as soon as its bucket is there", deploy_),
    "smoke": ("asks the site from outside whether it keeps its promises", smoke),
    "push": ("sends the .env once more, changed, so that every instance takes it", push_),
    "publish": ("publishes a frontend, and asks the site again", publish),
    "release": ("replaces every instance", release_),
    "rotate": ("gives the database a new password", rotate_),
    "load": ("loads the instances until new capacity is in service", load_),
    "doctor": ("asks every instance and target", doctor),
    "destroy": ("deletes the stack and proves what is left", destroy_),
}
"""In order: what each does, and the function."""
