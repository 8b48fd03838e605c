"""What holds for every document, whoever it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import filter as matching
from typing import Any

import pytest

from .decide import formats, like

SIZE_LIMIT = 6144
PER_ROLE_LIMIT = 10
READS = ("describe", "get", "list", "filter", "validate")
UNNARROWED = {
    "ssm:CancelCommand",
    *(
        f"ssmmessages:{verb}{way}Channel"
        for verb in ("Create", "Open")
        for way in ("Control", "Data")
    ),
}
"""IAM knows neither a resource nor a condition for them."""
ON_ANY_SERVICES = {"backup:TagResource"}
"""A recovery point's ARN may be any service's, so that every ARN would do."""

Documents = dict[str, dict[str, Any]]


def statements(documents: Documents) -> Iterator[tuple[str, dict[str, Any]]]:
    for stem, document in documents.items():
        for statement in document["Statement"]:
            yield f"{stem} {statement.get('Sid', '')}", statement


def granting(documents: Documents) -> Documents:
    """All but the boundary: it gives nothing, and is kept short by patterns and without names."""
    return {stem: document for stem, document in documents.items() if stem != "boundary"}


def known(iam: dict[str, Any], pattern: str) -> list[str]:
    service, _, name = pattern.partition(":")
    return matching(iam[service]["Actions"], name.lower())


def test_every_document_fits_into_a_managed_policy(documents: Documents) -> None:
    for stem, document in documents.items():
        assert len(re.sub(r"\s", "", json.dumps(document))) <= SIZE_LIMIT, stem


def test_one_role_can_hold_all_documents_of_the_deployer(documents: Documents) -> None:
    assert len([stem for stem in documents if stem.startswith("deployer")]) <= PER_ROLE_LIMIT


def test_statements_of_a_document_have_names_of_their_own(documents: Documents) -> None:
    for stem, document in granting(documents).items():
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len(set(sids)) == len(sids), stem
        assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids), stem


def test_every_action_is_one_that_iam_knows(documents: Documents, iam: dict[str, Any]) -> None:
    for where, statement in statements(documents):
        for action in statement["Action"]:
            assert known(iam, action), f"{where}: {action}"


def test_only_whole_reading_verbs_are_wildcards(documents: Documents) -> None:
    for where, statement in statements(granting(documents)):
        for action in statement["Action"]:
            assert "*" not in action.removesuffix(":Describe*"), f"{where}: {action}"


def test_no_change_is_allowed_everywhere_without_a_condition(documents: Documents) -> None:
    for where, statement in statements(documents):
        if "*" in statement["Resource"] and "Condition" not in statement:
            for action in set(statement["Action"]) - UNNARROWED:
                assert action.partition(":")[2].lower().startswith(READS), f"{where}: {action}"


def test_an_action_that_iam_cannot_narrow_is_allowed_on_everything(
    documents: Documents, iam: dict[str, Any]
) -> None:
    for where, statement in statements(granting(documents)):
        for pattern in statement["Action"]:
            service = pattern.partition(":")[0]
            if all(not formats(iam, service, action) for action in known(iam, pattern)):
                assert statement["Resource"] == ["*"], f"{where}: {pattern}"


def test_an_action_meets_a_resource_that_it_can_be_used_on(
    documents: Documents, iam: dict[str, Any]
) -> None:
    for where, statement in statements(documents):
        for pattern in statement["Action"]:
            service = pattern.partition(":")[0]
            if pattern in ON_ANY_SERVICES:
                continue
            shapes = [s for action in known(iam, pattern) for s in formats(iam, service, action)]
            assert "*" in statement["Resource"] or any(
                _can_meet(resource, shape) for resource in statement["Resource"] for shape in shapes
            ), f"{where}: {pattern}"


def _can_meet(resource: str, shape: str) -> bool:
    """Both are patterns; fill one's wildcards with a word and see whether the other takes it."""
    filled = re.sub(r"\$\{[^}]+}", "x", resource).replace("*", "x")
    return like(shape, filled) or like(resource, shape.replace("*", "x"))


@pytest.mark.parametrize("principal_key", ["Principal", "NotAction", "NotResource"])
def test_no_statement_says_what_it_means_by_exclusion(
    documents: Documents, principal_key: str
) -> None:
    assert [where for where, statement in statements(documents) if principal_key in statement] == []
