"""What a command writes where a person said."""

from __future__ import annotations

import os
import resource
import stat
import threading
from pathlib import Path

import pytest

from generator import files
from generator.errors import ClinicError


def test_a_file_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "a.svg"
    for data in (b"first", b"second, and longer"):
        files.check(target)
        files.write(target, data)
        assert target.read_bytes() == data
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_one(tmp_path: Path) -> None:
    link = tmp_path / "latest.svg"
    link.symlink_to("first.svg")
    files.write(link, b"drawn")
    assert link.readlink() == Path("first.svg")
    assert (tmp_path / "first.svg").read_bytes() == b"drawn"


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    files.check(pipe)
    writer = threading.Thread(target=files.write, args=(pipe, b"drawn"))
    writer.start()
    assert pipe.read_bytes() == b"drawn"
    writer.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(ClinicError, match=r"a\.png cannot be written \(file too large\)"):
            files.write(target, b"new" * 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.png", b"old")]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".", "is a directory"),
        ("none/a.svg", "no such file or directory"),
        ("file/a.svg", "no such file or directory"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, path: str, why: str
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ClinicError, match=why):
        files.check(tmp_path / path)
    with pytest.raises(ClinicError, match="cannot be written"):
        files.write(tmp_path / path, b"drawn")
