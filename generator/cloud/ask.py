"""Questions to the person at the terminal."""

from __future__ import annotations

import sys

import click

from generator.errors import ClinicError

UNASKED = "nothing was changed; give --yes."


def terminal() -> bool:
    """Whether a person types and reads."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def typed(question: str, err: bool) -> str:
    """The line that is typed or piped as the answer; ClinicError when stdin has none."""
    try:
        answer: str = click.prompt(question, default="", show_default=False, err=err)
    except click.Abort as aborted:
        if not isinstance(aborted.__context__, EOFError):
            raise
        raise ClinicError(f"nobody can be asked here: {UNASKED}") from None
    return answer


def confirmed(question: str, err: bool) -> bool:
    """Whether the answer is yes; ClinicError without a terminal."""
    if not terminal():
        raise ClinicError(f"nobody can be asked here: {UNASKED}")
    return click.confirm(question, err=err)
