"""Packets by security group rule, from the router's counters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from generator.twin import network_plan
from generator.twin.counters import GATEWAY, Counters, Decision, decisions, packets
from tests.conftest import ROOT
from tests.twin.planned import planned


def rule(chain: str, count: int) -> dict[str, Any]:
    counter = {"counter": {"packets": count, "bytes": 60 * count}}
    return {"rule": {"chain": chain, "expr": [{"match": {}}, counter, {"return": None}]}}


def listing(*rules: dict[str, Any]) -> str:
    accept: dict[str, Any] = {"rule": {"chain": "forward", "expr": [{"accept": None}]}}
    return json.dumps({"nftables": [{"metainfo": {}}, accept, *rules, rule("forward", 7)]})


HTTPS = network_plan.PlannedRule(True, "sg-1", "tcp", 443, 443, "cidr", "0.0.0.0/0")
ALLOWED, DROPPED = Decision(HTTPS, "BackendGroup", True), Decision(None, "BackendGroup", True)
KNOWN = {"out_e1": [ALLOWED, DROPPED], "out_e2": [ALLOWED, DROPPED]}
NOW = listing(rule("out_e1", 3), rule("out_e1", 1), rule("out_e2", 4), rule("out_e2", 0))


def test_each_counter_is_that_of_its_place_in_the_chain_and_instances_are_added_up() -> None:
    assert packets(NOW, KNOWN) == {ALLOWED: 7, DROPPED: 1, GATEWAY: 7}


def test_a_chain_with_other_rules_than_were_loaded_is_no_guess() -> None:
    with pytest.raises(ValueError, match="zip"):
        packets(listing(rule("out_e1", 3)), {"out_e1": KNOWN["out_e1"]})


def test_what_was_counted_stays_when_the_rules_are_loaded_anew() -> None:
    counters = Counters(lambda: NOW, Counter({ALLOWED: 100}), KNOWN)
    empty = network_plan.NetworkPlan("10.0.0.0/16")
    counters.reload(empty, lambda: None)
    assert counters.earlier == {ALLOWED: 107, DROPPED: 1, GATEWAY: 7}
    assert counters.known == {}
    assert counters.total()[ALLOWED] == 107


def test_every_guarded_interface_ends_by_dropping_what_no_rule_let_through() -> None:
    made = decisions(network_plan.read(planned("prod")))
    assert made
    assert all(chain[-1].rule is None for chain in made.values())
    assert all(one.rule for chain in made.values() for one in chain[:-1])


@pytest.mark.usefixtures("daemons")
def test_a_packet_that_is_refused_is_counted_where_it_was_dropped() -> None:
    enter = "from generator.twin import namespaces as n; n.own_world(['-m', 'tests.twin.counted'])"
    ended = subprocess.run(
        [sys.executable, "-c", enter],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    none, let_in, elsewhere, refused, later = map(json.loads, ended.stdout.splitlines())
    assert none == {"allowed": 0, "dropped": 0}
    assert let_in == elsewhere == {"allowed": 1, "dropped": 0}
    assert refused["allowed"] == 1
    assert refused["dropped"] >= 1  # a packet without an answer is sent again
    assert later["dropped"] >= refused["dropped"]
