"""Writes what was released into the parameter file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from generator.application.release.plan import Rollout
from generator.application.release.revision import of_stack
from generator.cloud.stacks import find
from generator.errors import ClinicError, reason
from generator.output import pretty


def save(path: Path, now: Mapping[str, str]) -> None:
    """Write values into a parameter file, in place or at its end, whole or not at all."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    left = dict(now)
    for entry in entries:
        if entry["ParameterKey"] in left:
            entry["ParameterValue"] = left.pop(entry["ParameterKey"])
    entries += [{"ParameterKey": name, "ParameterValue": value} for name, value in left.items()]
    draft = path.with_name(f"{path.name}.unfinished")
    try:
        draft.write_text(f"{pretty(entries)}\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ClinicError(
            f"{path} cannot be written ({reason(error)}): write "
            + ", ".join(f"{name}={value}" for name, value in now.items())
            + " there by hand."
        ) from error


def keep_in_step(rollout: Rollout, path: Path, keep: bool) -> None:
    """Print where the parameter file differs from what runs, or correct it."""
    stack = find(rollout.aws, rollout.env.stack)
    now = of_stack(stack.parameters).parameters if stack else {}
    values = rollout.env.parameters("")
    differing = {name: value for name, value in now.items() if values[name] != value}
    if not differing:
        return
    words = ", ".join(f"{name}={value}" for name, value in differing.items())
    if keep:
        save(path, differing)
        rollout.say(f"Written into {path}: {words}")
    else:
        rollout.say(
            f"{path} says otherwise, so the next `clinic deploy {rollout.env.name}` would show and "
            f"undo this release. Write there, or release with --save: {words}"
        )
