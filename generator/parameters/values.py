"""One parameter's value against its declaration, as CloudFormation would judge it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from generator.errors import quote
from generator.parameters import patterns

LIMIT = 4096
"""Bytes of one value."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)

IDENTIFIERS = {
    "AWS::EC2::AvailabilityZone::Name": r"[a-z]{2}(-[a-z]+)+-\d[a-z]",
    "AWS::EC2::Image::Id": r"ami-[0-9a-f]{8,17}",
    "AWS::EC2::Instance::Id": r"i-[0-9a-f]{8,17}",
    "AWS::EC2::KeyPair::KeyName": r".{1,255}",
    "AWS::EC2::SecurityGroup::GroupName": r".{1,255}",
    "AWS::EC2::SecurityGroup::Id": r"sg-[0-9a-f]{8,17}",
    "AWS::EC2::Subnet::Id": r"subnet-[0-9a-f]{8,17}",
    "AWS::EC2::Volume::Id": r"vol-[0-9a-f]{8,17}",
    "AWS::EC2::VPC::Id": r"vpc-[0-9a-f]{8,17}",
    "AWS::Route53::HostedZone::Id": r"Z[0-9A-Z]{1,31}",
    "AWS::SSM::Parameter::Name": r"[A-Za-z0-9_./:-]{1,2048}",
}
"""What a value of each type looks like; whether it exists is known to the account alone."""


def check(value: str, declaration: Mapping[str, Any]) -> str | None:
    """What is wrong, as the rest of a sentence that begins with the parameter's name, or None.

    The value of a NoEcho parameter is never repeated.
    """
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "contains half a character (a lone surrogate): write it anew."
    if size > LIMIT:
        return f"has {size:,} bytes, and CloudFormation takes at most {LIMIT:,}: shorten it."
    kind = declaration["Type"]
    for item in split(value, kind) if is_list(kind) else [value]:
        if wrong := _typed(item, _item_type(kind)) or _constrained(item, declaration):
            shown = "is hidden (NoEcho) and" if declaration.get("NoEcho") else f"= {quote(item)}"
            return f"{shown} {wrong}"
    return None


def is_list(kind: str) -> bool:
    """Whether values of this parameter type are several, separated by commas."""
    return kind.startswith("List<") or kind == "CommaDelimitedList"


def split(value: str, kind: str) -> list[str]:
    """The items of a list; CloudFormation drops the space around them."""
    return [item.strip() for item in value.split(",")] if is_list(kind) else [value]


def _item_type(kind: str) -> str:
    if kind.startswith("AWS::SSM::Parameter::Value<"):
        return "AWS::SSM::Parameter::Name"
    if kind == "CommaDelimitedList":
        return "String"
    return kind.removeprefix("List<").removesuffix(">")


def _typed(item: str, kind: str) -> str | None:
    if kind == "Number" and not NUMBER.fullmatch(item):
        return "is not a number: give digits, such as 2 or 0.5."
    pattern = IDENTIFIERS.get(kind)
    if pattern and not re.fullmatch(pattern, item, re.ASCII):
        return f"is not a {kind}: it must match {pattern}."
    return None


def _constrained(item: str, declaration: Mapping[str, Any]) -> str | None:
    allowed = [str(choice) for choice in declaration.get("AllowedValues", ())]
    if allowed and item not in allowed:
        return f"is not allowed: choose one of {', '.join(map(quote, allowed))}."
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not patterns.compiled(pattern).fullmatch(item):
        hint = declaration.get("ConstraintDescription", "")
        return f"does not match {pattern}: {hint or 'change it so that it does.'}"
    return _within(item, declaration)


def _within(item: str, declaration: Mapping[str, Any]) -> str | None:
    least, most = declaration.get("MinLength"), declaration.get("MaxLength")
    if least is not None and len(item) < int(least):
        return f"is too short: at least {least} characters."
    if most is not None and len(item) > int(most):
        return f"is too long: at most {most} characters."
    least, most = declaration.get("MinValue"), declaration.get("MaxValue")
    if least is not None and Decimal(item) < Decimal(str(least)):
        return f"is too small: at least {least}."
    if most is not None and Decimal(item) > Decimal(str(most)):
        return f"is too large: at most {most}."
    return None
