"""One value against one declaration."""

from __future__ import annotations

from typing import Any

import pytest

from generator.parameters import values

STRING = {"Type": "String"}
NUMBER = {"Type": "Number"}
LIST = {"Type": "CommaDelimitedList"}


@pytest.mark.parametrize(
    ("value", "declaration"),
    [
        ("", STRING),
        ("a\nb", STRING),
        ("x" * 4096, STRING),
        ("a", STRING | {"AllowedPattern": "[ab]"}),
        ("ab", STRING | {"MinLength": 2, "MaxLength": 2}),
        ("2", STRING | {"AllowedValues": [2, 3]}),
        ("3", NUMBER),
        ("-0.5", NUMBER),
        ("1e3", NUMBER | {"MaxValue": 1000}),
        ("5", NUMBER | {"MinValue": "5", "MaxValue": "5"}),
        ("1, 2 ,3", {"Type": "List<Number>"} | {"MaxValue": 3}),
        ("a,b", LIST | {"AllowedValues": ["a", "b"]}),
        ("a, b", LIST | {"AllowedPattern": "[ab]"}),
        ("vpc-0a1b2c3d", {"Type": "AWS::EC2::VPC::Id"}),
        ("subnet-0a1b2c3d,subnet-0a1b2c3d4e5f60718", {"Type": "List<AWS::EC2::Subnet::Id>"}),
        ("/aws/some/key", {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"}),
        ("/aws/some/key", {"Type": "AWS::SSM::Parameter::Value<List<String>>"}),
        ("us-east-1a", {"Type": "AWS::EC2::AvailabilityZone::Name"}),
    ],
)
def test_what_cloudformation_takes(value: str, declaration: dict[str, Any]) -> None:
    assert values.check(value, declaration) is None


@pytest.mark.parametrize(
    ("value", "declaration", "said"),
    [
        ("x" * 4097, STRING, "has 4,097 bytes, and CloudFormation takes at most 4,096"),
        ("ñ" * 2049, STRING, "has 4,098 bytes"),
        ("\ud800", STRING, "half a character"),
        ("ab", STRING | {"AllowedPattern": "[ab]"}, '= "ab" does not match [ab]: change it'),
        ("a\n", STRING | {"AllowedPattern": "^a$"}, "does not match"),
        ("٣", STRING | {"AllowedPattern": r"\d"}, "does not match"),
        (
            "x",
            STRING | {"AllowedPattern": "a", "ConstraintDescription": "Only a."},
            '= "x" does not match a: Only a.',
        ),
        ("4", STRING | {"AllowedValues": [2, 3]}, 'choose one of "2", "3".'),
        ("a", STRING | {"MinLength": 2}, "is too short: at least 2 characters."),
        ("abc", STRING | {"MaxLength": "2"}, "is too long: at most 2 characters."),
        ("", NUMBER, "is not a number"),
        ("nan", NUMBER, "is not a number"),
        ("1_000", NUMBER, "is not a number"),
        (" 1", NUMBER, "is not a number"),
        ("٣", NUMBER, "is not a number"),
        ("4", NUMBER | {"MinValue": 5}, '= "4" is too small: at least 5.'),
        ("6", NUMBER | {"MaxValue": 5}, '= "6" is too large: at most 5.'),
        ("1e999", NUMBER | {"MaxValue": 5}, "is too large"),
        ("1,x", {"Type": "List<Number>"}, '= "x" is not a number'),
        ("a,c", LIST | {"AllowedValues": ["a", "b"]}, '= "c" is not allowed'),
        ("", {"Type": "AWS::EC2::VPC::Id"}, "is not a AWS::EC2::VPC::Id"),
        ("subnet-1", {"Type": "List<AWS::EC2::Subnet::Id>"}, "is not a AWS::EC2::Subnet::Id"),
        ("", {"Type": "AWS::SSM::Parameter::Value<String>"}, "AWS::SSM::Parameter::Name"),
    ],
)
def test_what_cloudformation_refuses(value: str, declaration: dict[str, Any], said: str) -> None:
    assert said in (values.check(value, declaration) or "")


def test_the_value_of_a_secret_parameter_is_never_repeated() -> None:
    said = values.check("hunter2", STRING | {"NoEcho": True, "AllowedPattern": "[0-9]+"})
    assert said == "is hidden (NoEcho) and does not match [0-9]+: change it so that it does."


def test_a_long_value_is_shortened_in_the_sentence() -> None:
    assert len(values.check("x" * 4000, STRING | {"AllowedPattern": "a"}) or "") < 200
