"""The rehearsal's look from outside is at the twin where this machine can stand it up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import ClinicError
from generator.local.application import NOTHING_BOOTED
from generator.report import Report
from generator.twin import rehearse
from tests.conftest import ROOT

PROBE = {"kind": "probe", "name": "smoke page", "says": "a page", "seen": "200", "ms": 3}


def test_a_machine_that_cannot_says_why_in_one_line_and_asks_the_endpoint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rehearse, "look_from_outside", lambda *_: NOTHING_BOOTED)
    with rehearse.standing("dev", Path("params"), False, "haproxy is not here.") as look:
        said = look(None, None, Report(False))  # type: ignore[arg-type]  # unused here
    assert said == NOTHING_BOOTED
    assert capsys.readouterr().out == "No instance boots here: haproxy is not here.\n"


def child(lines: list[dict[str, object]], status: int) -> subprocess.Popen[str]:
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    script = f"import sys; sys.stdout.write({text!r}); sys.exit({status})"
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", script], stdout=pipe, stderr=pipe, text=True)


def test_what_the_twin_sees_is_what_the_rehearsal_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearse._look(child([{**PROBE, "holds": True}], 0), Report(False)) == rehearse.BOOTED
    assert "page" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "words"),
    [([{**PROBE, "holds": False}], "does not keep: page"), ([], "the twin did not stand")],
)
def test_a_twin_that_breaks_a_promise_or_falls_is_no_rehearsal(
    lines: list[dict[str, object]], words: str
) -> None:
    with pytest.raises(ClinicError, match=words) as failed:
        rehearse._look(child(lines, 1), Report(False))
    assert failed.value.exit_code == 1


@pytest.mark.usefixtures("daemons")
def test_the_first_command_of_the_readme_leaves_no_promise_untested() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "generator", "rehearse", "dev"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    outside = ended.stdout.partition("== 6. ")[2].partition("== 7. ")[0]
    assert outside.count(" ok ") >= 20
    assert "not tested" not in outside
    assert rehearse.BOOTED in ended.stdout
