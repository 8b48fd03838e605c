"""Instances take up new settings one after the other, whatever breaks on the way."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .cloud import JWT_SECRET, TURN, Cloud
from .conftest import Fleet
from .machine import Machine

NEW = f"JWT_SECRET={JWT_SECRET}\nCLOUD=true\nGREETING=hello\n"
OTHER = "i-00000000000000042"


def events(machine: Machine) -> list[str]:
    """What happened to containers, over all machines of a fleet: down ID, up ID."""
    return Path(machine.environment()["EVENTS"]).read_text().splitlines()


def has_new_settings(machine: Machine) -> bool:
    return machine.container.exists() and "GREETING=hello\n" in machine.container.read_text()


def entry(cloud: Cloud) -> str:
    """What the turn object says, without whom and which settings it is about."""
    return cloud.turn.partition(" ")[0]


def refresh_together(machines: list[Machine]) -> list[int]:
    # Started by one thread: beside another one's fork the kernel calls a script that has just been
    # written busy.
    started = [machine.start("refresh") for machine in machines]
    with ThreadPoolExecutor(len(machines)) as pool:
        list(pool.map(lambda process: process.communicate(timeout=300), started))
    return [process.returncode for process in started]


def assert_never_two_at_once(happened: list[str]) -> None:
    down = set[str]()
    for event in happened:
        what, _, name = event.partition(" ")
        down = down | {name} if what == "down" else down - {name}
        assert len(down) <= 1, happened


def test_a_new_env_restarts_instances_one_after_the_other(fleet: Fleet) -> None:
    machines = fleet(3)
    for machine in machines:
        machine.note("slow")
    machines[0].cloud.configuration = NEW
    assert refresh_together(machines) == [0, 0, 0]
    assert all(map(has_new_settings, machines))
    happened = events(machines[0])
    assert len(happened) == 6
    assert_never_two_at_once(happened)
    assert entry(machines[0].cloud) == "free"


def test_a_rotated_password_waits_for_its_turn_too(fleet: Fleet) -> None:
    machines = fleet(2)
    machines[0].cloud.secret["password"] = "rotated-password"
    assert refresh_together(machines) == [0, 0]
    assert all("DB_PASSWORD=rotated-password\n" in m.container.read_text() for m in machines)
    assert_never_two_at_once(events(machines[0]))


def test_a_change_of_comments_restarts_nobody(settled: Machine) -> None:
    settled.cloud.configuration = f"# a comment\n\n{settled.cloud.configuration}\n"
    assert settled.run("refresh").returncode == 0
    assert settled.commands("docker") == []


def test_nobody_restarts_while_another_one_has_the_turn(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    settled.cloud.turn = f"taken {OTHER} abc"
    settled.cloud.targets[OTHER] = lambda: "unhealthy"
    assert settled.run("refresh", TURN_SECONDS="0").returncode != 0
    assert not has_new_settings(settled)
    assert settled.container.exists()
    assert settled.cloud.turn == f"taken {OTHER} abc"


def test_whoever_the_balancer_no_longer_knows_has_lost_the_turn(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    settled.cloud.turn = f"taken {OTHER} abc"
    assert settled.run("refresh").returncode == 0
    assert has_new_settings(settled)
    assert entry(settled.cloud) == "free"


def test_the_turn_is_kept_while_the_balancer_does_not_answer(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    settled.cloud.turn = f"taken {OTHER} abc"
    settled.cloud.failures["DescribeTargetHealth"] = [(400, "AccessDenied")] * 99
    assert settled.run("refresh", TURN_SECONDS="0").returncode != 0
    assert not has_new_settings(settled)


def test_the_only_one_in_service_stays_until_another_one_is(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    settled.cloud.targets[OTHER] = lambda: "initial"
    assert settled.run("refresh", SERVICE_SECONDS="0").returncode != 0
    assert not has_new_settings(settled)
    assert entry(settled.cloud) == "free"
    settled.cloud.targets[OTHER] = lambda: "healthy"
    assert settled.run("refresh").returncode == 0
    assert has_new_settings(settled)


def test_the_turn_is_passed_on_only_when_the_balancer_sees_the_instance(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    seen = list[str]()

    def state() -> str:
        if has_new_settings(settled):
            seen.append(entry(settled.cloud))
        return "unhealthy" if len(seen) < 3 else "healthy"

    settled.cloud.targets[settled.instance] = state
    assert settled.run("refresh").returncode == 0
    assert seen == ["taken"] * 3
    assert entry(settled.cloud) == "free"


def test_settings_that_do_no_good_are_undone_and_tried_by_nobody_else(fleet: Fleet) -> None:
    first, second = fleet(2)
    cloud = first.cloud
    cloud.configuration = NEW
    first.healthy = lambda: first.container.exists() and not has_new_settings(first)
    assert first.run("refresh", HEALTH_SECONDS="0").returncode != 0
    assert first.container.exists()
    assert not has_new_settings(first)
    assert entry(cloud) == "refused"
    assert "--- DEPLOYMENT FAILED: TAKING UP NEW SETTINGS" in "\n".join(cloud.shipped())
    assert second.run("refresh", TURN_SECONDS="0").returncode != 0
    assert not has_new_settings(second)
    first.healthy = first.container.exists
    cloud.configuration = f"{NEW}# once more\n"
    assert refresh_together([first, second]) == [0, 0]
    assert has_new_settings(first)
    assert has_new_settings(second)


def test_a_restart_that_was_cut_is_finished_by_the_next_one(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    settled.healthy = lambda: False
    with settled.start("refresh") as cut:
        settled.wait_for_text("notes/container", "GREETING=hello")
        settled.wait_for_text("var/lib/clinic-backend/backend.env", "GREETING=hello")
        os.killpg(cut.pid, signal.SIGTERM)
    assert entry(settled.cloud) == "taken"
    settled.healthy = settled.container.exists
    assert settled.run("refresh").returncode == 0
    assert has_new_settings(settled)
    assert entry(settled.cloud) == "free"
    assert settled.run("refresh").returncode == 0


def test_a_turn_that_could_not_be_passed_on_is_passed_on_later(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    lost = [(503, "SlowDown")] * 6
    settled.cloud.on(f"PUT {TURN}", 0, lambda: settled.cloud.failures.update({f"PUT {TURN}": []}))
    settled.cloud.on(f"PUT {TURN}", 1, lambda: settled.cloud.failures.update({f"PUT {TURN}": lost}))
    settled.run("refresh")
    assert entry(settled.cloud) == "taken"
    lost.clear()
    assert settled.run("refresh").returncode == 0
    assert entry(settled.cloud) == "free"


def test_an_env_that_docker_would_refuse_touches_nothing(settled: Machine) -> None:
    settled.cloud.configuration = f"{NEW}\nexport FOO=bar\n"
    result = settled.run("refresh")
    assert result.returncode != 0
    assert "Docker cannot read line 5 of the .env" in result.stdout
    assert settled.container.exists()
    assert settled.cloud.turn == ""


def test_an_env_that_cannot_be_read_touches_nothing(settled: Machine) -> None:
    settled.cloud.failures["GET /configuration/.env"] = [(403, "AccessDenied")]
    assert settled.run("refresh").returncode != 0
    assert f"JWT_SECRET={JWT_SECRET}\n" in settled.container.read_text()
    assert settled.run("refresh").returncode == 0
    assert settled.commands("docker") == []
