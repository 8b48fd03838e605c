"""The command: parse, call, print."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import click

from generator.acceptance import begin as beginning
from generator.acceptance import compare as judging
from generator.acceptance import emulator
from generator.acceptance.bundle import ABOUT, CALLS, Bundle
from generator.acceptance.calls import Recorder
from generator.acceptance.run import accept
from generator.application.env.check import load_checked
from generator.application.publish.build import names, read
from generator.application.stress.timeline import Load
from generator.checks.preflight.gate import demand
from generator.cloud.aws import connect, explained
from generator.cloud.progress import Report
from generator.errors import ClinicError
from generator.options import JSON, PARAMS, PATH, PROFILE, REGION, YES


@click.command("accept")
@click.argument("env", required=False, default="")
@PARAMS
@PROFILE
@REGION
@click.option("--bundle", type=PATH, metavar="FOLDER", help="Default: acceptance-ENV.")
@click.option("--resume", is_flag=True, help="Go on with the run in the bundle.")
@click.option(
    "--env-file", type=PATH, metavar="FILE", help="The backend's .env, not a made-up one."
)
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
@click.option("--flat", is_flag=True, help="One template instead of nested stacks.")
@click.option("--rehearse", is_flag=True, help="At the embedded endpoint: no account, no cost.")
@click.option(
    "--compare",
    "compared",
    type=PATH,
    metavar="BUNDLE",
    help="Instead: hold a bundle against what was promised.",
)
@YES
@JSON
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
    as_json: bool,
) -> None:
    """Live ENV's whole life in an account, once, and keep the evidence. Untried on AWS.

    Deploys, smokes, pushes a .env, publishes, releases, rotates the database's password, loads,
    destroys. Says before what it does, how long and for how much, and asks. A step that fails is
    diagnosed, and the stack deleted if you agree. The bundle holds no secret, account id, e-mail
    address or host name. With --compare it is held against timeline, cost, doctor's catalogue and
    the embedded endpoint: 1 where a promise did not hold.

    Kinds of --json: plan, step, untested, failed, left, accepted, those of the commands that the
    steps are about; with --compare row, done.

    \b
    clinic accept dev --rehearse --yes
    clinic accept dev --env-file .env --frontend ../frontend/dist
    clinic accept dev --resume
    clinic accept --compare acceptance-dev
    """
    if compared:
        _compare(compared, params, as_json)
        return
    if not env:
        raise ClinicError("give an environment, or a bundle with --compare.")
    if rehearse and resume:
        raise ClinicError("--rehearse ends with its endpoint: there is nothing to --resume.")
    order = beginning.Order(
        *(env, params, bundle or Path(f"acceptance-{Path(env).stem}"), flat, image, release_image),
        env_file=load_checked(env_file, params, env) if env_file else None,
        frontend=frontend,
        load=Load(timeout=timeout),
    )
    if frontend:
        read(frontend, names(frontend))  # is it a build? asked before hours of work
    demand(env, params, region or "us-east-1")
    with beginning.embedded() if rehearse else nullcontext(None) as played:
        recorder = Recorder()
        run = beginning.prepare(order, played or connect(profile, region), recorder, as_json)
        run = replace(run, pace=beginning.PACE) if run.stand_in else run
        if resume:
            recorder.calls |= run.bundle.read(CALLS)
            run = beginning.resume(run)
        else:
            beginning.begin(run, order, _typed(as_json), yes)
        accept(run, lambda question: yes or _confirmed(question, as_json), recorder)
    run.report.say(f"\nThe evidence is in {order.folder}: clinic accept --compare {order.folder}")


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _confirmed(question: str, as_json: bool) -> bool:
    if not _terminal():
        raise ClinicError("nobody can be asked here.")
    return click.confirm(question, err=as_json)


def _typed(as_json: bool) -> beginning.Ask:
    def ask(question: str) -> str:
        try:
            answer: str = click.prompt(question, default="", show_default=False, err=as_json)
        except click.Abort as aborted:
            if not isinstance(aborted.__context__, EOFError):
                raise
            raise ClinicError("nobody can be asked here: nothing was begun.") from None
        return answer

    return ask


def _compare(folder: Path, params: Path, as_json: bool) -> None:
    """Print what did not hold and how much did; ClinicError (1) if anything did not."""
    bundle, report = Bundle(folder), Report(as_json)
    rows = [*judging.judge(bundle)]
    with beginning.played(bundle.read(ABOUT), params) as reference:
        rows += emulator.judge(bundle, reference)
    for row in rows:
        report.tell("row", **asdict(row))
    off = [row for row in rows if row.verdict == judging.OFF]
    if off:
        fields = [[row.about, row.what, row.promised, row.seen] for row in off]
        report.table(["about", "what", "promised", "seen"], fields)
    counts = {}
    for about in dict.fromkeys(row.about for row in rows):
        verdicts = [row.verdict for row in rows if row.about == about]
        counts[about] = {
            verdict: verdicts.count(verdict)
            for verdict in (judging.HELD, judging.OFF, judging.NOT_JUDGED)
        }
        said = ", ".join(f"{number} {verdict}" for verdict, number in counts[about].items())
        report.say(f"{about}: {said}")
    report.tell("done", bundle=str(folder), off=len(off), counts=counts)
    if off:
        raise ClinicError(f"{len(off)} promises did not hold.", exit_code=1)
