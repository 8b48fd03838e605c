"""What a command tells programs, held to what its help says."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import click

from generator.commands.cli import clinic

ALWAYS = {"error", "done"}


def named(words: Sequence[str]) -> set[str] | None:
    """The kinds that the help of a command names; None of one that tells programs nothing."""
    found: click.Command | None = clinic
    context = click.Context(clinic)
    for word in words:
        if not isinstance(found, click.Group):
            break
        found = found.get_command(context, word)
    for option in found.params if found else ():
        if "--json" in option.opts:
            assert isinstance(option, click.Option)
            listed = re.search(r"Kinds: (.*);", option.help or "")
            assert listed
            return set(listed[1].split(", "))
    return None


def judged(words: Sequence[str], code: int, out: str) -> list[dict[str, Any]]:
    """The objects of a run with --json: each with a kind that the help names, the last done with
    the exit code, before it error if that is not 0 because something went wrong."""
    objects: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    kinds = [one.get("shows", one["kind"]) for one in objects]
    known = named(words)
    if known and "that of each part" in known:
        known |= {"part", "arrow"}
    assert set(kinds) <= {*(known or ()), *ALWAYS}, words
    assert (objects[-1]["kind"], objects[-1]["exit_code"]) == ("done", code), words
    assert "error" not in kinds[:-2]
    if "error" in kinds:
        assert objects[-2]["exit_code"] == code
        assert code
    return objects
