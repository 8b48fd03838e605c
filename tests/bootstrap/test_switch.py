"""A new .env or password: a container beside the one that serves, and a switch when it is well."""

import os
import signal

import pytest

from .cloud import CREATED, JWT_SECRET, PASSWORD
from .machine import STATE, Machine

NEW = f"JWT_SECRET={JWT_SECRET}\nCLOUD=true\nGREETING=hello\n"


def has_new_settings(machine: Machine) -> bool:
    """Whether new connections reach a container that has them."""
    return "GREETING=hello\n" in machine.container.read_text()


def starts(machine: Machine) -> int:
    return sum(call.startswith("run\t") for call in machine.commands("docker"))


def test_a_new_env_is_served_by_a_second_container_and_the_first_one_goes(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    beside: list[list[str]] = []

    def healthy(name: str) -> bool:
        beside.append([*settled.containers(), settled.route])
        return name == "backend-b" and len(beside) > 2

    settled.healthy = healthy
    assert settled.run("refresh").returncode == 0
    assert beside == [["backend-a", "backend-b", "backend-a"]] * 3
    assert settled.route == "backend-b"
    assert has_new_settings(settled)
    assert settled.containers() == ["backend-b"]
    assert not (settled.root / STATE / "backend-a.env").exists()
    settled.healthy = settled.runs
    settled.cloud.configuration = NEW.replace("hello", "hello again")
    assert settled.run("refresh").returncode == 0
    assert settled.containers() == [settled.route] == ["backend-a"]


def test_the_rule_is_replaced_in_one_transaction_before_dockers(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    assert settled.run("refresh").returncode == 0
    rules = (settled.root / "notes/rules").read_text()
    assert rules.index("delete table ip clinic") < rules.index("dnat to")
    assert "hook prerouting priority dstnat - 10;" in rules
    assert 'iifname != { "clinic0", "docker0" } tcp dport 3000 dnat to' in rules


def test_a_refresh_needs_the_library_of_its_boot_and_no_parameter(settled: Machine) -> None:
    """An update of the stack has deleted it, and an instance that nobody replaced goes on."""
    settled.cloud.failures["GetParameter"] = [(400, '{"__type": "ParameterNotFound"}')] * 99
    settled.cloud.rotate("new-password")
    assert settled.run("refresh").returncode == 0
    assert starts(settled) == 1
    assert settled.cloud.named("GetParameter") == []


def test_a_refresh_without_its_library_leaves_the_container_that_serves(settled: Machine) -> None:
    (settled.root / STATE / "library.sh").unlink()
    settled.cloud.configuration = NEW
    result = settled.run("refresh")
    assert result.returncode != 0
    assert "library.sh: No such file or directory" in result.stderr
    assert settled.containers() == ["backend-a"]


def test_a_rotated_password_makes_a_new_user_and_a_new_container(settled: Machine) -> None:
    settled.cloud.rotate("new&/|\\password")
    assert settled.run("refresh").returncode == 0
    text = settled.container.read_text()
    assert f"DB_USERNAME=backend-{CREATED + 86_400:.0f}\n" in text
    assert "JWT_SECRET=jwt-signing-secret\n" in text
    assert f"set user backend-{CREATED + 86_400:.0f}\n" in (settled.root / "notes/sql").read_text()
    assert starts(settled) == 1
    assert "new&/" not in settled.everything_written() + text
    assert settled.cloud.signals() == []


def test_a_password_that_the_database_refuses_leaves_the_container_alone(settled: Machine) -> None:
    settled.cloud.rotate("not-in-force")
    (settled.root / "notes/master").write_text(PASSWORD)
    assert settled.run("refresh").returncode == 2
    assert starts(settled) == 0
    assert "Is its password in force?" in settled.log().replace("is its", "Is its")
    (settled.root / "notes/master").write_text("not-in-force")
    assert settled.run("refresh").returncode == 0
    assert starts(settled) == 1


@pytest.mark.parametrize("change", ["", "# a comment\n\n"])
def test_nothing_new_restarts_nobody(settled: Machine, change: str) -> None:
    settled.cloud.configuration = f"{change}{settled.cloud.configuration}\n"
    assert settled.run("refresh").returncode == 0
    assert starts(settled) == 0
    assert not (settled.root / "notes/sql").exists()


@pytest.mark.parametrize("what", ["GetSecretValue", "GET /configuration/.env"])
def test_what_cannot_be_read_leaves_the_container_alone(settled: Machine, what: str) -> None:
    settled.cloud.failures[what] = [(400, "AccessDenied")]
    result = settled.run("refresh")
    assert result.returncode != 0
    assert "answered HTTP 400: AccessDenied" in result.stderr
    assert settled.containers() == ["backend-a"]


def test_an_env_that_docker_would_refuse_touches_nothing(settled: Machine) -> None:
    settled.cloud.configuration = f"{NEW}\nexport FOO=bar\n"
    result = settled.run("refresh")
    assert result.returncode != 0
    assert "Docker cannot read line 5 of the .env" in result.stdout
    assert starts(settled) == 0


def refuse(machine: Machine) -> None:
    """Have the machine try an .env with which no backend gets well."""
    machine.cloud.configuration = NEW
    machine.healthy = lambda name: (
        "GREETING" not in (machine.root / "notes/containers" / name).read_text()
    )
    assert machine.run("refresh", HEALTH_SECONDS="0").returncode == 1


def test_an_env_that_does_no_good_is_never_switched_to_nor_tried_twice(settled: Machine) -> None:
    refuse(settled)
    assert settled.containers() == [settled.route] == ["backend-a"]
    said = "\n".join(settled.cloud.shipped())
    assert "--- DEPLOYMENT FAILED: TAKING UP NEW SETTINGS" in said
    assert "The container before goes on serving: push a better .env." in said
    assert settled.run("refresh", LATER_SECONDS="0").returncode == 0
    assert starts(settled) == 1
    settled.cloud.configuration = f"{NEW}BETTER=yes\n"
    settled.healthy = settled.runs
    assert settled.run("refresh").returncode == 0
    assert "BETTER=yes\n" in settled.container.read_text()


def test_a_password_is_taken_up_beside_an_env_that_was_refused(settled: Machine) -> None:
    """Users of two rotations ago are dropped: who waited for a better .env would lose his."""
    refuse(settled)
    settled.cloud.rotate("rotated")
    assert settled.run("refresh").returncode == 0
    text = settled.container.read_text()
    assert f"DB_USERNAME=backend-{CREATED + 86_400:.0f}\n" in text
    assert "GREETING" not in text


def test_a_start_that_failed_is_tried_again_after_a_while(settled: Machine) -> None:
    settled.cloud.rotate("rotated")
    settled.note("fail-run")
    assert settled.run("refresh").returncode == 125
    (settled.root / "notes/fail-run").unlink()
    assert settled.run("refresh").returncode == 0
    assert settled.containers() == ["backend-a"]
    assert settled.run("refresh", LATER_SECONDS="0").returncode == 0
    assert settled.containers() == ["backend-b"]


def test_without_memory_for_two_the_one_that_serves_stays(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    settled.has_memory(free=150)
    assert settled.run("refresh").returncode == 1
    assert settled.containers() == ["backend-a"]
    assert starts(settled) == 0
    said = "\n".join(settled.cloud.shipped())
    assert "Not switched, the container before goes on serving: 150 MiB of memory are free" in said
    settled.has_memory(free=300)
    assert settled.run("refresh", LATER_SECONDS="0").returncode == 0
    assert has_new_settings(settled)


@pytest.mark.parametrize("when", ["started", "switched", "unrouted"])
def test_a_restart_that_was_cut_is_put_in_order_by_the_next_one(
    settled: Machine, when: str
) -> None:
    settled.cloud.configuration = NEW
    if when == "started":
        settled.healthy = lambda _: False
    waits = {"DRAIN_SECONDS": "100"} if when == "switched" else {}
    if when == "unrouted":
        settled.note("fail-nft")
        assert settled.run("refresh").returncode == 1
        (settled.root / "notes/fail-nft").unlink()
    else:
        with settled.start("refresh", **waits) as cut:
            settled.wait_for_text("notes/containers/backend-b", "GREETING=hello")
            if when == "switched":
                settled.wait_for_text("notes/route", "0.3:3000")
                settled.wait_for_text("notes/commands", "sleep\t100")
            os.killpg(cut.pid, signal.SIGKILL)
    settled.healthy = settled.runs
    assert settled.run("refresh").returncode == 0
    assert has_new_settings(settled)
    assert settled.containers() == [settled.route] == ["backend-b"]
    assert settled.run("refresh").returncode == 0


def test_two_restarts_never_run_at_once(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    with settled.start("refresh", DRAIN_SECONDS="100") as first:
        settled.wait_for_text("notes/commands", "sleep\t100")
        settled.cloud.configuration = NEW.replace("hello", "other")
        assert settled.run("refresh").returncode == 0
        assert starts(settled) == 1
        os.killpg(first.pid, signal.SIGTERM)


def test_a_container_of_an_earlier_program_is_switched_from_as_well(settled: Machine) -> None:
    state = settled.root / STATE
    settings = (state / "backend-a.env").read_text()
    (state / "backend.env").unlink()
    (state / "backend.env").write_text(settings)
    (state / "backend-a.env").unlink()
    (settled.root / "notes/containers/backend-a").rename(
        settled.root / "notes/containers/backend-api"
    )
    settled.cloud.configuration = NEW
    assert settled.run("refresh").returncode == 0
    assert settled.containers() == [settled.route] == ["backend-a"]
    assert has_new_settings(settled)
    assert "stop\t-t\t30\tbackend-api" in settled.commands("docker")


def test_the_rule_comes_back_after_a_start_of_the_machine(settled: Machine) -> None:
    settled.cloud.configuration = NEW
    assert settled.run("refresh").returncode == 0
    (settled.root / "notes/route").unlink()
    assert settled.run("route").returncode == 0
    assert settled.route == "backend-b"
