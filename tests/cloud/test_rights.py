"""A refusal names the policy that gives the right that was missing, as the policies say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator import policies
from generator.cloud.aws import explain
from generator.cloud.rights import policies_allowing
from tests.policies.ours import DATABASE, FUNCTION, LAUNCH_TEMPLATE, PLACE, ROOT, bucket

INSTANCE = f"arn:aws:ec2:{PLACE}:instance/i-1"
ENV_FILE = f"{bucket('ConfigurationBucket')}/.env"


def denied(operation: str, words: str, *meant: str) -> str:
    told: Any = {"Error": {"Code": "AccessDenied", "Message": words}}
    return str(explain(ClientError(told, operation), *meant))


def unauthorized(action: str, resource: str) -> str:
    return (
        f"User: arn:aws:sts::123456789012:assumed-role/x/eve is not authorized to perform: "
        f"{action} on resource: {resource} because no identity-based policy allows it"
    )


@pytest.mark.parametrize(
    ("action", "resource", "meant", "named"),
    [
        ("lambda:InvokeFunction", FUNCTION, ("releaser",), {"releaser"}),
        ("cloudformation:DescribeStacks", ROOT, ("observer",), {"observer"}),
        ("cloudformation:DescribeStacks", ROOT, ("deployer-*",), {"deployer-helper"}),
        ("s3:GetObject", ENV_FILE, ("releaser", "revealer"), {"revealer"}),
        ("s3:PutObject", ENV_FILE, ("releaser",), {"releaser"}),
        ("s3:PutObject", f"{bucket('FrontendBucket')}/x", ("publisher",), {"publisher"}),
        (
            "ssm:SendCommand",
            INSTANCE,
            ("observer", "operator"),
            {"operator"},
        ),
        ("rds:ModifyDBInstance", DATABASE, ("deployer-*",), {"deployer-data"}),
        ("ec2:CreateLaunchTemplateVersion", LAUNCH_TEMPLATE, ("releaser",), {"deployer-network"}),
    ],
)
def test_the_policy_that_gives_the_right_is_named_and_no_other(
    action: str, resource: str, meant: tuple[str, ...], named: set[str]
) -> None:
    said = denied("X", unauthorized(action, resource), *meant)
    assert f"may not {action} " in said
    assert {
        stem for stem in policies.documents() if f"output/policies/{stem}.json" in said
    } == named


def test_a_right_that_no_policy_gives_is_asked_of_nobody() -> None:
    said = denied("X", unauthorized("iam:CreateUser", "arn:aws:iam::123456789012:user/eve"))
    assert "no policy of output/policies gives that right" in said
    assert ".json" not in said


def test_a_foreign_resource_still_names_the_policy_that_knows_the_action() -> None:
    foreign = unauthorized("s3:PutObject", "arn:aws:s3:::others/index.html")
    assert "output/policies/publisher.json" in denied("PutObject", foreign, "publisher")


def test_a_refusal_without_words_is_known_by_its_operation() -> None:
    said = denied("DescribeInstanceRefreshes", "Access Denied", "releaser")
    assert "ask for the policy output/policies/releaser.json, then run" in said


def granted() -> Iterator[tuple[str, str]]:
    for stem, document in policies.documents().items():
        for statement in document["Statement"]:
            yield from ((stem, action) for action in statement["Action"])


def test_every_right_of_every_policy_is_found_in_it() -> None:
    rights = set(granted())
    assert len(rights) > 300
    for stem, action in rights:
        if stem == "boundary":  # the most that a role may be given; it gives nothing
            continue
        assert stem in policies_allowing(action.replace("*", "Anything")), (stem, action)
