"""Refuses folders that are no build of a site, by their file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from generator.application.publish.headers import INDEX
from generator.errors import ClinicError, quote

MOST_FILES = 100_000
MOST_BYTES = 5_000_000_000
"""What S3 takes in one piece."""
LONGEST_KEY = 1024
"""Bytes of UTF-8."""
SHOWN = 3
SOURCES = {
    "node_modules",
    "package-lock.json",
    "pnpm-lock.yaml",
    "tsconfig.json",
    "vite.config.js",
    "vite.config.mjs",
    "vite.config.ts",
    "yarn.lock",
}
"""What lies beside the sources of a site and never in its build."""
SOURCE_MAP = (
    "a source map, which shows your source to everybody: build without (for Vite, "
    "build.sourcemap: false), or publish it knowingly with --source-maps"
)
INLINE = b"sourceMappingURL=data:"
INLINE_MAP = re.compile(rb"[#@]\s?" + INLINE + rb"application/json[\w;=:-]*,[\w+/%{]")
"""A source map inside the file itself; what only makes such lines has quotes in them."""
SERVED = ".well-known"
"""The one hidden folder that a site has (RFC 8615)."""
LEFT_BEHIND = ".vite"
"""Vite's manifest of a build, which is not published and no secret."""
KEYS = (".jks", ".kdbx", ".key", ".keystore", ".p12", ".p8", ".pem", ".pfx", ".ppk")
NAMED_KEYS = re.compile(r"id_(rsa|dsa|ecdsa|ed25519)(_sk)?([.~].*)?")
"""As ssh-keygen names them."""
OUTPUTS = ("dist", "build", "out")
"""Where builds are written."""


def refuse_folder(dist: Path, entries: Collection[str]) -> None:
    """ClinicError if a folder with these entries is not where a build begins."""
    if marks := sorted(SOURCES.intersection(entries)):
        raise ClinicError(
            f"{dist} is a project and not its build, since it has {marks[0]}: give the folder that "
            f"the build writes, such as {dist / 'dist'}."
        )
    if INDEX in entries:
        return
    hint = "run the build first, or give the folder that it writes."
    if inner := [name for name in OUTPUTS if (dist / name / INDEX).is_file()]:
        hint = f"did you mean {dist / inner[0]}?"
    if alike := [name for name in entries if name.lower() == INDEX]:
        hint = f"rename {alike[0]}, since S3 knows upper from lower case."
    raise ClinicError(f"{dist} has no {INDEX}, so it is no build of a site: {hint}")


def refuse(dist: Path, keys: Sequence[str], maps: bool) -> None:
    """ClinicError for the first thing that keeps ``keys`` of the folder ``dist`` from being a site;
    source maps may be there if ``maps``."""
    if len(keys) > MOST_FILES:
        raise ClinicError(
            f"{dist} holds more than {MOST_FILES:,} files, which is taken for a mistake: give the "
            "folder that the build writes."
        )
    if INDEX not in keys:
        raise ClinicError(f"{dist / INDEX} is a folder: it must be the site's page. Build again.")
    names = {key: key.rpartition("/")[2].lower() for key in keys}
    _refuse_any(
        dist,
        [k for k, name in names.items() if name.startswith(".env") or name.endswith(".env")],
        "which may hold secrets and would be public: take it out of the build (for Vite, out of "
        "public/)",
    )
    _refuse_any(
        dist,
        [key for key, name in names.items() if name.endswith(KEYS) or NAMED_KEYS.fullmatch(name)],
        "which looks like a private key and would be public: take it out, and replace the key if "
        "it was ever published",
    )
    _refuse_any(
        dist,
        [key for key in keys if _private_folder(key)],
        "in a hidden folder, which holds sources, settings or credentials and no part of a site: "
        "take it out",
    )
    _refuse_any(
        dist, [key for key, name in names.items() if name.endswith(".map") and not maps], SOURCE_MAP
    )
    for key in keys:
        if trouble := _unservable(key):
            raise ClinicError(f"{dist} contains {quote(key)}, {trouble}: rename it.")
    _refuse_twins(dist, keys)


def hidden(key: str) -> list[str]:
    """The hidden names in a key, folders first; the site answers 404 where there is one."""
    first, *rest = key.split("/")
    names = rest if rest and first == SERVED else [first, *rest]
    return [name for name in names if name.startswith(".")]


def _private_folder(key: str) -> bool:
    return any(name != LEFT_BEHIND for name in hidden(f"{key.rpartition('/')[0]}/"))


def refuse_inline_map(dist: Path, key: str, data: bytes) -> None:
    """ClinicError if a script or a style sheet holds its own source map."""
    if INLINE in data and INLINE_MAP.search(data):
        _refuse_any(dist, [key], f"which ends in {SOURCE_MAP}")


def _refuse_any(dist: Path, names: Sequence[str], why: str) -> None:
    if not names:
        return
    shown = ", ".join(quote(key) for key in sorted(names)[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
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
    earlier: dict[str, str] = {}
    for key in keys:
        parts = key.split("/")
        for end in range(1, len(parts) + 1):
            path = "/".join(parts[:end])
            other = earlier.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
            if other != path:
                raise ClinicError(
                    f"{dist} contains {quote(other)} and {quote(path)}, which differ only in case: "
                    "a Mac or Windows machine would build only one of them. Rename one."
                )
