"""What the templates tell other people's judges to leave out: the table, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator import suppressions
from generator.suppressions.suppression import Suppression
from tests.conftest import ROOT

JUDGES = {"checkov", "guard", "cfn_nag", "cdk_nag"}
ROWS = [suppression for suppression in suppressions.SUPPRESSIONS if suppression.judge]


def resources(path: str) -> dict[str, Any]:
    template = json.loads((ROOT / "output" / f"{path}.json").read_text("utf-8"))
    made: dict[str, Any] = template["Resources"]
    return made


def nested() -> dict[str, dict[str, Any]]:
    """Resources by template; a nested template has those of one layer."""
    paths = sorted((ROOT / "output" / "nested").glob("*.json"))
    return {path.stem: resources(f"nested/{path.stem}") for path in paths}


def carried(resource: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in resource.get("Metadata", {}).items() if k in JUDGES}


def test_no_suppression_outlives_its_resource():
    titles = [suppression.place.removeprefix("Resources/") for suppression in ROWS]
    assert [title for title in titles if title not in resources("flat")] == []
    assert {suppression.judge for suppression in ROWS} == JUDGES


def test_no_suppression_is_there_twice():
    assert len(
        {(suppression.judge, suppression.rule, suppression.place) for suppression in ROWS}
    ) == len(ROWS)


@pytest.mark.parametrize("path", ["flat", "roles", *(f"nested/{stem}" for stem in nested())])
def test_a_template_carries_what_the_table_says_and_nothing_else(path):
    for title, resource in resources(path).items():
        assert carried(resource) == suppressions.of_resource(title), title


def test_both_forms_carry_the_same():
    both = {title: carried(each) for made in nested().values() for title, each in made.items()}
    for title, resource in resources("flat").items():
        assert carried(resource) == both[title]


def test_the_root_template_which_has_no_room_carries_none():
    assert not any(carried(resource) for resource in nested()["root"].values())


def test_each_judge_gets_the_form_that_it_reads(monkeypatch):
    rows = [
        Suppression(f"R-{judge}", "Resources/A", "L: why.", judge=judge) for judge in sorted(JUDGES)
    ]
    monkeypatch.setattr(
        suppressions, "SUPPRESSIONS", (*rows, Suppression("R", "Resources/A", "A linter's."))
    )
    assert suppressions.of_resource("A") == {
        "cdk_nag": {"rules_to_suppress": [{"id": "R-cdk_nag", "reason": "L: why."}]},
        "cfn_nag": {"rules_to_suppress": [{"id": "R-cfn_nag", "reason": "L: why."}]},
        "checkov": {"skip": [{"id": "R-checkov", "comment": "L: why."}]},
        "guard": {"SuppressedRules": ["R-guard"]},
    }
    assert suppressions.of_resource("B") == {}
    # The gate is the linters' own: a judge's row suppresses nothing there.
    assert suppressions.fitting("R-guard", "Resources/A") == []


def test_what_an_update_handler_could_harm_carries_no_suppression():
    """Nobody here can try whether new Metadata makes CloudFormation call it: a secret could get
    another value, a database or distribution an update, and a VPC origin in use refuses any."""
    forbidden = ("RDS::DB", "SecretsManager::", "CloudFront::", "LaunchTemplate", "KMS::")
    flat = resources("flat")
    kinds = {flat[suppression.place.removeprefix("Resources/")]["Type"] for suppression in ROWS}
    assert [kind for kind in kinds if any(part in kind for part in forbidden)] == []
