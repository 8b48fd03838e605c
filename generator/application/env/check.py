"""Every remark about a file, in the order of its lines."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from generator.application.env import documents, dotenv, keys
from generator.application.env.dotenv import ERROR, WARNING, Remark
from generator.errors import ClinicError
from generator.parameters import files as parameters


@dataclass(frozen=True)
class CheckedEnvFile:
    """A file that was read, and what there is to say about it."""

    path: Path
    data: bytes
    values: dict[str, str]
    remarks: list[Remark]
    schema: keys.Schema | None
    """None where the folder of parameter files has no env.schema.json."""

    @property
    def errors(self) -> list[Remark]:
        return [remark for remark in self.remarks if remark.severity == ERROR]


def check_env_file(path: Path, folder: Path, env: str = "") -> CheckedEnvFile:
    """Read ``path`` and hold it against Docker's rules, the schema in ``folder`` and what becomes
    of documents in ``env``.

    ClinicError if one of them cannot be read; what is wrong inside the file is a remark.
    """
    schema = keys.load(folder)
    data = parameters.read(path, ".env")
    file = dotenv.parse(data)
    remarks = [*file.remarks, *_readers(path)]
    if schema is not None and not is_no_text(remarks):
        remarks += keys.remarks(file, schema)
        remarks += documents.remarks(file.values, folder, env)
    missing = {remark.key for remark in remarks if remark.rule == "no-value"}
    kept = (r for r in remarks if r.rule != "empty-value" or r.key not in missing)
    ordered = sorted(kept, key=lambda r: (r.line == 0, r.line, r.severity, r.rule, r.key))
    return CheckedEnvFile(path, data, file.values, ordered, schema)


def _readers(path: Path) -> Iterator[Remark]:
    """A warning for a file that other users of this machine may read.

    Windows has no such modes, and a pipe is read by whoever holds it.
    """
    mode = path.stat().st_mode
    if os.name == "posix" and stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        says = (
            f"other users of this machine can read these secrets (mode {stat.S_IMODE(mode):04o}): "
            f"run `chmod 600 {shlex.quote(str(path))}`."
        )
        yield Remark(0, WARNING, "permissions", "", says)


def load_checked(path: Path, folder: Path, env: str = "") -> CheckedEnvFile:
    """Read and check; ClinicError with a line for each error."""
    checked = check_env_file(path, folder, env)
    if checked.errors:
        raise ClinicError("\n        ".join(line(path, remark) for remark in checked.errors))
    return checked


def line(path: Path, remark: Remark) -> str:
    """``FILE:LINE: severity: what and what to do``, as editors and terminals know it."""
    where = f"{path}:{remark.line}" if remark.line else str(path)
    return f"{where}: {remark.severity}: {remark.message}"


def is_no_text(remarks: list[Remark]) -> bool:
    """Whether there is nothing in the file that could be compared."""
    return any(remark.rule in {"empty", "binary"} for remark in remarks)
