"""The command line: which commands there are, one file each beside this one."""

from __future__ import annotations

import click

from generator import __version__
from generator.lazy import LazyGroup

COMMANDS = {
    "Templates": {
        "generate": "Write every template and policy, whole or not at all.",
        "lint": "Check both forms and every parameter file with all linters.",
        "params": "Check parameter files as CloudFormation would, without asking it.",
    },
    "Proofs, offline": {
        "check": "Lint, prove and measure what ENV would deploy.",
        "prove": "Prove who reaches whom, and that nobody else does.",
        "forecast": "Say what output/ would do to stacks of another git revision.",
        "timeline": "Show how long a creation and an update take, and what decides it.",
        "cost": "Say what a month of ENV costs, by component and by option.",
        "diagram": "Draw the architecture of ENV from the templates.",
        "report": "Put everything that is known of ENV offline on one page.",
    },
    "Stacks": {
        "policies": "Write the IAM policies for ENV alone, in one region.",
        "rehearse": "Live a stack's whole life against an AWS endpoint in this machine.",
        "twin": "Stand ENV up on this machine with real daemons, for a browser.",
        "deploy": "Bring a stack to what the code and params/ENV.json say.",
        "status": "Show the tree of stacks, their states and outputs.",
        "recover": "Get a stack out of a state in which it takes no update.",
        "destroy": "Delete a stack, and say what is lost and what is kept.",
        "stack-set": "Run the flat form in many accounts and regions.",
        "accept": "Live ENV's whole life in an account once, and keep the evidence.",
    },
    "The application": {
        "env": "Check, push, compare and show the backend's production .env.",
        "publish": "Make the site of ENV show the build in the folder DIST.",
        "release": "Roll the backend to another image, and back when it does not hold.",
        "smoke": "Prove from outside that a site keeps the architecture's promises.",
        "doctor": "Say what is wrong with each instance and target, and what to do.",
        "logs": "Show what the instances log, merged by time.",
        "shell": "Open a shell on an instance, or in its backend's container.",
        "stress": "Put load on the instances and see how long new capacity takes.",
    },
}
"""What there is, by group: name -> the first sentence of its help."""


@click.group(
    cls=LazyGroup,
    package=__package__,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
