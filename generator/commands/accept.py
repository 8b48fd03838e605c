"""`clinic accept`: parse, call, print."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from generator.cloud.explained import explained
from generator.errors import ClinicError
from generator.options import FLAT, PARAMS, PATH, PROFILE, REGION, YES, reporting
from generator.report import Report


@click.command("accept")
@click.argument("env", required=False, default="")
@PARAMS
@PROFILE
@REGION
@click.option("--bundle", type=PATH, metavar="FOLDER", help="Default: acceptance-ENV.")
@click.option("--resume", is_flag=True, help="Go on with the run in the bundle.")
@click.option("--env-file", type=PATH, metavar="FILE", help="The backend's .env.")
@click.option("--frontend", type=PATH, metavar="DIST", help="A built frontend.")
@click.option("--image", default="", metavar="URI", help="The image to deploy.")
@click.option("--release-image", default="", metavar="URI", help="The image to release then.")
@click.option(
    "--timeout",
    type=click.IntRange(10, 7200),
    default=600,
    show_default=True,
    help="Seconds of load.",
)
@click.option("--rehearse", is_flag=True, help="At the embedded endpoint: no account, no cost.")
@click.option(
    "--compare",
    "compared",
    type=PATH,
    metavar="BUNDLE",
    help="Instead: hold a bundle against what was promised.",
)
@YES
@FLAT
@reporting(
    "plan",
    "step",
    "untested",
    "failed",
    "rotated",
    "accepted",
    "row",
    "upload",
    "change",
    "event",
    "zones",
    "diagnosis",
    "promise",
    "push",
    "published",
    "sent",
    "warning",
    "image",
    "refresh",
    "instance",
    "rollback",
    "moment",
    "sample",
    "figure",
    "finding",
    "unread",
    "doctor",
    "fate",
    "emptied",
    "left",
)
@explained("deployer-*", "releaser", "publisher", "observer", "operator")
def accept_command(
    env: str,
    params: Path,
    profile: str | None,
    region: str | None,
    bundle: Path | None,
    resume: bool,
    env_file: Path | None,
    frontend: Path | None,
    image: str,
    release_image: str,
    timeout: int,
    flat: bool,
    rehearse: bool,
    compared: Path | None,
    yes: bool,
    report: Report,
) -> None:
    """Live ENV's whole life in an account once, and keep the evidence.

    Untried on AWS. Deploys, smokes, pushes a .env, publishes, releases, rotates the database's
    password, loads, destroys. Says before what it does, how long and for how much, and asks. A step
    that fails is diagnosed, and the stack deleted if you agree. The bundle holds no secret, account
    id, e-mail address or host name. With --compare it is held against timeline, cost, doctor's
    catalogue and the embedded endpoint: 1 where a promise did not hold.

    \b
    clinic accept dev --rehearse --yes
    clinic accept dev --env-file .env --frontend ../frontend/dist
    clinic accept dev --resume
    clinic accept --compare acceptance-dev
    """
    from generator.acceptance import begin as beginning
    from generator.acceptance.bundle import CALLS
    from generator.acceptance.calls import CallRecorder
    from generator.acceptance.run import accept
    from generator.acceptance.verdict import compare_and_report
    from generator.checks.preflight.required import require_clean
    from generator.cloud.ask import confirmed, typed
    from generator.cloud.aws import connect

    if compared:
        compare_and_report(compared, params, report)
        return
    if not env:
        raise ClinicError("give an environment, or a bundle with --compare.")
    if rehearse and resume:
        raise ClinicError("--rehearse ends with its endpoint: there is nothing to --resume.")
    folder = bundle or Path(f"acceptance-{Path(env).stem}")
    order = beginning.order(
        *(env, params, folder, flat, image, release_image, env_file, frontend, timeout)
    )
    require_clean(env, params, region or "us-east-1")
    with beginning.embedded() if rehearse else nullcontext(None) as played:
        recorder = CallRecorder()
        run = beginning.prepare(order, played or connect(profile, region), recorder, report)
        run = replace(run, pace=beginning.PACE) if run.stand_in else run
        if resume:
            recorder.calls |= run.bundle.read(CALLS)
            run = beginning.resume(run)
        else:
            beginning.begin(run, order, partial(typed, err=report.json), yes)
        accept(run, lambda question: yes or confirmed(question, report.json), recorder)
    report.say(f"\nThe evidence is in {folder}: clinic accept --compare {folder}")
