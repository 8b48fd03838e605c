"""Files as they are in another git revision, read without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.errors import ClinicError, quote


@dataclass(frozen=True)
class GitRevision:
    """The contents of some paths in one git revision."""

    name: str
    """For people: ``origin/main (1a2b3c4d)``."""
    top: Path
    """The folder of the work tree; of what is outside, git knows nothing."""
    files: Mapping[Path, bytes]
    """By the path that each would have in the work tree, resolved."""

    def below(self, folder: Path) -> dict[str, bytes]:
        """The files in ``folder`` by their paths in it."""
        start = folder.resolve()
        return {
            path.relative_to(start).as_posix(): data
            for path, data in self.files.items()
            if path.is_relative_to(start)
        }

    def covers(self, path: Path) -> bool:
        """Whether the repository could have held ``path``."""
        return path.resolve().is_relative_to(self.top)


def read(asked: str | None, paths: Iterable[Path]) -> GitRevision:
    """What ``paths``, files or folders, held in the revision ``asked``.

    None: the branch that a pull request would be merged into, where this branch left it.
    ClinicError where there is no git, no repository or no such revision.
    """
    top = Path(_git("rev-parse", "--show-toplevel").decode().rstrip("\n"))
    name, commit = _chosen(asked)
    inside = [path.resolve() for path in paths if path.resolve().is_relative_to(top)]
    blobs = dict(_listed(commit, top, inside)) if inside else {}
    contents = _contents(list(blobs.values()))
    return GitRevision(f"{name} ({commit[:8]})", top, dict(zip(blobs, contents, strict=True)))


def head(paths: Iterable[Path]) -> tuple[str, str, bool]:
    """The commit that is checked out, its day in UTC, and whether ``paths`` differ from it.

    ClinicError where there is no git, no repository or no commit.
    """
    commit, day = (
        _git("show", "-s", "--format=%H %cd", "--date=format-local:%Y-%m-%d", "HEAD")
        .decode()
        .split()
    )
    return commit, day, bool(_git("status", "--porcelain", "--", *map(str, paths)).strip())


def _chosen(asked: str | None) -> tuple[str, str]:
    """The revision's name and its commit."""
    if asked is not None:
        if commit := _commit(asked):
            return asked, commit
        raise ClinicError(
            f"there is no git revision {quote(asked)} here: give a branch, tag or commit, and in "
            "a shallow clone fetch it first (actions/checkout: fetch-depth: 0)."
        )
    target = os.environ.get("GITHUB_BASE_REF")
    for name in [*([f"origin/{target}"] if target else []), "origin/main", "main", "HEAD"]:
        if commit := _commit(name):
            left = _attempt("merge-base", "HEAD", commit).decode().strip()
            if left in ("", commit):
                return name, commit
            return f"{name} where this branch left it", left
    raise ClinicError("there is no commit yet to compare with: commit output/ and params/ first.")


def _listed(commit: str, top: Path, paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Regular files below ``paths``, with the ids of their contents."""
    below = (str(path.relative_to(top)) for path in paths)
    output = _git("ls-tree", "-r", "-z", "--full-tree", commit, "--", *below)
    for entry in os.fsdecode(output).split("\0")[:-1]:
        what, _, path = entry.partition("\t")
        if what.startswith("100"):
            yield top / path, what.split()[2]


def _commit(name: str) -> str:
    """The commit's id; "" if ``name`` is none."""
    return _attempt("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()


def _contents(blobs: list[str]) -> Iterator[bytes]:
    out = _git("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode())
    start = 0
    for _ in blobs:
        head, _, _ = out[start:].partition(b"\n")
        start += len(head) + 1
        size = int(head.split()[2])
        yield out[start : start + size]
        start += size + 1


def _git(*arguments: str, stdin: bytes = b"") -> bytes:
    done = _run(arguments, stdin)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise ClinicError(
            f"git cannot say what was here ({words[0] if words else 'no reason given'}): run this "
            "in a clone of the repository."
        )
    return done.stdout


def _attempt(*arguments: str) -> bytes:
    """What git says; nothing where it refuses."""
    return _run(arguments, b"").stdout


def _run(arguments: Iterable[str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    git = shutil.which("git")
    if git is None:
        raise ClinicError("git is not installed, and only git knows what was here: install it.")
    return subprocess.run([git, *arguments], input=stdin, capture_output=True, check=False)
