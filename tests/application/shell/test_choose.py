"""Which instance a shell is opened on."""

from __future__ import annotations

from typing import Any

import pytest

from generator.application.shell.choose import choose
from generator.cloud import backend
from generator.cloud.backend import Backend, TargetHealth
from generator.cloud.stacks import Stack
from generator.errors import ClinicError
from tests.cloud.test_diagnose import Stubbed

BOOTING, SICK, WELL, LEAVING = (f"i-000000000000{n}aaaa" for n in range(4))
MEMBERS = {BOOTING: "Pending", SICK: "InService", WELL: "InService", LEAVING: "Terminating"}
TARGETS = {SICK: "unhealthy", WELL: "healthy", LEAVING: "draining"}


@pytest.fixture
def have(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the stack have these instances, of MEMBERS."""

    def these(*instances: str) -> Any:
        stack = Stack("id", "clinic-dev", "UPDATE_COMPLETE", "", {}, {})
        monkeypatch.setattr(backend, "of_stack", lambda *_: Backend(stack, "group", "log"))
        members = [{"InstanceId": i, "LifecycleState": MEMBERS[i]} for i in instances]
        targets = [TargetHealth(i, TARGETS[i], "", "") for i in instances if i in TARGETS]
        monkeypatch.setattr(backend, "group", lambda *_: {"Instances": members})
        monkeypatch.setattr(backend, "targets", lambda *_: targets)
        return Stubbed().aws

    return these


def test_a_healthy_instance_comes_first_then_one_in_service(have: Any) -> None:
    assert choose(have(BOOTING, SICK, LEAVING, WELL), "clinic-dev").id == WELL
    assert choose(have(BOOTING, LEAVING, SICK), "clinic-dev").id == SICK
    assert choose(have(BOOTING), "clinic-dev").id == BOOTING


def test_it_says_how_the_instance_is(have: Any) -> None:
    assert str(choose(have(WELL), "clinic-dev")) == f"{WELL} (InService, healthy)"
    booting = choose(have(BOOTING), "clinic-dev")
    assert str(booting) == f"{BOOTING} (Pending, unknown to the balancer)"


@pytest.mark.parametrize("wanted", [SICK, "1aaaa"])
def test_one_is_named_by_its_id_or_the_end_of_it(have: Any, wanted: str) -> None:
    assert choose(have(WELL, SICK), "clinic-dev", wanted).id == SICK


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("i-nobody", '"i-nobody" is no instance of clinic-dev'), ("aaaa", "the end of several")],
)
def test_a_name_of_none_or_of_several_is_a_sentence_with_those_there_are(
    have: Any, wanted: str, words: str
) -> None:
    with pytest.raises(ClinicError, match=words) as refused:
        choose(have(WELL, SICK), "clinic-dev", wanted)
    assert refused.value.exit_code == 2
    assert WELL in str(refused.value)
    assert f"{SICK} (InService, unhealthy)" in str(refused.value)


def test_a_stack_without_instances_is_no_bad_input(have: Any) -> None:
    with pytest.raises(ClinicError, match="no instance now: `clinic doctor dev`") as refused:
        choose(have(), "clinic-dev", WELL)
    assert refused.value.exit_code == 1
