"""What docs/security.md says about who reads and runs what is what a search over IAM finds."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generator import policies
from generator.policies import refresh

from .ours import FUNCTION, LAUNCH_TEMPLATE
from .ways import (
    DOCUMENT,
    ENV_FILE,
    INSTANCE,
    actions,
    catalogue,
    found,
    granted,
    instance_role,
    leads_to,
)

ROOT = Path(__file__).parents[2]
COLUMNS = (".env", "secret", "container", "instance")
PEOPLE = ("publisher", "releaser", "revealer", "observer", "operator")
KNOWN = {*COLUMNS, "pages", "another role", "what the container is given"}
EVERY_OF_AN_ACCOUNT = {
    # A new type, datasets, which metrics of a service are in none of.
    "cloudwatch:GetMetricData",
}
"""Granted on everything though IAM knows narrower resources."""

Documents = dict[str, dict[str, Any]]


@cache
def of(stem: str) -> frozenset[str]:
    """What a policy leads to."""
    return frozenset(found([policies.documents()[stem]]))


def said(page: str) -> dict[str, tuple[bool, ...]]:
    """The table of docs/security.md: per policy, a yes or no for each of COLUMNS."""
    text = (ROOT / page).read_text(encoding="utf-8")
    cells = r"\| (yes|no|sí) " * len(COLUMNS)
    rows = re.findall(rf"^\| `(\w+)` {cells}\|$", text, re.MULTILINE)
    return {row[0]: tuple(cell != "no" for cell in row[1:]) for row in rows}


@pytest.mark.parametrize("page", ["docs/security.md", "docs/es/security.md"])
def test_the_page_says_of_each_policy_what_is_found(page: str) -> None:
    seen = {stem: tuple(goal in of(stem) for goal in COLUMNS) for stem in PEOPLE}
    assert said(page) == seen


def test_nothing_is_found_that_nobody_has_judged() -> None:
    """Here a new right in a policy shows, until ways.py says what it leads to."""
    for stem in PEOPLE:
        assert of(stem) <= KNOWN, stem


def test_all_policies_for_people_are_searched(documents: Documents) -> None:
    others = {stem for stem in documents if stem.startswith("deployer-")} | {"boundary"}
    assert set(documents) - others == set(PEOPLE)
    assert len(actions()) > 20_000


def test_only_the_operator_takes_a_role() -> None:
    taking = {stem for stem in PEOPLE if "another role" in of(stem)}
    assert taking == {"operator"}


def test_an_instances_role_reads_the_env_file_and_the_secret() -> None:
    """So whoever is root there does; the search would say otherwise if the role lost them."""
    goals = {goal for right in granted(instance_role()) if (goal := leads_to(*right))}
    assert {".env", "secret"} <= goals


@pytest.mark.parametrize(
    ("action", "thing"),
    [
        ("ssm:SendCommand", INSTANCE),
        ("ssm:StartSession", INSTANCE),
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE),
        ("ec2:RunInstances", LAUNCH_TEMPLATE),
        ("ec2:ModifyInstanceAttribute", INSTANCE),
        ("ec2-instance-connect:SendSSHPublicKey", INSTANCE),
        ("iam:PassRole", "*"),
        ("sts:AssumeRole", "*"),
        ("cloudformation:CreateChangeSet", "*"),
        ("cloudformation:ExecuteChangeSet", "*"),
        ("lambda:UpdateFunctionCode", FUNCTION),
        ("s3:GetObject", ENV_FILE),
        ("s3:GetObjectVersion", ENV_FILE),
        ("s3:PutBucketPolicy", "*"),
        ("s3:GetObject", DOCUMENT),
        ("secretsmanager:GetSecretValue", "*"),
        ("secretsmanager:PutResourcePolicy", "*"),
        ("ssm:ListCommands", "*"),
        ("ssm:GetParameters", "*"),
        ("ec2:DescribeLaunchTemplateVersions", "*"),
        ("rds:ModifyDBInstance", "*"),
        ("rds:RestoreDBInstanceFromDBSnapshot", "*"),
    ],
)
def test_any_further_right_of_the_releaser_would_be_found(
    documents: Documents, action: str, thing: str
) -> None:
    """Rights that it had, and others of the kind."""
    more = {"Effect": "Allow", "Action": [action], "Resource": [thing]}
    before = of("releaser")
    after = found([documents["releaser"], {"Statement": [more]}])
    assert after - before, action


@pytest.mark.parametrize("stem", PEOPLE)
def test_what_is_granted_on_everything_cannot_be_narrowed(documents: Documents, stem: str) -> None:
    known = catalogue()
    for statement in documents[stem]["Statement"]:
        if statement["Resource"] not in ("*", ["*"]):
            continue
        for action in statement["Action"]:
            service, _, name = action.partition(":")
            if "*" not in name and action not in EVERY_OF_AN_ACCOUNT:
                narrowed = known[service]["Actions"][name.lower()].get("Resources")
                assert not narrowed, f"{action} could be for {narrowed} only"


def test_actions_of_the_catalogue_are_those_that_the_policies_are_made_with() -> None:
    assert set(refresh.known_actions()) == set(catalogue())
