"""Files that a command writes where a person said, each whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from generator.errors import ClinicError, reason


def check(target: Path) -> None:
    """ClinicError if ``target`` cannot be written; for asking before long work."""
    folder = target.parent
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not target.exists() and not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _refused(target, error) from error


def write(target: Path, data: bytes) -> None:
    """Make ``target`` hold ``data``, or raise ClinicError and leave it as it was.

    A pipe or a device is written to, never replaced, and a link stays one.
    """
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        place = target.resolve()
        unfinished = place.with_name(f"{place.name}.unfinished")
        try:
            unfinished.write_bytes(data)
            unfinished.replace(place)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refused(target, error) from error


def _refused(target: Path, error: OSError) -> ClinicError:
    return ClinicError(
        f"{target} cannot be written ({reason(error)}): name a file in a folder that exists "
        "and that this user may write to."
    )
