"""One table by type of resource: whole, in agreement with the code; check asks what it lacks."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from generator import output, resource_types
from generator.checks.cost.components import PRICED
from generator.checks.diagram.icons import COLOURS, SHAPES
from generator.checks.lint import contract, known_types
from generator.checks.lint.finding import Finding
from generator.errors import ClinicError
from generator.local import engine
from generator.local.resources import TYPES
from generator.policies import needs
from tests.conftest import ROOT

Documents = dict[str, Any]
MADE_UP = {"Type": "AWS::Nobody::Knows", "Properties": {"Size": "x"}}
STORAGE = "nested/storage.json"


@pytest.fixture
def ours() -> Documents:
    return copy.deepcopy(output.documents())


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Replaces the text of the table until the test ends."""

    def change(old: str, new: str) -> None:
        text = resource_types._text()
        assert old in text
        monkeypatch.setattr(resource_types, "_text", lambda: text.replace(old, new, 1))
        resource_types.rows.cache_clear()

    yield change
    resource_types.rows.cache_clear()


def judged(documents: Documents) -> list[Finding]:
    """What is found beside the wiring of nested stacks, which a planted resource leaves alone."""
    found = contract.check(documents, output.render(documents), {})
    return [finding for finding in found if finding.rule in {"resource-type", "deployer"}]


def test_what_the_code_builds_lacks_nothing(ours: Documents) -> None:
    assert judged(ours) == []


def test_a_type_without_a_row_is_an_error_with_the_line_and_all_that_is_to_be_written(
    ours: Documents,
) -> None:
    ours[STORAGE]["Resources"]["Jobs"] = MADE_UP
    [finding] = [f for f in judged(ours) if f.rule == "resource-type"]
    assert finding.file == "generator/resource_types.toml"
    assert (ROOT / finding.file).is_file()
    lines = resource_types._text().splitlines()
    before = [line for line in lines[: finding.line - 1] if line.startswith('["AWS')]
    assert before[-1] < '["AWS::Nobody::Knows"]' < lines[finding.line - 1]
    assert '["AWS::Nobody::Knows"]' in finding.message
    for field in ("reach", "priced", "free", "seconds", "read_back", "drawn", "data", "emulated"):
        assert f"{field} = " in finding.message


@pytest.mark.parametrize("words", resource_types.FIELDS)
def test_each_missing_field_of_a_row_is_an_error_at_its_line(
    ours: Documents, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    kind = "AWS::SNS::Topic"
    row = resource_types.rows()[kind]
    less = {k: v for k, v in row.items() if k not in resource_types.FIELDS[words]}
    monkeypatch.setattr(resource_types, "rows", lambda: {kind: less})
    [lack] = resource_types.lacks(kind)
    assert words in lack.sentence
    assert resource_types._text().splitlines()[lack.line - 1] == f'["{kind}"]'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'reach = "judged"\nfree = "IAM is free"',
            'reach = "juged"\nfree = "IAM is free"',
            "reach",
        ),
        ('emulated = "here"', 'emulated = "there"', '"ministack" or "here"'),
        ("priced = true", "prized = true", "prized, which nobody reads"),
        ("priced = true", "priced = false", "priced = true"),
        (
            '"EnableDnsHostnames", "EnableDnsSupport"',
            '"EnableDnsHostnames"',
            '"EnableDnsSupport" in twin_enacted, twin_approximated or twin_ignored',
        ),
    ],
)
def test_a_slip_in_a_row_is_an_error(
    ours: Documents, changed: Any, old: str, new: str, words: str
) -> None:
    changed(old, new)
    assert any(words in f.message for f in judged(ours)), judged(ours)


def test_a_table_that_is_no_toml_is_one_sentence(changed: Any) -> None:
    changed('reach = "judged"', "reach = judged")
    with pytest.raises(ClinicError, match=r"generator/resource_types\.toml is no TOML"):
        resource_types.rows()


def test_a_price_or_a_sign_that_the_code_lacks_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = {**resource_types.rows()["AWS::SNS::Topic"], "priced": True, "drawn": "trumpet"}
    monkeypatch.setattr(resource_types, "rows", lambda: {"AWS::SNS::Topic": whole})
    found = list(known_types.check({"x": {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}}))
    assert [f.file for f in found] == [known_types.PRICED_IN, known_types.DRAWN_IN]
    assert all((ROOT / f.file).is_file() for f in found)


def test_the_rows_agree_with_the_code_that_does_what_they_say() -> None:
    assert resource_types.column("priced").keys() == PRICED.keys()
    assert set(resource_types.column("drawn").values()) <= SHAPES.keys() & COLOURS.keys()
    emulated = resource_types.column("emulated")
    assert {kind for kind, by in emulated.items() if by == "here"} == TYPES.keys()
    own = {kind for kind, by in emulated.items() if by == "ministack"}
    assert own <= engine.provisioners._RESOURCE_HANDLERS.keys()


def test_rows_stand_in_alphabetical_order() -> None:
    names = list(resource_types.rows())
    assert names == sorted(names)


def test_a_type_that_no_policy_lets_the_deployer_make_is_an_error_that_names_the_actions(
    ours: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = ["nobody:CreateKnows", "nobody:DeleteKnows", "nobody:TagKnows"]
    table = needs.table()
    table["types"]["AWS::Nobody::Knows"] = actions
    monkeypatch.setattr(needs, "table", lambda: table)
    ours[STORAGE]["Resources"]["Jobs"] = MADE_UP
    [finding] = [f for f in judged(ours) if f.rule == "deployer"]
    assert ", ".join(actions) in finding.message
    assert 'deployer.nobody = ["arn:aws:nobody:..."]' in finding.message
    assert finding.file == "generator/resource_types.toml"


def test_a_type_whose_permissions_nobody_looked_up_is_an_error_that_says_how(
    ours: Documents,
) -> None:
    ours[STORAGE]["Resources"]["Jobs"] = MADE_UP
    [finding] = [f for f in judged(ours) if f.rule == "deployer"]
    assert finding.file == "generator/policies/permissions.json"
    assert "python -m generator.policies.refresh" in finding.message


def test_a_right_that_is_taken_from_the_deployer_is_an_error(ours: Documents) -> None:
    text = ours["policies/deployer-data.json"]
    text["Statement"] = [s for s in text["Statement"] if s["Sid"] != "Sns"]
    found = [f.message for f in judged(ours)]
    assert any("sns:CreateTopic" in m and "sns:DeleteTopic" in m for m in found), found


def role(**more: Any) -> Mapping[str, Any]:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust} | more}


def document(*actions: str) -> Mapping[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": [*actions], "Resource": ["*"]}]}


GLUE = {"Statement": [{"Effect": "Allow", "Principal": {"Service": ["glue.amazonaws.com"]}}]}
PLANTED = {
    "a secret of another name": (
        {"Type": "AWS::SecretsManager::Secret", "Properties": {}},
        "generator/policies/scopes.py",
        "the secret Planted: write it into SECRETS",
    ),
    "a role for another service": (
        role(AssumeRolePolicyDocument=GLUE),
        "generator/policies/deployer.py",
        "glue.amazonaws.com: write it into PASSED_TO",
    ),
    "another policy of AWS": (
        role(ManagedPolicyArns=[{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/PowerUser"}]),
        "generator/policies/deployer.py",
        "PowerUser: write it into AWS_MANAGED",
    ),
    "more than the boundary": (
        {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "Roles": ["x"],
                "PolicyDocument": {
                    "Statement": [{"Fn::If": ["A", document("nobody:Ask")["Statement"][0], {}]}]
                },
            },
        },
        "generator/resource_types.toml",
        "Planted allows nobody:Ask, which the boundary of all roles does not",
    ),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_the_policies_do_not_know_is_an_error_with_its_place(
    ours: Documents, what: str
) -> None:
    resource, file, words = PLANTED[what]
    ours["nested/identity.json"]["Resources"]["Planted"] = resource
    [finding] = judged(ours)
    assert finding.file == file
    assert words in finding.message
    if file.endswith(".py"):
        begins = (ROOT / file).read_text().splitlines()[finding.line - 1]
        assert begins.startswith(words.rpartition(" ")[2])


def test_templates_of_others_may_hold_what_nobody_knows() -> None:
    foreign = {"flat.json": {"Resources": {"Jobs": {"Type": "AWS::Nobody::Knows"}}}}
    assert judged(foreign) == []
