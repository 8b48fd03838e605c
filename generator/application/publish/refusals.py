"""What is no build of a site, or cannot be one, and why: told by its names alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from generator.application.publish.headers import INDEX
from generator.errors import ClinicError, quote

MOST_FILES = 100_000
MOST_BYTES = 5_000_000_000
"""What S3 takes in one piece."""
LONGEST_KEY = 1024
"""Bytes of UTF-8."""
SHOWN = 3


def refuse(dist: Path, keys: Sequence[str], maps: bool) -> None:
    """ClinicError for the first thing that keeps ``keys`` of the folder ``dist`` from being a site;
    source maps may be there if ``maps``."""
    _be_a_build(dist, keys)
    names = {key: key.rpartition("/")[2].lower() for key in keys}
    _refuse_any(
        dist,
        [k for k, name in names.items() if name.startswith(".env") or name.endswith(".env")],
        "which may hold secrets and would be public: take it out of the build (for Vite, out of "
        "public/)",
    )
    _refuse_any(
        dist,
        [key for key, name in names.items() if name.endswith(".map") and not maps],
        "a source map, which shows your source to everybody: build without (for Vite, "
        "build.sourcemap: false), or publish it knowingly with --source-maps",
    )
    for key in keys:
        if trouble := _unservable(key):
            raise ClinicError(f"{dist} contains {quote(key)}, {trouble}: rename it.")
    _refuse_twins(dist, keys)


def _be_a_build(dist: Path, keys: Sequence[str]) -> None:
    if any("node_modules" in key.split("/")[:-1] or ".git" in key.split("/")[:-1] for key in keys):
        raise ClinicError(
            f"{dist} is a project and not its build: give the folder that the build writes, such "
            f"as {dist / 'dist'}."
        )
    if INDEX not in keys:
        inner = sorted(key for key in keys if key.count("/") == 1 and key.endswith(f"/{INDEX}"))
        alike = [key for key in keys if key.lower() == INDEX]
        hint = f"did you mean {dist / inner[0][:-11]}?" if inner else "run the build first."
        hint = f"rename {alike[0]}: S3 knows upper from lower case." if alike else hint
        raise ClinicError(f"{dist} has no {INDEX}, so it is no build of a site: {hint}")
    if len(keys) > MOST_FILES:
        raise ClinicError(
            f"{dist} holds {len(keys):,} files, and a site of more than {MOST_FILES:,} is taken "
            "for a mistake: give the folder that the build writes."
        )


def _refuse_any(dist: Path, found: Sequence[str], why: str) -> None:
    if not found:
        return
    shown = ", ".join(quote(key) for key in sorted(found)[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise ClinicError(f"{dist} contains {shown}{more}, {why}.")


def _unservable(key: str) -> str:
    """Why S3 or CloudFront cannot serve a file of this name, or nothing."""
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in key):
        return "a name with characters that no address can hold"
    if "\\" in key:
        return "a name with a backslash, which browsers turn into a slash"
    if len(key.encode()) > LONGEST_KEY:
        return f"a name of more than {LONGEST_KEY:,} bytes, which S3 does not take"
    return ""


def _refuse_twins(dist: Path, keys: Iterable[str]) -> None:
    """Names that differ only in case, or in how an accent is written, are one on many machines."""
    seen: dict[str, str] = {}
    for key in keys:
        parts = key.split("/")
        for end in range(1, len(parts) + 1):
            path = "/".join(parts[:end])
            other = seen.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
            if other != path:
                raise ClinicError(
                    f"{dist} contains {quote(other)} and {quote(path)}, which differ only in case: "
                    "a Mac or Windows machine would build only one of them. Rename one."
                )
