"""The commands: parse, call, print. What they do is elsewhere, and imported when it is needed."""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from generator import __version__
from generator.errors import ClinicError
from generator.options import DEFAULT_PARAMS, JSON, PARAMS, PATH

Values = dict[str, dict[str, str]]
FLAT = frozenset({"flat.json"})
"""What `generate` leaves to `lint`, `check` and CI: more than half of cfn-lint's time, for the same
resources as the nested form's. AWS's own validator judges both forms at once."""

LATER: dict[str, dict[str, tuple[str, str]]] = {
    "Proofs, offline": {
        "check": (
            "generator.commands.check:check_command",
            "Lint, prove and measure what an environment would deploy.",
        ),
        "prove": (
            "generator.commands.prove:prove_command",
            "Prove who reaches whom, and that nobody else does.",
        ),
        "forecast": (
            "generator.commands.forecast:forecast_command",
            "Say what output/ would do to stacks of another git revision.",
        ),
        "timeline": (
            "generator.commands.timeline:timeline_command",
            "Show what a creation and an update take, and the chain that decides it.",
        ),
        "cost": (
            "generator.commands.cost:cost_command",
            "Say what a month of an environment costs, by component and by option.",
        ),
        "diagram": (
            "generator.commands.diagram:diagram_command",
            "Draw the architecture from the templates.",
        ),
    },
    "Stacks": {
        "policies": (
            "generator.commands.policies:policies_command",
            "Write the IAM policies for one environment in one region.",
        ),
        "rehearse": (
            "generator.commands.rehearse:rehearse_command",
            "Live a stack's whole life against an AWS endpoint in this machine.",
        ),
        "twin": (
            "generator.commands.twin:twin_command",
            "Stand an environment up on this machine, with real daemons.",
        ),
        "deploy": (
            "generator.commands.stacks:deploy_command",
            "Bring a stack to what the code and params/ENV.json say.",
        ),
        "status": (
            "generator.commands.stacks:status_command",
            "Show the tree of stacks, their states and outputs.",
        ),
        "recover": (
            "generator.commands.stacks:recover_command",
            "Get a stack out of a state in which it takes no update.",
        ),
        "destroy": (
            "generator.commands.stacks:destroy_command",
            "Delete a stack, and say what is lost and what is kept.",
        ),
        "stack-set": (
            "generator.commands.stacks:stack_set_command",
            "Run the flat form in many accounts and regions.",
        ),
    },
    "The application": {
        "env": (
            "generator.commands.env:env_command",
            "Check, push, compare and show the backend's production .env.",
        ),
        "publish": (
            "generator.commands.publish:publish_command",
            "Make the site show a built frontend.",
        ),
        "release": (
            "generator.commands.release:release_command",
            "Roll the backend to another image, and back when it does not hold.",
        ),
        "smoke": (
            "generator.commands.smoke:smoke_command",
            "Prove from outside that the site keeps the architecture's promises.",
        ),
        "doctor": (
            "generator.commands.doctor:doctor_command",
            "Say what is wrong with each instance and target, and what to do.",
        ),
        "stress": (
            "generator.commands.stress:stress_command",
            "Put load on the instances and see how long new capacity takes.",
        ),
    },
}
"""Commands that live in a package of their own, by group: name -> "module:attribute" and what it
does."""


class Clinic(click.Group):
    """A group that imports the commands of LATER only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *(name for group in LATER.values() for name in group)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for group in LATER.values():
            if cmd_name in group:
                module, _, attribute = group[cmd_name][0].partition(":")
                command: click.Command = getattr(import_module(module), attribute)
                return command
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        here = {name: command.get_short_help_str(80) for name, command in self.commands.items()}
        there = {
            title: {name: what for name, (_, what) in group.items()}
            for title, group in LATER.items()
        }
        for title, commands in {"Templates": here, **there}.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(cls=Clinic, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def clinic() -> None:
    """Generate, prove, rehearse and deploy the clinic's architecture on AWS.

    \b
    clinic generate       write output/ from the code, then lint it
    clinic rehearse dev   see it live without an account
    clinic deploy dev     the same in yours

    Exit codes: 0 done or nothing to do, 1 failed (and rolled back) or something was found, 2 bad
    input, 3 needs a person, 130 interrupted.
    """


@clinic.command()
@click.option(
    "--output",
    type=PATH,
    default="output",
    show_default=True,
    help="Where to write.",
)
@click.option("--lint/--no-lint", default=True, show_default=True, help="Lint what was written.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a folder is out of step.")
@PARAMS
def generate(output: Path, lint: bool, check: bool, params: Path) -> None:
    """Write every template and policy, whole or not at all, and the pages made from them.

    The pages are docs/parameters.md and docs/es/parameters.md, written where they lie in docs/
    beside the output folder.

    The linters follow; cfn-lint's word on flat.json, the same resources in one file, is left to
    `clinic lint`, `clinic check` and CI.

    \b
    clinic generate
    clinic generate --no-lint --output /tmp/review
    clinic generate --check      # in CI: is output/ what the code builds?
    """
    # What takes less than a second has nothing to collect, and takes a tenth longer to look for it.
    gc.disable()
    from generator import output as outputs
    from generator import pages, tables

    documents = outputs.documents()
    files = outputs.render(documents)
    texts = pages.render(documents["nested/root.json"])
    docs = pages.folder(output)
    if check:
        outputs.compare(output, files)
        if docs:
            pages.compare(docs, texts)
        return
    values = _values(documents, params) if lint and _lintable(params) else None
    outputs.write(output, files)
    if docs:
        pages.write(docs, texts)
    tables.show(*outputs.summary(documents, files))
    if values is not None:
        _lint(documents, files, values, "text", strict=False, later=FLAT)


@clinic.command()
@click.option("--strict", is_flag=True, help="Fail on informational findings too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
)
@PARAMS
def lint(strict: bool, form: str, params: Path) -> None:
    """Check both forms and every parameter file with all linters.

    Exits with 1 on any finding that generator/excuses does not excuse, with 2 on a
    parameter file that CloudFormation would not take.

    \b
    clinic lint
    clinic lint --strict --format github      # annotations in a pull request
    clinic lint --format sarif >lint.sarif
    """
    from generator import output as outputs
    from generator.parameters import files as parameters

    parameters.find_all((), params)
    documents = outputs.documents()
    values = _values(documents, params, form)
    _lint(documents, outputs.render(documents), values, form, strict)


@clinic.command()
@click.argument("envs", metavar="[ENV|FILE]...", nargs=-1)
@PARAMS
@JSON
def params(envs: tuple[str, ...], params: Path, as_json: bool) -> None:
    """Check parameter files as CloudFormation would, without asking it.

    ENV is the name of a file in the folder of parameter files; all of them if none is given.
    Kinds of --json: parameters, problem.

    \b
    clinic params
    clinic params prod
    clinic params /tmp/mine.json --json
    """
    from generator import output as outputs
    from generator.parameters import files as parameters

    template = outputs.documents()["flat.json"]
    for path in parameters.find_all(envs, params):
        for told in parameters.objects(path, template) if as_json else ():
            print(json.dumps(told))
        values = parameters.load_checked(path, template)
        if not as_json:
            print(f"{path}: {len(values)} parameters, all valid")


def _lintable(params: Path) -> bool:
    """Whether there are parameter files to lint with. ClinicError if there are none, unless it is
    the default folder that is missing, as it is outside the project."""
    from generator.parameters import files as parameters

    if params == DEFAULT_PARAMS and not params.exists():
        print("Not linted: there is no folder params here. See --params.", file=sys.stderr)
        return False
    return bool(parameters.find_all((), params))


def _values(documents: dict[str, Any], params: Path, form: str = "text") -> Values:
    """Values by parameter file. ClinicError for all that is wrong with them, which forms for
    programs hold as well."""
    from generator.checks.lint import report, run

    values, troubles = run.read(params, documents["flat.json"])
    if troubles:
        if form != "text":
            report.report(iter(troubles), form, strict=False)
        raise ClinicError("\n        ".join(trouble.message for trouble in troubles))
    return values


def _lint(
    documents: dict[str, Any],
    files: dict[str, bytes],
    values: Values,
    form: str,
    strict: bool,
    later: frozenset[str] = frozenset(),
) -> None:
    from generator.checks.lint import cache, report, run

    findings = run.judge(documents, files, values, cache.Cache(cache.folder()), later=later)
    if not report.report(findings, form, strict):
        raise click.exceptions.Exit(1)
