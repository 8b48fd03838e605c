"""The rights that docs/operation.md names are enough for every call of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator import policies
from generator.acceptance.bundle import CALLS, Bundle
from tests.cloud.calls import rights, unknown
from tests.conftest import ROOT
from tests.policies.decide import is_allowed, like, listed

NAMED = ("deployer-", "releaser", "publisher", "observer", "operator")
PAGES = ("docs/operation.md", "docs/es/operation.md")
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:DatabaseSecret-A1b2-C3d4"
TAG = "aws:ResourceTag/aws:cloudformation:stack-name"
MADE = ("secretsmanager:DescribeSecret", "secretsmanager:RotateSecret")


def of_page(page: str) -> dict[str, Any]:
    """The policy that a page shows."""
    (block,) = re.findall(r"```json\n(.*?)```", (ROOT / page).read_text(), re.S)
    found: dict[str, Any] = json.loads(block)
    return found


def by_hand(documents: list[Any]) -> Iterator[Any]:
    """The statements about calls that nobody makes for the caller."""
    for document in documents:
        for statement in document["Statement"]:
            if "aws:CalledVia" not in json.dumps(statement.get("Condition", {})):
                yield statement


def allowed(action: str, documents: list[Any]) -> bool:
    return any(
        statement["Effect"] == "Allow" and like(pattern.lower(), action.lower())
        for statement in by_hand(documents)
        for pattern in listed(statement["Action"])
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_call_of_a_run_is_in_a_policy_that_the_page_names(made: Path, page: str) -> None:
    shipped = [text for stem, text in policies.documents().items() if stem.startswith(NAMED)]
    calls = [name.replace(".", ":", 1) for name in Bundle(made).read(CALLS)]
    needed = {right for call in calls for right in rights(call)} - {"sts:GetCallerIdentity"}
    assert len(needed) > 30
    assert [right for right in sorted(needed) if not allowed(right, shipped)] == [*MADE]
    assert {right for right in needed if not allowed(right, [*shipped, of_page(page)])} == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_statement_of_the_page_is_for_our_secret_only(page: str) -> None:
    policy = of_page(page)
    assert unknown(policy["Statement"][0]["Action"]) == []
    for action in MADE:
        assert is_allowed([policy], action, SECRET, {TAG: "clinic-dev-SecretsStack-1A2B"})
        assert not is_allowed([policy], action, SECRET, {TAG: "payroll"})
        assert not is_allowed([policy], action, SECRET.replace("Database", "Payroll"))
