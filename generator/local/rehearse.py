"""The whole life of a stack against the embedded endpoint, without an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from generator.application.env import rehearse as env_file
from generator.cloud.aws import Aws
from generator.cloud.deploy import DeployOptions, deploy, watch
from generator.cloud.destroy import destroy
from generator.cloud.environment import Environment
from generator.cloud.stacks import find
from generator.errors import ClinicError
from generator.local.application import IMAGE, look_from_outside, release_image
from generator.local.frontend import rehearse_frontend
from generator.local.readback import Count, read_back
from generator.report import Report

PACE = 0.05
"""Seconds between two calls of following: nobody throttles here."""
MISTAKE = {"DatabaseSnapshot": "clinic-no-such-snapshot"}
"""An operator's slip of the keyboard: it would replace the database, and then fails."""
SHOWN = 12
"""Lost properties that are listed one by one."""
PROVEN = """
Rehearsed against an emulator. This shows that
  - references, parameters and outputs resolve across all stacks, and every resource was made;
  - change set, data-loss gate, update, rollback, first cause and deletion go as they should;
  - the properties counted above are what the services were told;
  - a build reaches its bucket whole and with its headers, and a second time nothing is sent;
  - a release replaces every instance and the stack knows it; the CDN routes, hides and redirects.
It does not show that AWS would accept every value: the emulator checks few of them, which is what
`clinic lint` is for. {booted}
Quotas, permissions and times were not met, no name in DNS. The first deployment to an account is
the test of those."""
Look = Callable[[Aws, Environment, Report], str]
"""Looks at the site from outside, and returns a sentence about what has booted."""


@dataclass(frozen=True)
class Rehearsal:
    """One environment on one endpoint."""

    aws: Aws
    env: Environment
    options: DeployOptions
    mistake: Mapping[str, str] = field(default_factory=lambda: MISTAKE)
    look: Look = look_from_outside

    @property
    def report(self) -> Report:
        return self.options.report

    def begin(self, number: int, title: str) -> None:
        """Say which step comes now."""
        self.report.say(f"\n== {number}. {title}\n")
        self.report.tell("step", number=number, title=title)


def rehearse(this: Rehearsal) -> None:
    """Go through all of it; ClinicError (1) as soon as something does not go as it should."""
    this.report.say(
        f"Rehearsing {this.env.stack} against an AWS endpoint embedded in this machine."
    )
    this.begin(1, f"create {this.env.stack}")
    deploy(this.aws, this.env, this.options)
    this.begin(2, "read the resources back through their services")
    _show(*read_back(this.aws, this.env), this.report)
    this.begin(3, "push a .env, twice")
    env_file.rehearse(this.aws, this.env.stack, this.report)
    this.begin(4, "publish a frontend, and again")
    rehearse_frontend(this.aws, this.env.stack, this.report)
    this.begin(5, f"release {IMAGE}")
    released = release_image(this.aws, this.env, this.options)
    this.begin(6, "look at the site from outside")
    booted = this.look(this.aws, released, this.report)
    this.begin(7, "update one parameter")
    changed = _update(replace(this, env=released))
    this.begin(8, f"make a mistake: {_said(this.mistake)}")
    _fail(replace(this, env=changed))
    this.begin(9, f"destroy {this.env.stack}")
    _destroy(this, changed)
    this.report.say(PROVEN.format(booted=booted))
    this.report.tell("rehearsed", stack=this.env.stack)


def _update(this: Rehearsal) -> Environment:
    """Keep logs for longer, and see that the stack knows it."""
    declared = this.env.documents[this.env.top]["Parameters"]["LogRetentionDays"]
    old = this.env.parameters("")["LogRetentionDays"]
    new = next(days for days in map(str, declared["AllowedValues"]) if days != old)
    this.report.say(f"LogRetentionDays from {old} to {new}")
    env = this.env.with_values(LogRetentionDays=new)
    deploy(this.aws, env, this.options)
    stack = find(this.aws, env.stack)
    if not stack or stack.parameters["LogRetentionDays"] != new:
        raise ClinicError("the update did not reach the stack.", exit_code=1)
    return env


def _fail(this: Rehearsal) -> None:
    """The gate stops the mistake; when it is overruled, the rollback mends it."""
    wrong = this.env.with_values(**this.mistake)
    stopped = _refused(this, wrong, this.options)
    this.report.say(f"\nThe data-loss gate: {stopped}\n")
    this.report.say("Overruled with --allow-data-loss Database, to see what happens then:\n")
    failed = _refused(this, wrong, replace(this.options, allowed=("Database",)))
    this.report.say(f"\n{failed}")
    stack = find(this.aws, this.env.stack)
    if failed.exit_code != 1 or not stack or stack.status != "UPDATE_ROLLBACK_COMPLETE":
        raise ClinicError("the failed update was not rolled back.", exit_code=1)


def _refused(this: Rehearsal, env: Environment, options: DeployOptions) -> ClinicError:
    try:
        deploy(this.aws, env, options)
    except ClinicError as trouble:
        this.report.tell("refused", exit_code=trouble.exit_code, sentence=str(trouble))
        return trouble
    raise ClinicError(f"the mistake {_said(this.mistake)} went through.", exit_code=1)


def _destroy(this: Rehearsal, env: Environment) -> None:
    if env.parameters("")["DeletionProtection"] == "true":
        this.report.say("Deletion protection is on, so it is switched off first:\n")
        env = env.with_values(DeletionProtection="false")
        deploy(this.aws, env, this.options)
    follow = partial(watch, env, this.options)
    destroy(this.aws, env.stack, follow=follow, ask=str, report=this.report, yes=True)


def _show(counts: Mapping[str, Count], lost: list[str], report: Report) -> None:
    for layer, count in counts.items():
        report.tell("layer", layer=layer, **asdict(count))
    for line in lost:
        report.tell("lost", property=line)
    headings = ["layer", "resources", "not readable", "properties", "equal", "lost or different"]
    rows: list[list[str | int]] = [
        [layer, c.resources, c.unread, c.equal + c.lost, c.equal, c.lost]
        for layer, c in counts.items()
    ]
    totals = [sum(int(row[column]) for row in rows) for column in range(1, len(headings))]
    report.table(headings, [*rows, ["all", *totals]])
    if lost:
        report.say("\nLost by the emulator, or not told by the call that was made:")
    for line in lost[:SHOWN]:
        report.say(f"  {line[:96]}")
    if len(lost) > SHOWN:
        report.say(f"  and {len(lost) - SHOWN} more")


def _said(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
