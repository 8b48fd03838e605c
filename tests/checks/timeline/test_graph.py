"""Who waits for whom: stacks for whole stacks, resources for what they name."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from generator.checks.timeline.graph import creation, wiring
from generator.checks.timeline.schedule import Task, critical, schedule, total
from generator.model import view
from generator.model.variant import with_values

ROOT = Path(__file__).parents[3]
PARAMS = ROOT / "params"
FLAT = ROOT / "output" / "flat.json"


loaded = cache(view.load)


def seen(env: str = "seed", templates: Path | None = None, **changes: str) -> view.View:
    """A view of its own each time, so that one test may change it."""
    return with_values(loaded(env, PARAMS, templates), **changes)


def tasks(found: view.View) -> dict[str, Task]:
    return {task.name: task for task in creation(found)}


def wired(found: view.View, edges: Iterable[tuple[str, str]]) -> view.View:
    """The same set whose stacks wait for others as well: (who waits, for whom)."""
    root: dict[str, Any] = json.loads(json.dumps(found.templates["root"]))
    for stack, other in edges:
        root["Resources"][stack].setdefault("DependsOn", []).append(other)
    return replace(found, templates={**found.templates, "root": root})


def seconds(found: view.View) -> int:
    return total(schedule(creation(found)))


def test_a_stack_waits_for_everything_in_a_stack_whose_output_it_reads() -> None:
    found = seen()
    network = {name for name, layer in found.layers.items() if layer == "network"}
    waits = tasks(found)["SecurityStack"].after
    assert waits == {"NetworkStack"} | {
        f"NetworkStack/{name}" for name in network & found.resources.keys()
    }


def test_a_stack_waits_for_nobody_whose_output_it_does_not_read() -> None:
    assert tasks(seen())["SecretsStack"].after == set()
    assert not any(name.startswith("Backend") for name in tasks(seen())["DatabaseStack"].after)


def test_a_resource_waits_for_its_own_stack_and_what_it_names_in_it() -> None:
    found = tasks(seen())
    assert found["NetworkStack/PublicRoute"].after == {
        "NetworkStack",
        "NetworkStack/PublicRouteTable",
        "NetworkStack/InternetGateway",
        "NetworkStack/GatewayAttachment",
    }
    assert "NetworkStack/Vpc" not in found["SecurityStack/AlbSecurityGroup"].after


def test_a_resource_whose_condition_does_not_hold_is_no_task() -> None:
    assert "PerimeterStack/NatGatewayB" not in tasks(seen())
    assert "PerimeterStack/NatGatewayB" in tasks(seen(NatGateways="per-zone"))


def test_a_stack_whose_condition_does_not_hold_is_not_waited_for(tmp_path: Path) -> None:
    def stack(file: str, **more: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": f"https://x.example/{file}.json"},
            **more,
        }

    topic = {"Type": "AWS::SNS::Topic"}
    templates = {
        "root": {
            "Parameters": {"More": {"Type": "String", "Default": "no"}},
            "Conditions": {"HasMore": {"Fn::Equals": [{"Ref": "More"}, "yes"]}},
            "Outputs": {},
            "Resources": {
                "MoreStack": stack("more", Condition="HasMore"),
                "BaseStack": stack("base", DependsOn=["MoreStack"]),
            },
        },
        "more": {"Resources": {"Extra": topic}},
        "base": {"Resources": {"Topic": topic}},
    }
    for name, template in templates.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(template))
    env = tmp_path / "params" / "env.json"
    env.parent.mkdir()
    env.write_text("[]")
    without = view.load("env", env.parent, tmp_path)
    assert set(tasks(without)) == {"BaseStack", "BaseStack/Topic"}
    assert tasks(without)["BaseStack"].after == set()
    found = tasks(with_values(without, More="yes"))
    assert found["BaseStack"].after == {"MoreStack", "MoreStack/Extra"}


def test_in_the_flat_form_resources_wait_for_each_other_across_layers() -> None:
    found = tasks(seen(templates=FLAT))
    assert "Vpc" in found["AlbSecurityGroup"].after
    assert not any(task.is_stack for task in found.values())


@pytest.mark.parametrize(
    ("changes", "boots"),
    [({}, 360), ({"BackendImage": "clinic/backend:1"}, 165)],
    ids=["build", "pull"],
)
@pytest.mark.parametrize("templates", [None, FLAT], ids=["nested", "flat"])
def test_a_group_takes_as_long_as_its_instances_boot(
    changes: dict[str, str], boots: int, templates: Path | None
) -> None:
    found = tasks(seen("seed", templates, **changes))
    assert next(t for name, t in found.items() if name.endswith("BackendGroup")).seconds == boots


def test_a_booting_instance_waits_for_the_secret_that_tells_where_the_database_is() -> None:
    group = tasks(seen())["BackendStack/BackendGroup"]
    assert group.awaits == {"DatabaseStack/DatabaseSecretAttachment": 45}
    assert not any("Database" in name for name in group.after)


def test_the_wiring_counts_what_a_stack_depends_on() -> None:
    root = {
        "Resources": {
            "A": {"Properties": {"Parameters": {"X": {"Ref": "AWS::Region"}}}},
            "B": {"DependsOn": "A"},
            "C": {"Properties": {"Parameters": {"X": {"Fn::GetAtt": ["B", "Outputs.X"]}}}},
        }
    }
    assert wiring(root) == {"A": set(), "B": {"A"}, "C": {"B"}}


def test_the_creation_of_the_documented_system_is_bounded_by_its_network_and_database() -> None:
    steps = schedule(creation(seen()))
    chain = [step.task.name for step in critical(steps)]
    assert steps["DatabaseStack/Database"].end == 560
    assert {"NetworkStack", "DatabaseStack/Database"} <= set(chain)
    # What has to come after the database: its address, the container, what reads the group.
    assert steps["BackendStack/BackendGroup"].end == 615
    assert total(steps) == 620


def test_nothing_reads_the_backend_so_that_nobody_waits_for_instances_to_boot() -> None:
    root = seen().templates["root"]
    assert not [stack for stack, waits in wiring(root).items() if "BackendStack" in waits]


def test_a_group_that_builds_its_image_is_well_no_later_than_the_database_allows() -> None:
    """Its way leads through bucket, balancer and build, and is as long as the database's."""
    found = tasks(seen())
    group = replace(found["BackendStack/BackendGroup"], awaits={})
    steps = schedule([*(found | {group.name: group}).values()])
    assert steps[group.name].end <= 615


BEFORE = {
    "the secret is made with the database": [("IdentityStack", "DatabaseStack")],
    "the balancer is made with the backend": [("EdgeStack", "BackendStack")],
    "NAT gateways are made with the network": [
        ("SecurityStack", "PerimeterStack"),
        ("BalancerStack", "PerimeterStack"),
        ("DatabaseStack", "PerimeterStack"),
    ],
    "the backend waits for the database": [("BackendStack", "DatabaseStack")],
    "all alarms are made last": [("AlarmsStack", "BackendStack")],
    "the database's group is made with the others": [("DatabaseStack", "SecurityStack")],
}
"""Naive cuts between the layers, as edges more; undone one after the other."""


def test_each_move_of_a_layer_made_the_creation_faster() -> None:
    found, cuts = seen(), list(BEFORE.values())
    after = [
        seconds(wired(found, [edge for edges in cuts[undone:] for edge in edges]))
        for undone in range(len(cuts) + 1)
    ]
    assert after == [1590, 1430, 1155, 1010, 655, 640, 620]


@pytest.mark.parametrize("edges", BEFORE.values(), ids=BEFORE)
def test_no_naive_cut_would_make_it_faster(edges: list[tuple[str, str]]) -> None:
    for env in ("seed", "dev", "prod"):
        assert seconds(wired(seen(env), edges)) >= seconds(seen(env))
