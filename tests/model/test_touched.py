"""Only what a value touches is resolved again, to the same answer as resolving everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.checks.cost.choices import _others
from generator.checks.cost.prices import listed
from generator.model import view
from generator.model.resolve import Resolver, pseudo_parameters
from generator.model.touched import touched
from tests.resolved import ENVIRONMENTS

PARAMS = Path(__file__).parents[2] / "params"


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_another_value_makes_what_resolving_everything_makes(env: str) -> None:
    seen, prices = view.load(env, PARAMS), listed("us-east-1")
    for name, declared in seen.whole["Parameters"].items():
        now = str(seen.values.get(name, declared.get("Default", "")))
        for other in [*_others(name, declared, now, prices), now]:
            changed = seen.changed(**{name: other})
            given = {**pseudo_parameters(seen.region, f"clinic-{env}"), **changed.values}
            everything = Resolver(seen.whole, given)
            assert changed.resources == everything.resources(), (name, other)
            assert list(changed.resources) == list(everything.resources())
            assert changed.outputs == everything.outputs()


def test_what_a_value_does_not_touch_is_not_resolved_again() -> None:
    seen = view.load("dev", PARAMS)
    changed = seen.changed(InstanceType="t3.large")
    same = [name for name, entry in changed.resources.items() if entry is seen.resources[name]]
    assert len(same) > 0.9 * len(seen.resources)


@pytest.mark.parametrize(
    ("entry", "parameters"),
    [
        ({"Properties": {"A": {"Ref": "P"}}}, {"P"}),
        ({"Properties": {"A": {"Fn::Sub": "x${P}-${Q}"}}}, {"P", "Q"}),
        ({"Properties": {"A": {"Fn::If": ["C", 1, 2]}}}, {"P", "Q"}),
        ({"Condition": "D"}, {"P", "Q"}),
        ({"Properties": {"A": {"Fn::FindInMap": ["M", {"Ref": "Q"}, "k"]}}}, {"Q"}),
        ({"DependsOn": ["R"], "Properties": {"A": [1, None, {"Ref": "Other"}]}}, set()),
    ],
)
def test_a_resource_is_touched_by_what_it_mentions_and_by_what_its_conditions_mention(
    entry: dict[str, Any], parameters: set[str]
) -> None:
    template = {
        "Parameters": {"P": {}, "Q": {}},
        "Conditions": {
            "C": {"Fn::And": [{"Condition": "E"}, {"Fn::Equals": [{"Ref": "Q"}, "x"]}]},
            "D": {"Fn::Not": [{"Condition": "C"}]},
            "E": {"Fn::Equals": [{"Ref": "P"}, ""]},
        },
        "Resources": {"R": entry},
    }
    assert touched(template) == {"R": parameters}
