"""`clinic deploy`: from a set of templates to a running stack."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import click

from generator.checks.changes.compare import Change
from generator.checks.timeline.graph import wiring
from generator.cloud import artifacts, change_guard, change_set, omissions, zones
from generator.cloud.aws import Aws
from generator.cloud.boundary import with_boundary
from generator.cloud.diagnose import collect, first_cause
from generator.cloud.environment import Environment
from generator.cloud.follow import PACE, EventFeed, attach, follow
from generator.cloud.preview import HEADINGS, preview, table
from generator.cloud.progress import ProgressBoard, screen
from generator.cloud.stacks import GOOD, Event, Stack, family, find, newest
from generator.cloud.text import printable
from generator.errors import ClinicError
from generator.report import Report

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

REPOSITORY = "AWS::ECR::Repository"
PREFIX_LIST = "com.amazonaws.global.cloudfront.origin-facing"
INTERRUPTED = 130


@dataclass(frozen=True)
class DeployOptions:
    """The options of `clinic deploy` besides the environment."""

    yes: bool = False
    """Do not ask."""
    plan: bool = False
    """Only show."""
    allowed: Collection[str] = ()
    """Logical ids whose data may be lost."""
    report: Report = field(default_factory=Report)
    terminal: bool = False
    """Whether a person can answer questions."""
    pace: float = PACE
    outlives: bool = True
    """Whether an operation goes on when this process ends; a rehearsal's endpoint ends with it."""
    push: Callable[[str], None] | None = None
    """Pushes the backend's image to the repository of a name."""
    on_event: Callable[[Event], object] | None = None
    """Called with every event of the deployment."""


def deploy(aws: Aws, env: Environment, options: DeployOptions) -> bool:
    """Create or update the stack as ``env`` says; a second run continues an interrupted one.

    Returns whether the stack now is as ``env`` says: False after a plan or an answer of no.
    Raises ClinicError: exit code 1 when it failed and was rolled back, 3 when it needs a person.
    """
    stack = _ready(aws, env, options)
    env = with_boundary(aws, with_prefix_list(aws, env), options.report)
    zones.warn(aws, env, options.report)
    sent = artifacts.upload(aws, env)
    options.report.say(f"Templates {env.digest[:12]}: {sent.sent} sent, {sent.kept} were there.")
    options.report.tell("upload", **asdict(sent))
    changes = change_set.prepare(aws, env, sent.base, stack)
    if changes is None:
        if not options.plan:
            _push(stack, options)
        options.report.say(f"{env.stack} is up to date: nothing to change.")
        finish(aws, env, options)
        return not options.plan
    if not _accepted(aws, env, sent.base, stack, changes, options):
        return False
    _push(stack, options)
    last = newest(aws, changes.stack)
    change_set.execute(aws, changes)
    conclude(aws, env, EventFeed(aws, changes.stack, last.time, last.id), options)
    artifacts.remove_older(aws, env)
    finish(aws, env, options)
    return True


def _push(stack: Stack | None, options: DeployOptions) -> None:
    """Push the image where a registry exists already, so that new instances find it there."""
    uri = stack.outputs.get("ImageRepositoryUri", "") if stack else ""
    if options.push and uri:
        options.push(uri.partition("/")[2])


def _ready(aws: Aws, env: Environment, options: DeployOptions) -> Stack | None:
    """The stack once it can be updated, or None for a new one; waits for an operation's end."""
    stack = find(aws, env.stack)
    if stack and family(stack.status) == "busy":
        options.report.say(f"{env.stack} is in {stack.status}: this run attaches to it.")
        conclude(aws, env, attach(aws, stack.id), options)
        stack = find(aws, env.stack)
    if stack is None or family(stack.status) == "absent":
        return None
    if family(stack.status) == "stuck":
        raise ClinicError(
            f"{env.stack} is in {stack.status}, where CloudFormation takes no update: run "
            f"`clinic recover {env.name}`, then this again.",
            exit_code=3,
        )
    if ("TemplateBaseUrl" in stack.parameters) != env.nested:
        had = "flat" if env.nested else "nested"
        raise ClinicError(
            f"{env.stack} was deployed in the {had} form, and the other one would make everything "
            f"anew: {'add --flat' if env.nested else 'leave --flat out'}."
        )
    return stack


def with_prefix_list(aws: Aws, env: Environment) -> Environment:
    """``env`` with the id of CloudFront's prefix list, where it is needed and not set.

    It differs from region to region, and CloudFormation cannot look it up.
    """
    values = env.parameters("")
    if values.get("AlbExposure", "public") == "public" or values["CloudFrontPrefixListId"]:
        return env
    prefix_list = cdn_prefix_list(aws.client("ec2"))
    if not prefix_list:
        raise ClinicError(
            f"{aws.region} has no prefix list {PREFIX_LIST}: set CloudFrontPrefixListId, or "
            "AlbExposure to public."
        )
    return env.with_values(CloudFrontPrefixListId=prefix_list)


def cdn_prefix_list(ec2: EC2Client) -> str:
    """The id of CloudFront's prefix list in the region of a client; empty if it has none."""
    prefix_lists = ec2.describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": [PREFIX_LIST]}]
    )["PrefixLists"]
    return str(prefix_lists[0]["PrefixListId"]) if prefix_lists else ""


def _accepted(
    aws: Aws,
    env: Environment,
    base: str,
    stack: Stack | None,
    made: change_set.ChangeSet,
    options: DeployOptions,
) -> bool:
    """Whether the change set may be executed; otherwise it is deleted, after an error too."""
    agreed = False
    try:
        changes, findings = preview(aws, env, base, stack, made)
        _show(changes, options.report)
        change_guard.refuse_impossible(findings, options.report.say)
        change_guard.refuse_data_loss(changes, options.allowed)
        omissions.say(env, options.report, unpushed=stack is None and options.push is None)
        agreed = not options.plan and agree(
            f"Change {env.stack} so?", options, "read what --plan shows, then give --yes."
        )
    finally:
        if not agreed:
            change_set.abandon(aws, made)
    if not agreed:
        options.report.say("Nothing was changed.")
    return agreed


def _show(changes: list[Change], report: Report) -> None:
    rows = table(changes)
    if rows:
        report.table(HEADINGS, rows)
    else:
        report.say("No resource changes: only the templates' addresses, texts or tags.")
    for change in changes:
        fields = asdict(change)
        # Programs know the declared policy as `fate`.
        fields["fate"] = fields.pop("declared")
        report.tell("change", **fields, replacement=change.replacement)


def agree(question: str, options: DeployOptions, otherwise: str) -> bool:
    """The answer to a yes/no question; ClinicError, ending in ``otherwise``, without a terminal."""
    if not (options.yes or options.terminal):
        raise ClinicError(f"nobody can be asked here: {otherwise}")
    return options.yes or click.confirm(question, err=options.report.json)


def conclude(aws: Aws, env: Environment, feed: EventFeed, options: DeployOptions) -> None:
    """Follow an operation; ClinicError with the first cause unless it ends in success."""
    evidence = list[str]()

    def act(event: Event) -> None:
        # A rollback takes the instance that could tell why.
        if event.failed:
            evidence.extend(collect(aws, event))
        if options.push and (event.type, event.status) == (REPOSITORY, "CREATE_COMPLETE"):
            options.push(event.physical)
        if options.on_event:
            options.on_event(event)

    status = watch(env, options, feed, act)
    if status not in GOOD:
        raise _failed(aws, env, feed, evidence, options.report)
    if status == "DELETE_COMPLETE":
        raise ClinicError(
            f"{env.stack} has just been deleted: run this again to make it anew.", exit_code=3
        )


def watch(
    env: Environment, options: DeployOptions, feed: EventFeed, also: Callable[[Event], object] = id
) -> str:
    """Show an operation to its end; returns the root's last status. ``also`` gets each event."""
    board = ProgressBoard(env.stack, wiring(env.documents[env.top]) if env.nested else {})

    def both(event: Event) -> None:
        show(event)
        also(event)

    while True:
        try:
            with screen(board, options.report) as show:
                status = follow(feed, both, options.pace)
            break
        except KeyboardInterrupt:
            if not options.outlives:
                raise
            _interrupted(env, feed, options)
    # A deletion goes the other way round, and a rollback its own.
    if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"} and (chain := board.critical()[::-1]):
        steps = (f"{path.removesuffix('Stack')} {board.seconds(path)} s" for path in chain)
        options.report.say(f"Critical path: {' -> '.join(steps)}")
    return status


def _interrupted(env: Environment, feed: EventFeed, options: DeployOptions) -> None:
    """Detach (ClinicError), or have the operation cancelled and go on following."""
    by = f"`clinic {'destroy' if feed.status.startswith('DELETE') else 'deploy'} {env.name}`"
    back = f"the operation on {env.stack} goes on in AWS; {by} follows it."
    if not options.terminal or options.report.json:
        raise ClinicError(back, INTERRUPTED)
    choice = click.prompt(
        "\nDetach, and let AWS go on, or cancel?",
        type=click.Choice(["detach", "cancel"]),
        default="detach",
    )
    if choice == "detach":
        raise ClinicError(back, INTERRUPTED)
    stack, cloudformation = find(feed.aws, feed.stack), feed.aws.client("cloudformation")
    if stack and stack.status == "UPDATE_IN_PROGRESS":
        cloudformation.cancel_update_stack(StackName=feed.stack)
    elif stack and stack.status == "CREATE_IN_PROGRESS":
        # A creation cannot be cancelled, only deleted; it holds nobody's data yet.
        cloudformation.delete_stack(StackName=feed.stack)
    else:
        options.report.say("It is too late to cancel; this goes on following.")


def _failed(
    aws: Aws, env: Environment, feed: EventFeed, evidence: list[str], report: Report
) -> ClinicError:
    cause = first_cause(aws, feed.stack, feed.events, evidence)
    report.tell("diagnosis", **asdict(cause))
    rolled_back = feed.status.endswith("ROLLBACK_COMPLETE")
    after = "was rolled back" if rolled_back else "needs a person"
    hint = "" if feed.status == "UPDATE_ROLLBACK_COMPLETE" else f" Run `clinic recover {env.name}`."
    return ClinicError(
        "\n".join([f"{env.stack} failed and {after} ({feed.status}).{hint}", *cause.lines()]),
        exit_code=1 if rolled_back else 3,
    )


def finish(aws: Aws, env: Environment, options: DeployOptions) -> None:
    """Print the stack's outputs, unless the report is to be brief."""
    stack = find(aws, env.stack)
    outputs = stack.outputs if stack else {}
    if not options.report.brief:
        rows = [[printable(name), printable(value)] for name, value in outputs.items()]
        options.report.table(["output", "value"], rows)
    options.report.tell("done", stack=env.stack, outputs=outputs)
