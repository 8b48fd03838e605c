"""The parameter file told what was released."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from generator.application.release.plan import Release
from generator.application.release.wish import of_stack
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


def keep_in_step(this: Release, path: Path, keep: bool) -> None:
    """Say where the parameter file differs from what runs, or mend it."""
    stack = find(this.aws, this.env.stack)
    now = of_stack(stack.parameters).parameters if stack else {}
    said = this.env.parameters("")
    differing = {name: value for name, value in now.items() if said[name] != value}
    if not differing:
        return
    words = ", ".join(f"{name}={value}" for name, value in differing.items())
    if keep:
        save(path, differing)
        this.say(f"Written into {path}: {words}")
    else:
        this.say(
            f"{path} says otherwise, so the next `clinic deploy {this.env.name}` would show and "
            f"undo this release. Write there, or release with --save: {words}"
        )
