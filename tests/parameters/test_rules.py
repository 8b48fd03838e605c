"""CloudFormation's Rules, evaluated without CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest

from generator.parameters import rules

REFS = {"Mode": "open", "Zones": ["a", "b"], "Count": "2"}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ({"Fn::Equals": [{"Ref": "Mode"}, "open"]}, True),
        ({"Fn::Equals": [{"Ref": "Mode"}, "shut"]}, False),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "Mode"}, "open"]}]}, False),
        ({"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]}, False),
        ({"Fn::Or": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]}, True),
        ({"Fn::Contains": [["open", "shut"], {"Ref": "Mode"}]}, True),
        ({"Fn::Contains": [{"Ref": "Zones"}, "c"]}, False),
        ({"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a", "b", "c"]]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a"]]}, False),
        ({"Fn::EachMemberEquals": [["a", "a"], "a"]}, True),
        ({"Fn::EachMemberEquals": [{"Ref": "Zones"}, "a"]}, False),
    ],
)
def test_a_function_says_what_it_says_on_aws(expression: Any, holds: bool) -> None:
    assert rules.evaluate(expression, REFS) is holds


def test_what_only_the_account_knows_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="Fn::ValueOf in a rule cannot be decided offline"):
        rules.evaluate({"Fn::ValueOf": ["Subnet", "VpcId"]}, REFS)


DECLARED = {
    "Mode": {"Type": "String", "Default": "open"},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
}
SHUT_HAS_ONE_ZONE = {
    "OneZone": {
        "RuleCondition": {"Fn::Equals": [{"Ref": "Mode"}, "shut"]},
        "Assertions": [
            {
                "Assert": {"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a"]]},
                "AssertDescription": "Shut needs one zone.",
            }
        ],
    }
}


def test_an_assertion_is_only_asked_under_its_condition() -> None:
    assert list(rules.broken(SHUT_HAS_ONE_ZONE, DECLARED, {})) == []


def test_a_broken_assertion_is_told_in_its_own_words() -> None:
    assert list(rules.broken(SHUT_HAS_ONE_ZONE, DECLARED, {"Mode": "shut"})) == [
        ("OneZone", "Shut needs one zone.")
    ]


def test_a_given_value_goes_before_the_default() -> None:
    given = {"Mode": "shut", "Zones": "a"}
    assert list(rules.broken(SHUT_HAS_ONE_ZONE, DECLARED, given)) == []


def test_a_rule_without_condition_is_always_asked() -> None:
    always = {"Never": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}}]}}
    assert [name for name, _ in rules.broken(always, {}, {})] == ["Never"]
