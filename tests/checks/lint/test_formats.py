"""What programs read must be readable for them, whatever a finding says."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.checks.lint import formats
from generator.checks.lint.finding import SEVERITIES, TOOLS, Finding

FINDINGS = st.builds(
    Finding,
    tool=st.sampled_from(["cfn-lint", "clinic"]),
    rule=st.text(min_size=1),
    severity=st.sampled_from(SEVERITIES),
    file=st.text(min_size=1),
    place=st.text(),
    message=st.text(),
    line=st.integers(min_value=1),
)

COMMAND = re.compile(
    r"::(error|warning|notice) file=([^:,\n]*),line=(\d+),title=([^:,\n]*)::([^\r\n]*)"
)

FINDING = Finding(
    "cfn-lint", "E3012", "error", "output/flat.json", "Resources/Vpc", "100%, no\nkidding", 7
)


@given(FINDINGS)
@example(Finding("clinic", "a,b::c", "error", "d,e:f", "g\r\n%", "::h,\n", 1))
def test_an_annotation_is_one_well_formed_command(finding: Finding) -> None:
    told = COMMAND.fullmatch(formats.github(finding))
    assert told
    unescaped = told[5].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert unescaped == finding.message


def test_an_annotation_leads_to_the_line() -> None:
    assert formats.github(FINDING) == (
        "::error file=output/flat.json,line=7,title=E3012 Resources/Vpc::100%25, no%0Akidding"
    )


def test_text_leads_an_editor_to_the_line() -> None:
    assert formats.text(FINDING) == (
        "output/flat.json:7: Resources/Vpc\n    error E3012 (cfn-lint): 100%, no\nkidding"
    )


@given(st.lists(FINDINGS))
def test_json_gives_every_field_back(findings: list[Finding]) -> None:
    assert [Finding(**fields) for fields in json.loads(formats.as_json(findings))] == findings


@given(st.lists(FINDINGS))
def test_sarif_has_a_run_for_every_tool_and_a_result_per_finding(findings: list[Finding]) -> None:
    log = json.loads(formats.sarif(findings))
    assert log["version"] == "2.1.0"
    names = [run["tool"]["driver"]["name"] for run in log["runs"]]
    assert names == [*TOOLS]
    results = [result for run in log["runs"] for result in run["results"]]
    assert len(results) == len(findings)
    for run in log["runs"]:
        known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        assert {result["ruleId"] for result in run["results"]} == known


def results(findings: list[Finding]) -> list[dict[str, Any]]:
    return [
        result for run in json.loads(formats.sarif(findings))["runs"] for result in run["results"]
    ]


@pytest.mark.parametrize("name", ["with space.json", "a:b%.json", "ñ.json", "\udcff.json"])
def test_sarif_names_a_file_by_an_address_of_ascii_letters(name: str) -> None:
    [result] = results([FINDING._replace(file=name)])
    address = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"([A-Za-z0-9._/-]|%[0-9A-F]{2})+", address)
    assert unquote(address, errors="surrogateescape") == name


def test_a_sarif_result_says_what_and_where() -> None:
    [result] = results([FINDING])
    assert result == {
        "ruleId": "E3012",
        "level": "error",
        "message": {"text": "100%, no\nkidding"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "output/flat.json"},
                    "region": {"startLine": 7},
                },
                "logicalLocations": [{"fullyQualifiedName": "Resources/Vpc"}],
            }
        ],
    }
