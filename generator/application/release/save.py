"""The parameter file told what was released."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

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
