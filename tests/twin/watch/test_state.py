"""What the page is sent, while a group grows and shrinks."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, cast

import pytest

from generator.twin.counters import GATEWAY, Decision
from generator.twin.network_plan import PlannedRule
from generator.twin.twin import Twin
from generator.twin.watch import usage
from generator.twin.watch.requests import Requests
from generator.twin.watch.state import WatchState
from tests.twin.watch.fake import FakeTwin


@pytest.fixture
def twin(tmp_path: Path) -> FakeTwin:
    return FakeTwin(tmp_path)


def state_of(twin: FakeTwin) -> WatchState:
    return WatchState(cast(Twin, twin), Requests(twin.folder / "access.log"))


def look(state: WatchState) -> dict[str, Any]:
    """A look of now, however soon after the last one."""
    state.made = 0.0
    return state.now()


def test_a_scale_out_and_in_goes_through_every_state(twin: FakeTwin) -> None:
    state = state_of(twin)
    twin.group = ["i-new"]
    shown = [look(state)]
    with twin.launch("i-new") as instance:
        shown.append(look(state))
        (instance.folder / "exit").write_text("0")
        twin.health["i-new"] = "healthy"
        shown.append(look(state))
        twin.health["i-new"] = "unhealthy"
        shown.append(look(state))
        twin.group, twin.health["i-new"] = [], "draining"
        shown.append(look(state))
    del twin.instances.running["i-new"], twin.health["i-new"]
    shown.append(look(state))
    assert [one["state"] for each in shown for one in each["instances"]] == [
        *("launching", "booting", "in service", "unhealthy", "draining", "terminated")
    ]
    assert [each["group"]["in_service"] for each in shown] == [0, 0, 1, 0, 0, 0]
    assert [each["group"]["desired"] for each in shown] == [1, 1, 1, 1, 0, 0]
    assert {(one["subnet"], one["zone"]) for each in shown[1:] for one in each["instances"]} == {
        ("AppSubnetA", "us-east-1a")
    }
    assert [point["in_service"] for point in shown[-1]["scaling"]["history"]] == [0, 0, 1, 0, 0, 0]


def test_an_instance_that_is_no_more_is_shown_for_a_while_only(twin: FakeTwin) -> None:
    state = state_of(twin)
    with twin.launch("i-old"):
        look(state)
    del twin.instances.running["i-old"], twin.health["i-old"]
    assert [one["state"] for one in look(state)["instances"]] == ["terminated"]
    state.ended["i-old"] -= 61
    assert look(state)["instances"] == []


def test_user_data_that_fails_and_a_crash_are_states_of_their_own(twin: FakeTwin) -> None:
    state = state_of(twin)
    with twin.launch("i-failed") as failed, twin.launch("i-crashed") as crashed:
        (failed.folder / "exit").write_text("1")
        crashed.process.kill()
        crashed.process.wait()
        states = {one["id"]: one["state"] for one in look(state)["instances"]}
    assert states == {"i-failed": "failed", "i-crashed": "terminated"}


def test_the_metric_is_the_average_of_what_instances_use_and_its_target_the_policy_s(
    twin: FakeTwin,
) -> None:
    state = state_of(twin)
    with twin.launch("i-busy", "while :; do :; done"), twin.launch("i-idle"):
        assert look(state)["scaling"]["average"] is None  # of one look no share is known
        time.sleep(0.5)
        shown = look(state)
    cpu = {one["id"]: one["cpu"] for one in shown["instances"]}
    assert cpu["i-idle"] == 0
    assert cpu["i-busy"] > 0
    scaling = shown["scaling"]
    assert scaling["average"] == pytest.approx((cpu["i-idle"] + cpu["i-busy"]) / 2, abs=0.1)
    [policy] = twin.deployed.of_type("AWS::AutoScaling::ScalingPolicy").values()
    assert scaling["target"] == float(policy["TargetTrackingConfiguration"]["TargetValue"])
    assert scaling["metric"] == "ASGAverageCPUUtilization"


def test_what_a_child_used_that_has_ended_counts(tmp_path: Path) -> None:
    for pid, parent, ticks in ((10, 1, "5 5 100 0"), (11, 10, "50 50 0 0"), (12, 1, "9 9 9 9")):
        (tmp_path / str(pid)).mkdir()
        stat = f"{pid} (a) b) S {parent} 0 0 0 0 0 0 0 0 0 {ticks} 0"
        (tmp_path / str(pid) / "stat").write_text(stat)
    (tmp_path / "self").mkdir()
    a_second = os.sysconf("SC_CLK_TCK")
    assert usage.seconds([10, 99], tmp_path) == {10: 210 / a_second, 99: 0}


def test_packets_are_told_by_the_rule_in_the_templates_words(twin: FakeTwin) -> None:
    backend = next(k for k, v in twin.network.plan.groups.items() if v == "BackendSecurityGroup")
    balancer = next(k for k, v in twin.network.plan.groups.items() if v == "AlbSecurityGroup")
    api = PlannedRule(False, backend, "tcp", 3000, 3000, "group", balancer)
    out = PlannedRule(True, backend, "-1", 0, 65535, "cidr", "0.0.0.0/0")
    twin.packets[Decision(api, "BackendGroup", False)] = 2
    twin.packets[Decision(out, "BackendGroup", True)] = 5
    twin.packets[Decision(None, "Database", False)] = 3
    twin.packets[GATEWAY] = 1
    assert look(state_of(twin))["packets"] == {
        "allowed": [
            {"rule": "BackendSecurityGroup: all to 0.0.0.0/0", "packets": 5},
            {"rule": "BackendSecurityGroup: tcp 3000 from AlbSecurityGroup", "packets": 2},
        ],
        "dropped": [
            {"rule": "Database: inbound, no rule", "packets": 3},
            {"rule": "internet gateway: no public address", "packets": 1},
        ],
    }


def test_many_who_look_at_once_cost_one_look(twin: FakeTwin) -> None:
    state = state_of(twin)
    assert state.now() is state.now()
    assert len(state.history) == 1
