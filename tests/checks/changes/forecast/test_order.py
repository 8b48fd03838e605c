"""CloudFormation's order: what is needed comes first, and goes last."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.checks.changes import compare
from generator.checks.changes.compare import Change, Detail, Side
from generator.checks.changes.forecast.order import ForecastStep, steps
from generator.errors import ClinicError
from generator.model.walk import STACK
from tests.resolved import children, parameters

TOPIC = "AWS::SNS::Topic"


def topic(*sources: str, waits: Any = ()) -> dict[str, Any]:
    inner = {"Fn::Join": ["-", [{"Ref": source} for source in sources]]}
    return {"Type": TOPIC, "Properties": {"DisplayName": inner}, "DependsOn": waits}


def numbers(found: list[ForecastStep]) -> dict[tuple[str, str], int]:
    return {(step.phase, step.change.path): step.number for step in found}


def test_creation_goes_along_the_references_and_deletion_against_them() -> None:
    chain = {"A": topic(), "B": topic("A"), "C": topic("B"), "D": topic()}
    added = numbers(steps([Change(name, TOPIC, "Add") for name in chain], {}, chain))
    assert added == {
        ("update", "A"): 1,
        ("update", "B"): 2,
        ("update", "C"): 3,
        ("update", "D"): 1,
    }
    removed = numbers(steps([Change(name, TOPIC, "Remove") for name in chain], chain, {}))
    assert removed == {
        ("clean-up", "C"): 1,
        ("clean-up", "B"): 2,
        ("clean-up", "A"): 3,
        ("clean-up", "D"): 1,
    }


def test_what_does_not_change_is_no_step_but_carries_the_order() -> None:
    chain = {"A": topic(), "B": topic("A"), "C": topic(waits="B")}
    added = [Change("A", TOPIC, "Add"), Change("C", TOPIC, "Add")]
    assert numbers(steps(added, {}, chain)) == {("update", "A"): 1, ("update", "C"): 2}


def test_a_layer_waits_for_the_whole_of_the_layer_that_it_reads_from() -> None:
    read = {"Fn::GetAtt": ["OneStack", "Outputs.Id"]}
    tree = {
        "OneStack": {"Type": STACK, "Properties": {}},
        "OneStack/A": topic(),
        "OneStack/Z": topic("A"),
        "TwoStack": {"Type": STACK, "Properties": {"Parameters": {"Id": read}}},
        "TwoStack/B": topic(),
    }
    paths = [path for path in tree if "/" in path]
    found = numbers(steps([Change(path, TOPIC, "Add") for path in paths], {}, tree))
    assert [found["update", path] for path in paths] == [1, 2, 3]


def test_a_replacement_comes_before_the_clean_up_of_what_it_replaces() -> None:
    detail = Detail("TopicName", "a", "b", "yes")
    both = [Change("A", TOPIC, "Modify", (detail,)), Change("B", TOPIC, "Remove")]
    found = steps(both, {"A": topic("B"), "B": topic()}, {"A": topic()})
    assert [(s.number, s.phase, s.what, s.change.path) for s in found] == [
        (1, "update", "replace: create the new one", "A"),
        (2, "clean-up", "replace: delete (the old one)", "A"),
        (3, "clean-up", "delete", "B"),
    ]


def test_a_circle_is_one_sentence() -> None:
    circle = {"A": topic("B"), "B": topic("A")}
    with pytest.raises(ClinicError, match=r"refuses that: (A -> B -> A|B -> A -> B)\."):
        steps([Change("A", TOPIC, "Add")], {}, circle)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Any], set[str]]:
    """Resources, each of which refers to some of the earlier ones; and some of them."""
    names = [f"R{number}" for number in range(draw(st.integers(1, 12)))]
    resources = {
        name: topic(*draw(st.sets(st.sampled_from(names[:number])) if number else st.just(set())))
        for number, name in enumerate(names)
    }
    shuffled = dict(draw(st.permutations(list(resources.items()))))
    return shuffled, draw(st.sets(st.sampled_from(names), min_size=1))


@given(graphs())
def test_the_order_is_right_and_as_short_as_it_can_be(
    drawn: tuple[dict[str, Any], set[str]],
) -> None:
    resources, chosen = drawn
    behind = {name: ancestors(resources, name) & chosen for name in chosen}
    made = numbers(steps([Change(n, TOPIC, "Add") for n in chosen], {}, resources))
    gone = numbers(steps([Change(n, TOPIC, "Remove") for n in chosen], resources, {}))
    for name in chosen:
        before = max((made["update", other] for other in behind[name]), default=0)
        assert made["update", name] == before + 1
        later = [other for other in chosen if name in behind[other]]
        after = max((gone["clean-up", other] for other in later), default=0)
        assert gone["clean-up", name] == after + 1


def ancestors(resources: dict[str, Any], name: str) -> set[str]:
    """Everything that a resource waits for, found in the plainest way."""
    direct = {ref["Ref"] for ref in resources[name]["Properties"]["DisplayName"]["Fn::Join"][1]}
    return direct.union(*(ancestors(resources, source) for source in direct))


def test_the_real_architecture_begins_with_the_network_and_ends_with_what_reads_all() -> None:
    nested = children()
    values = parameters("seed", TemplateBaseUrl="https://x/y")
    layers = {f"{stem.capitalize()}Stack": document for stem, document in nested.items()}
    side = Side(nested["root"], values, layers)
    resources = compare.resources(side)
    added = compare.forecast(Side({}, {}, {}), side)
    found = numbers(steps(added, {}, resources))
    assert found["update", "NetworkStack/Vpc"] == 1
    assert found["update", "NetworkStack/Vpc"] < found["update", "SecurityStack/DatabaseIngress"]
    assert found["update", "NetworkStack/Vpc"] < found["update", "DatabaseStack/Database"]
    database, dashboard = "DatabaseStack/Database", "AlarmsStack/Dashboard"
    assert found["update", database] < found["update", dashboard]
