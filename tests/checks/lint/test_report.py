"""What lets a build pass, and what is told about it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from generator import suppressions
from generator.checks.lint import report
from generator.checks.lint.finding import Finding
from generator.suppressions import Suppression

ERROR = Finding("cfn-lint", "E1", "error", "output/flat.json", "Resources/Vpc", "Wrong.")
WARNING = ERROR._replace(rule="W1", severity="warning")
NOTE = ERROR._replace(rule="I1", severity="informational")


@pytest.fixture(autouse=True)
def _one_suppression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        suppressions, "SUPPRESSIONS", (Suppression("E9", "Resources/*", "Because."),)
    )


SUPPRESSED = ERROR._replace(rule="E9")


@pytest.mark.parametrize(
    ("finding", "strict", "passes"),
    [
        (ERROR, False, False),
        (WARNING, False, False),
        (NOTE, False, True),
        (NOTE, True, False),
        (SUPPRESSED, True, True),
        (ERROR._replace(rule="E9", place="Outputs/A"), False, False),
    ],
)
def test_what_passes(finding: Finding, strict: bool, passes: bool) -> None:
    assert report.report(iter([SUPPRESSED, finding]), "text", strict) is passes


def test_nothing_found_passes_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.report(iter([SUPPRESSED]), "text", strict=True)
    assert capsys.readouterr().out == "lint: nothing found; 1 suppression with a reason was used\n"


def test_findings_are_told_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    def findings() -> Iterator[Finding]:
        yield ERROR
        assert "E1" in capsys.readouterr().out
        yield SUPPRESSED

    report.report(findings(), "text", strict=False)


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_stdout_of_a_format_for_programs_is_nothing_but_the_document(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report.report(iter([ERROR, SUPPRESSED, NOTE]), form, strict=False)
    captured = capsys.readouterr()
    assert captured.out.count("Wrong.") == 1
    assert json.loads(captured.out)
    assert captured.err.startswith("lint: 1 error")


def test_every_excuse_of_the_project_has_a_reason_that_a_person_wrote() -> None:
    from importlib import reload

    for suppression in reload(suppressions).SUPPRESSIONS:
        assert len(suppression.reason.split()) >= 5
