"""Reads a build: which files it has, what is in them, and how they are to be served."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from generator.application.publish.api_url import Backends
from generator.application.publish.headers import (
    INDEX,
    RULES,
    cache_control,
    content_type,
    is_hashed,
)
from generator.application.publish.refusals import (
    MOST_BYTES,
    MOST_FILES,
    hidden,
    refuse,
    refuse_folder,
    refuse_inline_map,
)
from generator.errors import ClinicError, quote, reason

SCRIPTS = (".js", ".mjs", ".html")
MAPPED = (".js", ".mjs", ".css")


@dataclass(frozen=True)
class File:
    """One file of a build."""

    key: str
    """Path below the build with slashes, which is the object's key and the address's path."""
    path: Path
    size: int
    """Bytes."""
    md5: str
    """32 hexadecimal digits: what S3 calls the ETag of an object that was put in one piece."""
    hashed: bool
    """Whether its name holds a hash of its content."""

    @property
    def attributes(self) -> dict[str, str]:
        """Headers and metadata of the object. The sum is there for buckets under a KMS key, whose
        ETags are no sums of the content."""
        rules = {"rules": RULES} if self.key == INDEX else {}
        return {
            "Content-Type": content_type(self.key),
            "Cache-Control": cache_control(self.key),
            "md5": self.md5,
            **rules,
        }


@dataclass
class Build:
    """A whole build."""

    files: dict[str, File]
    """By key."""
    backends: Backends = field(default_factory=Backends)
    """What its scripts would call."""
    warnings: list[str] = field(default_factory=list)

    @property
    def unhashed(self) -> dict[str, File]:
        return {key: file for key, file in self.files.items() if not file.hashed}


def names(dist: Path, maps: bool = False) -> dict[str, Path]:
    """Every file of the folder ``dist`` by its key, in order; ClinicError if it is no build.

    Nothing is read yet: a refusal comes before anything else happens.
    """
    try:
        root = dist.resolve(strict=True)
        if not root.is_dir():
            raise ClinicError(f"{dist} is a file: give the folder that the build writes.")
        refuse_folder(dist, os.listdir(root))
        files = dict(sorted(islice(_walk(root, root, dist), MOST_FILES + 1)))
    except FileNotFoundError as error:
        raise ClinicError(
            f"{error.filename or dist} does not exist: run the build first, or give its folder."
        ) from error
    except (OSError, RuntimeError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        where = getattr(error, "filename", None) or dist
        raise ClinicError(f"{where} cannot be read ({why}): allow this user to.") from error
    refuse(dist, list(files), maps)
    return files


def read(dist: Path, named: dict[str, Path], maps: bool = False) -> Build:
    """Sum up the content of every file but the hidden ones; ClinicError if one cannot be read, or
    holds its source map and not ``maps``."""
    build = Build({})
    for key, path in named.items():
        if hidden(key):
            build.warnings.append(
                f"{quote(key)} stays here: the site answers 404 for hidden files."
            )
            continue
        data = content(path)
        if len(data) > MOST_BYTES:
            raise ClinicError(f"{quote(key)} has {len(data):,} bytes, and S3 takes 5 GB at once.")
        build.files[key] = File(key, path, len(data), md5(data), is_hashed(key))
        if key.endswith(MAPPED) and not maps:
            refuse_inline_map(dist, key, data)
        if key.endswith(SCRIPTS):
            build.backends.read(data)
    if not build.files[INDEX].size:
        raise ClinicError(f"{dist / INDEX} is empty: the build did not finish. Run it again.")
    build.warnings += _warnings(build)
    return build


def content(path: Path) -> bytes:
    """The bytes of a file; ClinicError if they cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClinicError(
            f"{path} cannot be read ({reason(error)}): allow this user to, or build again."
        ) from error


def md5(data: bytes) -> str:
    """S3's own sum of an object, as 32 hexadecimal digits; nothing here rests on its secrecy."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _walk(folder: Path, root: Path, dist: Path) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                _stay_inside(path, root, dist)
            if entry.is_dir():
                yield from _walk(path, root, dist)
            elif entry.is_file():
                yield path.relative_to(root).as_posix(), path
            else:
                raise ClinicError(f"{path} is no file but a device or a pipe: take it out.")


def _stay_inside(link: Path, root: Path, dist: Path) -> None:
    """A link may lead to another place of the build, but not out of it or in a circle."""
    shown = dist / link.relative_to(root)
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ClinicError(
            f"{shown} is a link to {quote(os.readlink(link))}, which leads nowhere: take it out."
        ) from error
    if not target.is_relative_to(root):
        raise ClinicError(
            f"{shown} is a link to {quote(str(target))}, outside of {dist}: what is there would "
            "become public. Copy the file into the build if you mean that."
        )
    if link.is_relative_to(target):
        raise ClinicError(f"{shown} is a link to a folder that it is in: take it out.")


def _warnings(build: Build) -> Iterator[str]:
    for key, file in build.files.items():
        name = key.rpartition("/")[2]
        if "." not in name:
            yield f"{quote(key)} has no suffix, so the site shows index.html under its address."
        if key.startswith("api/"):
            yield f"{quote(key)} cannot be reached: what begins with /api goes to the backend."
        if not file.size:
            yield f"{quote(key)} is empty."
