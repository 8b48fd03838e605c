"""Renders everything the project builds and writes the output folder whole or not at all."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import Any

from generator.errors import ClinicError, reason

FOLDERS = ("nested", "policies")
"""The folders under output/ that hold nothing but what render() makes."""

WIDTH = 100
"""Characters of a line in the files."""

UNFINISHED = ".unfinished"
"""Marks a file that is being written; one that is left over was cut off and is removed."""


def documents() -> dict[str, dict[str, Any]]:
    """Every template and policy as plain data, by its path under ``output/``."""
    from generator import architecture, policies
    from generator.policies import roles

    rights = policies.documents()
    templates = architecture.templates() | {"roles": roles.template(rights)}
    return _plain(templates) | {f"policies/{stem}.json": policy for stem, policy in rights.items()}


def nested() -> dict[str, dict[str, Any]]:
    """The nested templates alone, as `documents` has them."""
    from generator import architecture

    return _plain(architecture.nested())


def _plain(templates: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    from generator import suppressions
    from generator.plain import plain

    return {
        f"{path}.json": suppressions.carry(plain(template)) for path, template in templates.items()
    }


def render(documents: Mapping[str, Any]) -> dict[str, bytes]:
    """The bytes of every file, in the order in which the code says things."""
    return {path: f"{pretty(document)}\n".encode() for path, document in documents.items()}


def pretty(node: Any, margin: str = "", taken: int = 0) -> str:
    """JSON in which whatever fits on a line is on one: a third smaller, and a diff shows more.

    ``margin`` is the indentation and ``taken`` the characters after it that the line has already.
    """
    deeper = f"{margin}  "
    if isinstance(node, dict):
        parts = [f"{quoted(k)}: {pretty(v, deeper, len(k) + 4)}" for k, v in node.items()]
        first, last = "{}"
    elif isinstance(node, list):
        parts = [pretty(item, deeper) for item in node]
        first, last = "[]"
    else:
        return quoted(node) if isinstance(node, str) else json.dumps(node)
    line = ", ".join(parts)
    if "\n" not in line and len(margin) + taken + len(line) + 3 <= WIDTH:
        return f"{first}{line}{last}"
    lines = f",\n{deeper}".join(parts)
    return f"{first}\n{deeper}{lines}\n{margin}{last}"


def summary(
    documents: Mapping[str, Any], files: Mapping[str, bytes]
) -> tuple[list[str], list[list[str | int]]]:
    """Headings and rows of the table that tells what was made."""
    return ["file", "resources", "parameters", "bytes"], [
        [
            path,
            len(documents[path].get("Resources", ())),
            len(documents[path].get("Parameters", ())),
            len(data),
        ]
        for path, data in files.items()
    ]


def compare(folder: Path, files: Mapping[str, bytes]) -> None:
    """ClinicError, with a line per differing file, unless ``folder`` holds exactly ``files``."""
    old = read(folder)
    differing = [
        *(f"{path} is missing" for path in files if path not in old),
        *(f"{path} is not made any more" for path in old if path not in files),
        *(
            f"{path} {_difference(old[path], files[path])}"
            for path in files
            if path in old and files[path] != old[path]
        ),
    ]
    if differing:
        raise ClinicError(
            "\n    ".join(
                [f"{folder} is not what the code builds; run clinic generate.", *differing]
            ),
            exit_code=1,
        )


def _difference(old: bytes, new: bytes) -> str:
    from difflib import unified_diff

    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, new))
    lines = list(unified_diff(before, after, n=0))[2:]
    plus, minus = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"differs: +{plus} -{minus} lines"


def read(folder: Path) -> dict[str, bytes]:
    """What ``folder`` holds of the files that render() makes or once made; {} without a folder."""
    try:
        files = [
            *(folder / name for name in ("flat.json", "roles.json")),
            *(file for name in FOLDERS for file in folder.glob(f"{name}/*.json")),
        ]
        return {f.relative_to(folder).as_posix(): f.read_bytes() for f in files if f.is_file()}
    except OSError as error:
        raise ClinicError(
            f"{error.filename or folder} cannot be read ({reason(error)}): allow this user to "
            "read it."
        ) from error


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make ``folder`` hold exactly ``files``, or raise ClinicError and leave it as it was.

    All bytes are on the disk beside their targets before the first target is replaced. Who writes
    there at the same time waits. Only a kill within the milliseconds of replacing leaves files of
    both, each whole; the next run finishes them.
    """
    try:
        fresh = [place for place in _places(folder, files) if not place.exists()]
        try:
            with _alone(folder):
                _fill(folder, files)
        except BaseException:
            for place in fresh:
                with suppress(OSError):
                    place.rmdir()
            raise
    except OSError as error:
        raise ClinicError(
            f"{error.filename or folder} cannot be written ({reason(error)}); {folder} is as it "
            "was: make room, allow this user to write there, or choose another --output."
        ) from error


def _places(folder: Path, files: Iterable[str]) -> list[Path]:
    """Every folder that ``files`` need, those inside others first."""
    inside = dict.fromkeys((folder / path).parent for path in files)
    return [*(place for place in inside if place != folder), folder, *folder.parents]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system that knows no locks
            flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    old = read(folder)
    changed = {path: data for path, data in files.items() if old.get(path) != data}
    try:
        _stage(folder, changed)
        with _uninterrupted():
            _replace(folder, changed, old)
            for path in _obsolete(folder, files, old):
                path.unlink()
    except BaseException:
        _discard(folder, changed)
        raise


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A Ctrl-C or an end that comes now takes effect after the few milliseconds that this takes."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stage(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(21, "a folder is in the way", str(target))
        _unfinished(target).write_bytes(data)


def _replace(folder: Path, files: Mapping[str, bytes], old: Mapping[str, bytes]) -> None:
    done: list[str] = []
    try:
        for path in files:
            _unfinished(folder / path).replace(folder / path)
            done.append(path)
    except OSError:
        for path in done:
            if path in old:
                (folder / path).write_bytes(old[path])
            else:
                (folder / path).unlink()
        raise


def _discard(folder: Path, files: Mapping[str, bytes]) -> None:
    for path in files:
        _unfinished(folder / path).unlink(missing_ok=True)


def _obsolete(folder: Path, files: Mapping[str, bytes], old: Mapping[str, bytes]) -> list[Path]:
    """What an earlier version made, and what a killed run left behind.

    Only a folder that was ours before is cleaned: ``--output ~`` must not cost a stranger's files.
    """
    left = [file for name in (".", *FOLDERS) for file in folder.glob(f"{name}/*{UNFINISHED}")]
    ours = {"flat.json", "nested/root.json"} <= old.keys()
    return left + [folder / path for path in old.keys() - files.keys() if ours]


def _unfinished(target: Path) -> Path:
    return target.with_name(f"{target.name}{UNFINISHED}")
