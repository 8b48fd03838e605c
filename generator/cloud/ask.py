"""Asks the person at the terminal."""

from __future__ import annotations

import sys

import click

from generator.errors import ClinicError

UNASKED = "nothing was changed; give --yes."


def terminal() -> bool:
    """Whether a person types and reads."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def typed(question: str, err: bool) -> str:
    """What a person, or a pipe, answers; ClinicError where there is neither."""
    try:
        answer: str = click.prompt(question, default="", show_default=False, err=err)
    except click.Abort as aborted:
        if not isinstance(aborted.__context__, EOFError):
            raise
        raise ClinicError(f"nobody can be asked here: {UNASKED}") from None
    return answer
