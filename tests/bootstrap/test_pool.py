"""Instances of a group with a warm pool say when they have booted, and when they have woken."""

from pathlib import Path

from .cloud import GROUP, INSTANCE, Call
from .machine import Machine

POOLED = {"WARM_POOL_SIZE": "1"}


def ready(machine: Machine) -> list[Call]:
    return machine.cloud.named("CompleteLifecycleAction")


def test_it_may_be_stopped_once_it_has_booted(machine: Machine) -> None:
    well: list[bool] = []
    machine.cloud.on("CompleteLifecycleAction", 0, lambda: well.append(machine.runs("backend-a")))
    assert machine.run(**POOLED).returncode == 0
    [call] = ready(machine)
    assert well == [True]
    assert call.body["AutoScalingGroupName"] == GROUP
    assert (call.body["LifecycleHookName"], call.body["InstanceId"]) == ("boot", INSTANCE)
    assert call.body["LifecycleActionResult"] == "CONTINUE"
    order = [call.operation for call in machine.cloud.calls]
    assert order.index("CompleteLifecycleAction") < order.index("SignalResource")


def test_a_boot_that_failed_never_joins(machine: Machine) -> None:
    machine.healthy = lambda _: False
    assert machine.run(**POOLED, HEALTH_SECONDS="0").returncode != 0
    assert ready(machine) == []
    assert machine.cloud.signals() == ["FAILURE"]


def test_a_woken_one_joins_when_its_container_is_well_again(machine: Machine) -> None:
    assert machine.run(**POOLED).returncode == 0
    woken = Path(machine.root, "var/lib/cloud/scripts/per-boot/wake")
    assert woken.stat().st_mode & 0o777 == 0o755
    assert woken.read_text() == "#!/bin/sh\n/usr/local/sbin/clinic-backend wake\n"
    machine.healthy = lambda _: len(ready(machine)) > 1
    assert machine.run("wake", **POOLED, HEALTH_SECONDS="0").returncode != 0
    assert len(ready(machine)) == 1
    machine.healthy = machine.runs
    machine.cloud.failures["SignalResource"] = [(400, "no operation is in progress")]
    assert machine.run("wake", **POOLED).returncode == 0
    assert len(ready(machine)) == 2
    assert len(machine.cloud.signals()) == 2


def test_one_that_slept_through_two_rotations_joins_with_the_container_made_meanwhile(
    settled: Machine,
) -> None:
    """The database has dropped the user of the container that Docker starts."""
    settled.healthy = lambda name: name == "backend-b" and settled.runs(name)
    settled.cloud.rotate("another")
    settled.cloud.rotate("and-another")
    assert settled.run("route", **POOLED).returncode == 0
    program = settled.root / "usr/local/sbin/clinic-backend"
    with settled.start("wake", program=program, **POOLED, HEALTH_SECONDS="15") as waking:
        with settled.start("refresh", program=program, **POOLED) as refreshing:
            refreshing.communicate(timeout=60)
        assert refreshing.returncode == 0
        waking.communicate(timeout=60)
    assert waking.returncode == 0
    assert len(ready(settled)) == 1


def test_without_a_pool_nobody_is_told(born: Machine) -> None:
    assert ready(born) == []
    assert not Path(born.root, "var/lib/cloud").exists()
