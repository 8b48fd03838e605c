"""Whichever way a value names a resource, it is the same resource."""

from __future__ import annotations

from typing import Any

import pytest

from generator.model.references import References, mentioned
from generator.model.walk import is_true

RESOURCES = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "records"}},
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {}},
}
NAMES = References(RESOURCES, physical={"sg-1": "Group"})


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ({"Ref": "Group"}, "Group"),
        ({"Fn::GetAtt": ["Group", "GroupId"]}, "Group"),
        ({"Fn::GetAtt": "Group.GroupId"}, "Group"),
        ({"Fn::Sub": "${Group.GroupId}"}, "Group"),
        ("sg-1", "Group"),
        ("records", "Bucket"),
        ({"Fn::GetAtt": ["Bucket", "DomainName"]}, "Bucket.DomainName"),
        ("sg-2", "sg-2"),
        (None, "None"),
    ],
)
def test_a_value_is_the_resource_that_it_names(value: Any, target: str) -> None:
    assert NAMES.target(value) == target


@pytest.mark.parametrize(
    ("value", "owner"),
    [
        ({"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/.env"]]}, "Bucket"),
        ({"Fn::Sub": "arn:aws:s3:::${Bucket}/*"}, "Bucket"),
        ("arn:aws:s3:::records/.env", "Bucket"),
        ("arn:aws:s3:::elsewhere/.env", ""),
    ],
)
def test_a_part_of_a_resource_has_its_owner(value: Any, owner: str) -> None:
    assert NAMES.owner(value) == owner


def test_what_a_value_mentions_is_named_once_and_in_order() -> None:
    value = [{"Ref": "B"}, {"Fn::GetAtt": ["A", "Arn"]}, {"Fn::Sub": "${B.Arn}"}]
    assert mentioned(value) == ["B", "A"]


@pytest.mark.parametrize("value", [True, "true", "True"])
def test_cloudformations_true_is_text_or_not(value: Any) -> None:
    assert is_true(value)


@pytest.mark.parametrize("value", [False, "false", "", None, 1, "yes", {"Ref": "A"}])
def test_nothing_else_is_true(value: Any) -> None:
    assert not is_true(value)
