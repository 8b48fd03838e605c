"""A run from its question to its end: what is begun, resumed, failed, destroyed and left."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from generator import __version__
from generator.acceptance.bundle import BEGUN, CALLS, DONE, FAILED, UNTESTED, now
from generator.acceptance.calls import CallRecorder
from generator.acceptance.evidence import AcceptanceRun, fingerprint, save_events
from generator.acceptance.steps import STEPS, doctor
from generator.application.smoke.ask import UntestedError
from generator.cloud.aws import explain, explained
from generator.cloud.deploy import INTERRUPTED
from generator.cloud.diagnose import first_cause
from generator.cloud.stacks import events, family, find, tree, walk
from generator.errors import ClinicError

TOOLS = ("boto3", "botocore", "cfn-lint", "cloudformation-validate", "obstore", "troposphere")
LAST = "destroy"
Agree = Callable[[str], bool]
"""Puts a question to a person; ClinicError where there is none."""


def about(run: AcceptanceRun) -> dict[str, Any]:
    """What was run, and with what."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in run.env.files.items()}
    return {
        "env": run.env.name,
        "flat": not run.env.nested,
        "region": run.aws.region,
        "stand_in": run.stand_in,
        "parameters": run.env.parameters(""),
        "load": vars(run.load),
        "versions": {
            "clinic-stack": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in TOOLS},
        },
        "templates": {"digest": run.env.digest, "files": digests},
    }


def refuse_existing(run: AcceptanceRun) -> None:
    """ClinicError (2) where a stack of that name is there, which may be anybody's."""
    stack = find(run.aws, run.env.stack)
    if stack and family(stack.status) != "absent":
        raise ClinicError(
            f"{run.env.stack} exists already in {run.aws.region} ({stack.status}): an acceptance "
            "run ends with its deletion, so it only takes an environment that is not there. "
            "--resume goes on with a run of your own that was cut off."
        )


def own_only(run: AcceptanceRun) -> None:
    """ClinicError (3) where the stack is not the one that this run made."""
    stack, known = find(run.aws, run.env.stack), run.state.fields.get("stack", "")
    if stack and family(stack.status) != "absent" and known and known != fingerprint(stack.id):
        raise ClinicError(
            f"{run.env.stack} is another stack than the one that this run made: it was made anew "
            "meanwhile, and is left alone.",
            exit_code=3,
        )


def accept(run: AcceptanceRun, agree: Agree, recorder: CallRecorder) -> None:
    """Go through the steps that are not done yet; ClinicError when one fails, or is cut off.

    After a failure the stack is destroyed, if the person agrees; what remains is always said.
    """
    with _evidence(run, recorder):
        for name in STEPS:
            over = name == LAST or run.state.of(name) in (DONE, UNTESTED)
            if not (over or run.state.fields["failed"]):
                _try(run, name, agree)
        _end(run)
    if failed := run.state.fields["failed"]:
        raise ClinicError(f"{failed}\nThe stack was deleted; the evidence is kept.", exit_code=1)


@contextmanager
def _evidence(run: AcceptanceRun, recorder: CallRecorder) -> Iterator[None]:
    """However it ends, put down the calls and say what remains."""
    try:
        yield
    except BaseException as trouble:
        if not isinstance(trouble, ClinicError):
            print(f"clinic: {remains(run)}", file=sys.stderr, flush=True)
        raise
    finally:
        run.bundle.write(CALLS, recorder.calls)


def _try(run: AcceptanceRun, name: str, agree: Agree) -> None:
    try:
        _do(run, name)
    except (ClinicError, BotoCoreError, ClientError) as trouble:
        failed = trouble if isinstance(trouble, ClinicError) else explain(trouble)
        if failed.exit_code == INTERRUPTED:
            raise ClinicError(f"{failed}\n{remains(run)}", INTERRUPTED) from trouble
        _failed(run, name, failed, agree)


def _do(run: AcceptanceRun, name: str) -> None:
    number = list(STEPS).index(name) + 1
    run.report.say(f"\n== {number}. {name}: {STEPS[name][0]}\n")
    run.report.file = f"steps/{number}-{name}.jsonl"
    run.report.tell("step", number=number, name=name)
    run.state.begin(name)
    try:
        with explained():
            STEPS[name][1](run)
    except UntestedError as why:
        run.report.say(f"Not tested: {why}.")
        run.report.tell("untested", step=name, why=str(why))
        run.state.end(name, UNTESTED, str(why))
        return
    run.state.end(name, DONE)


def _failed(run: AcceptanceRun, name: str, failed: ClinicError, agree: Agree) -> None:
    """Keep the evidence, say what is known, and destroy; ClinicError if that is not wanted."""
    run.state.end(name, FAILED, str(failed))
    sentence = f"{name} failed: {failed}"
    run.report.say(f"\n{sentence}\n")
    run.report.tell("failed", step=name, sentence=str(failed), exit_code=failed.exit_code)
    for collect in (save_events, _diagnose, doctor):
        try:
            with explained():
                collect(run)
        except ClinicError as trouble:
            run.report.say(f"No more evidence of that kind: {trouble}")
            run.report.tell("unread", text=str(trouble))
    run.report.say(remains(run))
    try:
        confirmed = agree(f"Delete {run.env.stack} now? The evidence is kept.")
    except ClinicError:
        confirmed = False
    if not confirmed:
        raise ClinicError(f"{sentence}\n{remains(run)}", failed.exit_code)
    run.state.set(failed=sentence)


def _diagnose(run: AcceptanceRun) -> None:
    """The first cause, as `clinic deploy` says it, where CloudFormation's events name one."""
    stack = find(run.aws, run.env.stack)
    held = events(run.aws, stack.id, None) if stack else []
    if stack and any(event.failed for event in held):
        cause = first_cause(run.aws, stack.id, held)
        run.report.tell("diagnosis", **vars(cause))
        run.report.say("\n".join(cause.lines()))


def _end(run: AcceptanceRun) -> None:
    own_only(run)
    try:
        _do(run, LAST)
    except (ClinicError, BotoCoreError, ClientError) as trouble:
        failed = trouble if isinstance(trouble, ClinicError) else explain(trouble)
        before = run.state.fields["failed"]
        run.state.end(LAST, FAILED if failed.exit_code != INTERRUPTED else BEGUN, str(failed))
        message = "\n".join(filter(None, [before, str(failed), remains(run)]))
        raise ClinicError(message, failed.exit_code) from trouble
    run.state.set(over=now())
    run.report.tell("accepted", stack=run.env.stack, failed=run.state.fields["failed"])


def remains(run: AcceptanceRun) -> str:
    """What is still in the account and costs, and how it goes."""
    remove = f"`clinic destroy {run.env.name} --region {run.aws.region}` removes it"
    go_on = f"`clinic accept {run.env.name} --resume --bundle {run.bundle.folder}` goes on"
    cost = f"about {run.plan.usd_hour:,} USD an hour while it is there"
    try:
        with explained():
            stack = find(run.aws, run.env.stack)
            there = tree(run.aws, stack.id) if stack else ()
    except ClinicError as unknown:
        return (
            f"What remains of {run.env.stack} could not be asked ({unknown}): if it is "
            f"there, it costs {cost}; {remove}, and {go_on}."
        )
    if stack is None or stack.status == "DELETE_COMPLETE":
        return f"{run.env.stack} is not in {run.aws.region}: nothing of it costs by the hour."
    number = sum(resource.status != "DELETE_COMPLETE" for resource in walk(there))
    return (
        f"{run.env.stack} remains in {stack.status} with {number} resources, {cost}; "
        f"{remove}, and {go_on}."
    )
