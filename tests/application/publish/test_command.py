"""`clinic publish` as people call it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator.application.publish import progress
from generator.application.publish.build import File
from generator.application.publish.progress import amount, sending
from generator.report import Report
from tests.conftest import Ended

from .sites import Frontend, build, write

Clinic = Callable[..., Ended]


@pytest.fixture
def _signed_in(given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def params(tmp_path: Path) -> Path:
    """Parameter files of one environment, small."""
    return write(tmp_path / "params", {"small.json": "[]"})


@pytest.mark.usefixtures("_signed_in")
def test_a_build_is_published_with_the_credentials_of_the_shell(
    clinic: Clinic, site: Frontend, dist: Path, params: Path
) -> None:
    ended = clinic("publish", "small", dist, "--params", params)
    assert ended == Ended(0, ended.out, "")
    assert ended.out.startswith("https://clinic.example: sent 5 files (")
    assert site.files() == build()


@pytest.mark.usefixtures("_signed_in")
def test_a_pipeline_without_parameter_files_names_the_environment(
    clinic: Clinic, site: Frontend, dist: Path, tmp_path: Path
) -> None:
    ended = clinic("publish", "small", dist, "--params", tmp_path / "none", "--json")
    assert ended.code == 0
    assert json.loads(ended.out.splitlines()[-2])["kind"] == "published"
    again = clinic("publish", "small", dist, "--params", tmp_path / "none", "--dry-run", "--json")
    assert json.loads(again.out.splitlines()[0])["send"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["smal", "DIST"], "there is no environment"),
        (["small", "NONE"], "does not exist: run the build first"),
        (["small", "DIST", "--api-url", "clinic.example"], "is no address: give it with its"),
        (["small", "DIST", "--keep-days", "-1"], "Invalid value for '--keep-days'"),
        (["small", "DIST", "--profile", "nobody"], "could not be found"),
        (["small"], "Missing argument 'DIST'"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    clinic: Clinic, dist: Path, params: Path, arguments: list[str], said: str
) -> None:
    places = {"DIST": str(dist), "NONE": str(dist / "none")}
    ended = clinic("publish", *(places.get(a, a) for a in arguments), "--params", params)
    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""


def test_help_shows_examples(clinic: Clinic) -> None:
    ended = clinic("publish", "--help")
    assert "clinic publish prod dist --plan" in ended.out
    assert "[default: 30; 0<=x<=3650]" in ended.out


def files(count: int) -> list[File]:
    return [File(f"{n}.js", Path(f"{n}.js"), 1_000_000, "", True) for n in range(count)]


def passing(report: Report, count: int) -> Iterator[File]:
    return sending(report, files(count), count, count * 1_000_000)


def test_a_log_gets_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 100, 1))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    assert list(passing(Report(), 4)) == files(4)
    assert capsys.readouterr().err.splitlines() == [
        "2 of 4 files, 2.0 MB of 4.0 MB, 1 files/s, 1.0 MB/s",
        "4 of 4 files, 4.0 MB of 4.0 MB, 1 files/s, 1.0 MB/s",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_with_files_bytes_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert list(passing(Report(), 3)) == files(3)
    shown = screen.getvalue()
    assert "3 of 3 files" in shown
    assert "3.0/3.0 MB" in shown


def test_amounts_read_well() -> None:
    assert [amount(n) for n in (0, 999, 5_200_000, 7_300_000_000_000)] == [
        "0 B",
        "999 B",
        "5.2 MB",
        "7300.0 GB",
    ]
