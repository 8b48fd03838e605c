"""The releaser's policy allows every call of a release, and no more of these services' changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import generator.application.release
from generator import policies
from generator.cloud.aws import connect
from generator.local import Endpoint
from tests.cloud.calls import rights, unknown, written
from tests.cloud.conftest import new_account
from tests.cloud.faults import Wire
from tests.policies.decide import is_allowed
from tests.policies.ours import (
    ALARM,
    BY_HAND,
    FUNCTION,
    GROUP,
    OUR_FUNCTION,
    REPOSITORY,
    ROOT,
    TAGGED,
)

from .stage import Scene, deployed, environment, rolled

RELEASER = [policies.documents()["releaser"]]
ANYTHING = ("*", BY_HAND)
THINGS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "autoscaling:CancelInstanceRefresh": ((GROUP, TAGGED),),
    "cloudformation": ((ROOT, BY_HAND),),
    "cloudwatch:DescribeAlarms": ((ALARM, BY_HAND),),
    "ecr:DescribeImages": ((REPOSITORY, BY_HAND),),
    "lambda:InvokeFunction": ((FUNCTION, OUR_FUNCTION),),
}
"""What the calls are about, by action or service; else anything."""
ELSEWHERE = {
    f"cloudformation:{name}"
    for name in ("DescribeChangeSet", "DescribeStackEvents", "DescribeStacks")
} | {
    f"cloudformation:{name}" for name in ("DeleteChangeSet", "ListChangeSets", "ListStackResources")
}
"""Calls of generator/cloud that a release makes."""
CALLS = written(Path(generator.application.release.__file__).parent.glob("*.py"))
"""All that the release's own code calls."""


def test_every_call_that_is_made_is_found_in_the_code(endpoint: Endpoint) -> None:
    given = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    deployed(connect(variables=given))
    wire = Wire()
    rolled(Scene(wire.watch(connect(variables=given)), environment(), inside=False))
    made = {name.replace(".", ":") for name in wire.calls}
    assert made - CALLS - ELSEWHERE == set()
    assert len(made) > 10


def needed(call: str) -> list[str]:
    """The rights for a call; a release's change set names no tags."""
    return [right for right in rights(call) if right != "cloudformation:TagResource"]


@pytest.mark.parametrize("call", sorted(CALLS | ELSEWHERE))
def test_the_releasers_policy_allows(call: str) -> None:
    for action in needed(call):
        service = action.partition(":")[0]
        for thing, context in THINGS.get(action) or THINGS.get(service) or (ANYTHING,):
            assert is_allowed(RELEASER, action, thing, context), f"{action} on {thing}"


def test_every_action_is_one_that_iam_knows() -> None:
    assert unknown(action for call in CALLS for action in needed(call)) == []
