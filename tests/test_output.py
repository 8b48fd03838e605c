"""The output folder: the same bytes every time, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from threading import Thread, get_ident
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import output
from generator.errors import ClinicError
from tests.conftest import ROOT

OLD = {"flat.json": b"old flat\n", "nested/root.json": b"old root\n", "nested/gone.json": b"{}\n"}
NEW = {"flat.json": b"new flat\n", "nested/root.json": b"new root\n", "policies/p.json": b"{}\n"}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    output.write(tmp_path / "output", OLD)
    return tmp_path / "output"


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(tmp_path: Path) -> None:
    for seed in "0", "4711":
        subprocess.run(
            [
                sys.executable,
                "-m",
                "generator",
                "generate",
                "--no-lint",
                "--output",
                tmp_path / seed,
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
    assert contents(tmp_path / "0") == contents(tmp_path / "4711") != {}


def test_a_new_folder_is_filled(tmp_path: Path) -> None:
    output.write(tmp_path / "a" / "b", NEW)
    assert contents(tmp_path / "a" / "b") == NEW


def test_what_an_earlier_version_made_is_removed(folder: Path) -> None:
    output.write(folder, NEW)
    assert contents(folder) == NEW


def test_files_of_others_are_kept(folder: Path) -> None:
    (folder / "notes.md").write_text("mine")
    (folder / "policies").mkdir()
    (folder / "policies" / "readme.txt").write_text("mine too")
    output.write(folder, NEW)
    assert contents(folder).keys() - NEW.keys() == {"notes.md", "policies/readme.txt"}


def test_a_folder_that_was_never_ours_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "household.json").write_text("{}")
    output.write(tmp_path, NEW)
    assert contents(tmp_path) == NEW | {"policies/household.json": b"{}"}


def test_what_a_killed_run_left_is_removed(folder: Path) -> None:
    (folder / "nested" / "root.json.unfinished").write_text("half")
    (folder / "flat.json.unfinished").write_text("half")
    output.write(folder, OLD)
    assert contents(folder) == OLD


def test_unchanged_files_are_not_touched(folder: Path) -> None:
    os.utime(folder / "flat.json", (1, 1))
    output.write(folder, NEW | {"flat.json": OLD["flat.json"]})
    assert (folder / "flat.json").stat().st_mtime == 1


@pytest.mark.parametrize("fails_at", range(1, 4))
def test_a_disk_that_is_full_half_way_leaves_the_old_output_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    written: list[Path] = []
    write = Path.write_bytes

    def filling(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) == fails_at:
            write(path, data[:3])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", filling)
    with pytest.raises(ClinicError, match=r"no space left on device.*is as it was") as trouble:
        output.write(folder, NEW)
    assert trouble.value.exit_code == 2
    assert contents(folder) == OLD


def test_a_file_size_limit_of_the_system_leaves_the_old_output_whole(tmp_path: Path) -> None:
    """The same with a real refusal by the kernel, in a process of its own."""
    output.write(tmp_path, OLD)
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "generate", "--no-lint", "--output", tmp_path],
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "cannot be written (file too large)" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert contents(tmp_path) == OLD


@pytest.mark.parametrize("fails_at", range(1, 4))
def test_a_replacement_that_fails_is_taken_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    replaced: list[Path] = []
    replace = Path.replace

    def refusing(path: Path, target: Path) -> Path:
        replaced.append(path)
        if len(replaced) == fails_at:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refusing)
    with pytest.raises(ClinicError, match="operation not permitted"):
        output.write(folder, NEW)
    assert contents(folder) == OLD


@pytest.mark.parametrize("interrupted_at", range(1, 4))
def test_an_interrupt_while_files_are_replaced_waits_until_all_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch, interrupted_at: int
) -> None:
    replaced: list[Path] = []
    replace = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        replaced.append(path)
        if len(replaced) == interrupted_at:
            # To this thread: pytest's own ones would take what is for the process.
            signal.pthread_kill(get_ident(), signal.SIGINT)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output.write(folder, NEW)
    assert contents(folder) == NEW


def test_an_old_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "flat.json").symlink_to("/proc/self/mem")
    with pytest.raises(ClinicError, match=f"{tmp_path} cannot be read"):
        output.read(tmp_path)


def test_an_interrupt_while_writing_leaves_the_old_output_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output.write(folder, NEW)
    assert contents(folder) == OLD


@pytest.mark.parametrize("place", ["new", "new/deep", "was there"])
def test_a_failure_leaves_no_folder_that_was_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "was there").mkdir()

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ClinicError, match="no space left on device"):
        output.write(tmp_path / place, NEW)
    assert [*tmp_path.rglob("*")] == [tmp_path / "was there"]


def test_two_runs_write_one_after_the_other(folder: Path) -> None:
    second = Thread(target=output.write, args=(folder, NEW))
    first = os.open(folder, os.O_RDONLY)
    flock(first, LOCK_EX)
    second.start()
    second.join(0.2)
    assert second.is_alive()
    assert contents(folder) == OLD
    os.close(first)
    second.join()
    assert contents(folder) == NEW


@pytest.mark.parametrize("ask", [output.write, output.compare])
def test_a_name_that_is_too_long_is_refused(tmp_path: Path, ask: Callable[..., None]) -> None:
    with pytest.raises(ClinicError, match="file name too long"):
        ask(tmp_path / ("x" * 300), NEW)


def test_an_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("mine")
    with pytest.raises(ClinicError, match="choose another --output"):
        output.write(tmp_path / "output", NEW)
    assert (tmp_path / "output").read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "policies" / "p.json").mkdir(parents=True)
    with pytest.raises(ClinicError, match=r"p\.json cannot be written \(a folder is in the way\)"):
        output.write(folder, NEW)
    assert contents(folder) == OLD


def test_a_folder_in_step_passes_the_comparison(folder: Path) -> None:
    output.compare(folder, OLD)


def test_the_comparison_names_every_difference(folder: Path) -> None:
    with pytest.raises(ClinicError) as trouble:
        output.compare(folder, NEW)
    assert trouble.value.exit_code == 1
    assert [line.strip() for line in str(trouble.value).splitlines()[1:]] == [
        "policies/p.json is missing",
        "nested/gone.json is not made any more",
        "flat.json differs: +1 -1 lines",
        "nested/root.json differs: +1 -1 lines",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_pretty_text_is_the_same_document(document: Any) -> None:
    assert json.loads(output.pretty(document)) == document


def test_what_fits_on_a_line_is_on_one() -> None:
    long = ["a" * 60, "b" * 60]
    assert output.pretty({"Key": {"Ref": "Vpc"}, "Long": long}).splitlines() == [
        "{",
        '  "Key": {"Ref": "Vpc"},',
        '  "Long": [',
        f'    "{long[0]}",',
        f'    "{long[1]}"',
        "  ]",
        "}",
    ]


@given(st.recursive(st.text("ab", max_size=9), lambda inner: st.lists(inner)))
def test_no_line_is_longer_than_the_width(document: Any) -> None:
    lines = output.pretty([document, [["a" * 90], "a" * 20], "a" * 30]).splitlines()
    assert max(map(len, lines)) <= output.WIDTH


@pytest.mark.parametrize(("length", "lines"), [(96, 1), (97, 1), (98, 3)])
def test_a_line_is_used_to_its_last_character_but_the_comma_that_may_follow(
    length: int, lines: int
) -> None:
    text = output.pretty(["a" * (length - 2)])
    assert len(text.splitlines()) == lines


def test_letters_beyond_ascii_stay_readable() -> None:
    assert output.render({"flat.json": {"a": "clínica"}})["flat.json"] == (
        '{"a": "clínica"}\n'.encode()
    )
