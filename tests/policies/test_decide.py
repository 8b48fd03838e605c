"""The small evaluator agrees with IAM's documented rules."""

from __future__ import annotations

from typing import Any

import pytest

from generator.errors import ClinicError

from .decide import is_allowed

BUCKET = "arn:aws:s3:::clinic-x"


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": ["s3:Get*"], "Resource": ["arn:aws:s3:::clinic-*"]} | more


def decided(
    *statements: dict[str, Any], action: str = "s3:GetBucketPolicy", **context: str
) -> bool:
    return is_allowed([{"Statement": list(statements)}], action, BUCKET, context)


def test_what_no_statement_mentions_is_refused() -> None:
    assert not decided()
    assert not decided(statement(), action="s3:PutObject")
    assert not decided(statement(Resource=["arn:aws:s3:::other-*"]))


def test_a_matching_statement_allows_whatever_the_case_of_the_action() -> None:
    assert decided(statement(Action=["S3:getbucketPOLICY"]))


def test_a_denial_wins() -> None:
    assert not decided(statement(), statement(Effect="Deny"))


def test_every_condition_must_hold() -> None:
    both = statement(Condition={"StringEquals": {"a": ["1"]}, "StringLike": {"b": ["x*"]}})
    assert decided(both, a="1", b="xyz")
    assert not decided(both, a="1", b="abc")
    assert not decided(both, b="xyz")


def test_variables_are_filled_in_from_the_request() -> None:
    own = statement(Resource=["arn:aws:s3:::clinic-${me}"])
    assert decided(own, me="x")
    assert not decided(own, me="y")


def test_an_operator_it_does_not_know_is_an_error() -> None:
    with pytest.raises(ClinicError, match="DateLessThan"):
        decided(statement(Condition={"DateLessThan": {"aws:CurrentTime": ["2030-01-01"]}}))
