"""One request is decided as IAM's documentation says, whoever wrote the policy."""

from __future__ import annotations

from typing import Any

import pytest

from generator.errors import ClinicError
from generator.model import view
from generator.model.iam import allows, statements
from generator.model.policies import identity_policies
from tests.model.test_view import ROOT

KEY = "arn:aws:s3:::b/k"


def decided(*given: dict[str, Any], action: str = "s3:GetObject", **context: Any) -> bool:
    whole = [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"} | one for one in given]
    return allows(statements("p", {"Statement": whole}), action, KEY, context)


def when(operator: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {"key": list(values)}}}


def test_not_action_and_not_resource_speak_of_everything_else() -> None:
    document = [{"Effect": "Allow", "NotAction": "s3:Put*", "NotResource": "arn:aws:s3:::other/*"}]
    own = statements("p", {"Statement": document})
    assert allows(own, "s3:GetObject", KEY)
    assert not allows(own, "s3:PutObject", KEY)
    assert not allows(own, "s3:GetObject", "arn:aws:s3:::other/k")


def test_a_policy_that_names_no_resource_speaks_of_its_own() -> None:
    own = statements("p", {"Statement": {"Effect": "Allow", "Action": "ecr:Pull"}})
    assert allows(own, "ecr:Pull", "arn:aws:ecr:us-east-1:1:repository/r")


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [
        ("StringEquals", "a", True),
        ("StringEquals", "A", False),
        ("StringEquals", ["x", "a"], True),
        ("StringEquals", None, False),
        ("StringEqualsIfExists", None, True),
        ("StringNotEquals", "a", False),
        ("StringNotEquals", "b", True),
        ("StringNotEquals", None, True),
        ("StringNotLike", "a", False),
        ("ForAnyValue:StringLike", ["x", "a"], True),
        ("ForAnyValue:StringLike", None, False),
        ("ArnNotLike", None, True),
        ("ArnEquals", "a", True),
        ("Bool", "A", True),
        ("BoolIfExists", "b", False),
    ],
)
def test_a_condition_holds_by_its_operator_and_by_what_the_request_states(
    operator: str, value: Any, holds: bool
) -> None:
    context = {} if value is None else {"key": value}
    assert decided(when(operator, "a"), **context) is holds


@pytest.mark.parametrize(
    "operator", ["NumericLessThan", "ForAllValues:StringEquals", "NotStringEquals", "stringEquals"]
)
def test_an_operator_that_is_not_known_is_an_error(operator: str) -> None:
    with pytest.raises(ClinicError, match=operator):
        decided(when(operator, "a"), key="a")


def test_a_policy_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(ClinicError, match="aws:username"):
        decided({"Resource": "arn:aws:s3:::${aws:username}/*"})


def test_the_instances_role_holds_what_every_kind_of_policy_gives_it() -> None:
    own, _ = identity_policies(view.load("seed", ROOT / "params").references)
    given = {s.name.partition(" ")[0] for s in own["InstanceRole"]}
    assert given == {"BackendStackPolicy", "InstancePolicy"}  # of two stacks
    assert any("s3:GetObject" in s.actions for s in own["InstanceRole"] if s.allows)
