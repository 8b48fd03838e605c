"""`clinic env`: the commands are one file each beside this one."""

from __future__ import annotations

import click

from generator.lazy import LazyGroup

COMMANDS = {
    "Commands": {
        "check": "Check FILE as `docker run --env-file` would read it.",
        "diff": "Compare FILE with what is deployed, by keys and fingerprints.",
        "push": "Send FILE to the stack's encrypted, versioned configuration bucket.",
        "show": "List the keys that the container gets, and who supplies them.",
    }
}
"""What there is: name -> the first sentence of its help."""


@click.group("env", cls=LazyGroup, package=__name__, table=COMMANDS)
def env_command() -> None:
    """Check, push, compare and show the backend's production .env.

    Exits with 0 when all is well, 1 when `check` finds an error or `diff` a difference, 2 for bad
    input (push: for a file with errors; nothing was sent), 3 when it needs a person.

    \b
    clinic env check .env
    clinic env push prod .env
    clinic env diff prod .env
    clinic env show prod
    """
