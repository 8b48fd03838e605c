"""What lets a build pass, and what is told about it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from generator import excuses
from generator.checks.lint import report
from generator.checks.lint.finding import Finding
from generator.excuses import Excuse

ERROR = Finding("cfn-lint", "E1", "error", "output/flat.json", "Resources/Vpc", "Wrong.")
WARNING = ERROR._replace(rule="W1", severity="warning")
NOTE = ERROR._replace(rule="I1", severity="informational")


@pytest.fixture(autouse=True)
def _one_excuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excuses, "EXCUSES", (Excuse("E9", "Resources/*", "Because."),))


EXCUSED = ERROR._replace(rule="E9")


@pytest.mark.parametrize(
    ("finding", "strict", "passes"),
    [
        (ERROR, False, False),
        (WARNING, False, False),
        (NOTE, False, True),
        (NOTE, True, False),
        (EXCUSED, True, True),
        (ERROR._replace(rule="E9", place="Outputs/A"), False, False),
    ],
)
def test_what_passes(finding: Finding, strict: bool, passes: bool) -> None:
    assert report.report(iter([EXCUSED, finding]), "text", strict) is passes


def test_nothing_found_passes_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.report(iter([EXCUSED]), "text", strict=True)
    assert capsys.readouterr().out == "lint: nothing found; 1 excuse with a reason was used\n"


def test_findings_are_told_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    def findings() -> Iterator[Finding]:
        yield ERROR
        assert "E1" in capsys.readouterr().out
        yield EXCUSED

    report.report(findings(), "text", strict=False)


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_stdout_of_a_format_for_programs_is_nothing_but_the_document(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report.report(iter([ERROR, EXCUSED, NOTE]), form, strict=False)
    captured = capsys.readouterr()
    assert captured.out.count("Wrong.") == 1
    assert json.loads(captured.out)
    assert captured.err.startswith("lint: 1 error")


def test_every_excuse_of_the_project_has_a_reason_that_a_person_wrote() -> None:
    from importlib import reload

    for excuse in reload(excuses).EXCUSES:
        assert len(excuse.reason.split()) >= 5
