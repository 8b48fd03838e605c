"""A migration runs once, in the new image, before anything is replaced; its failure stops all."""

from __future__ import annotations

import shlex
import subprocess
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from generator import bootstrap
from generator.application.release import migrate
from generator.errors import ClinicError
from generator.functions.release_backend import COMMENT
from tests.bootstrap.conftest import machine
from tests.bootstrap.generated import MADE
from tests.bootstrap.machine import Machine
from tests.bootstrap.test_boot import TO_BUILD

from .stage import FIRST, NEXT, SCRIPT, Scene, rolled

__all__ = ["machine"]
COMMAND = "npm run migration:run && echo 'done'"


def shell(image: str, command: str) -> str:
    """What an instance's shell is sent, whatever is in the command."""
    return shlex.join(["bash", "-c", SCRIPT, "migrate", image, command])


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PAUSE", 0.0)


class Manager:
    """Systems Manager as a stub: what is expected of it, and what it answers."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.stub = scene, Stubber(scene.aws.client("ssm"))
        self.instance = min(instance.id for instance in scene.group().instances)
        self.comment = ""

    def knows(self, *commands: dict[str, Any]) -> None:
        self.stub.add_response("list_commands", {"Commands": list(commands)})

    def takes(self) -> None:
        expected = {
            "DocumentName": "AWS-RunShellScript",
            "InstanceIds": [self.instance],
            "Comment": ANY,
            "Parameters": {"commands": [shell(NEXT, COMMAND)], "executionTimeout": ["3600"]},
        }
        self.stub.add_response("send_command", {"Command": {"CommandId": "c" * 36}}, expected)

    def ends(self, *states: str, **more: Any) -> None:
        wanted = {"CommandId": "c" * 36, "InstanceId": self.instance}
        comment = f"{COMMENT}{self.scene.group().template} 2 x"
        for state in states:
            told = {"Comment": comment, "Status": state, **more}
            self.stub.add_response("get_command_invocation", told, wanted)


def test_it_runs_before_the_refresh_and_its_words_are_shown(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    manager = Manager(scene)
    manager.knows()
    manager.takes()
    manager.stub.add_client_error("get_command_invocation", "InvocationDoesNotExist")
    manager.ends("Pending", "InProgress")
    manager.ends("Success", StandardOutputContent="made table\x1b[31m patients\n")
    with manager.stub:
        assert rolled(scene, migration=COMMAND)
        manager.stub.assert_no_pending_responses()
    out = capsys.readouterr().out
    assert out.index("made table") < out.index("refresh ")
    assert "\x1b" not in out
    assert scene.runs() == {NEXT}


def test_its_failure_stops_the_release_with_nothing_replaced(scene: Scene) -> None:
    manager = Manager(scene)
    manager.knows()
    manager.takes()
    manager.ends("Failed", ResponseCode=7, StandardErrorContent="no such\ntable\n")
    with manager.stub, pytest.raises(ClinicError, match="exit code 7") as told:
        rolled(scene, migration=COMMAND)
    assert told.value.exit_code == 1
    assert "table" in str(told.value)
    assert scene.refreshes() == []
    assert scene.versions() == {"1": FIRST}


@pytest.mark.parametrize("status", ["Success", "InProgress"])
def test_a_second_run_does_not_start_it_again(scene: Scene, status: str) -> None:
    """The first one was killed after it had sent the command."""
    manager = Manager(scene)
    manager.knows()
    manager.takes()
    manager.stub.add_client_error("get_command_invocation", "AccessDeniedException")
    sent: list[str] = []
    scene.aws.client("ssm").meta.events.register(
        "provide-client-params.ssm.SendCommand", lambda params, **_: sent.append(params["Comment"])
    )
    with manager.stub, pytest.raises(ClinicError):
        rolled(scene, migration=COMMAND)
    known = {"CommandId": "c" * 36, "InstanceIds": [manager.instance], "Status": status}
    manager.knows({"Comment": "another"}, {**known, "Comment": sent[0]})
    if status == "InProgress":
        manager.ends("Success")
    with manager.stub:
        assert rolled(scene, migration=COMMAND)
        manager.stub.assert_no_pending_responses()
    assert scene.runs() == {NEXT}


def test_an_instance_out_of_reach_is_said(scene: Scene) -> None:
    manager = Manager(scene)
    manager.knows()
    manager.stub.add_client_error("send_command", "InvalidInstanceId")
    with manager.stub, pytest.raises(ClinicError, match="does not reach i-") as told:
        rolled(scene, migration=COMMAND)
    assert told.value.exit_code == 3
    assert scene.refreshes() == []


DOCKER = """#!/bin/bash
printf '%s\\n' "$@" >>"${NOTES}/migration"
if [[ "$1" == login ]]; then cat >"${NOTES}/password"; fi
if [[ "$1" == run ]]; then cat "$4" >"${NOTES}/settings"; fi
if [[ "$1" == run && -e "${NOTES}/fail-migration" ]]; then echo "no table" >&2 && exit 7; fi
"""
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/backend:2"


def migrated(machine: Machine, image: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """On an instance that has booted into another image, what Systems Manager would run."""
    assert machine.run(**settings).returncode == 0
    (machine.root / "bin/docker").write_text(DOCKER)
    program = machine.root / "usr/local/sbin/clinic-backend"
    return subprocess.run(
        [*machine.place.prefix, "/bin/sh", "-c", shell(image, COMMAND)],
        env=machine.environment() | {"CLINIC_BACKEND": str(program)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_instance_runs_it_in_the_new_image_with_the_settings_of_the_one_that_serves(
    machine: Machine,
) -> None:
    done = migrated(machine, ECR)
    assert done.returncode == 0, done.stderr
    asked = (machine.root / "notes/migration").read_text()
    assert asked.index("login") < asked.index("pull") < asked.index("run")
    assert asked.endswith(f"{ECR}\nsh\n-c\n{COMMAND}\n")
    assert "--rm\n" in asked
    assert "--detach" not in asked
    settings = (machine.root / "notes/settings").read_text()
    assert "DB_HOST=127.0.0.1" in settings
    assert "JWT_SECRET=" in settings
    assert (machine.root / "notes/password").exists()


def test_a_tag_alone_is_migrated_with_from_the_own_registry(machine: Machine) -> None:
    done = migrated(machine, ":2")
    assert done.returncode == 0, done.stderr
    asked = (machine.root / "notes/migration").read_text()
    assert asked.endswith(f"{MADE['ImageRepository']}:2\nsh\n-c\n{COMMAND}\n")


def test_a_command_that_fails_fails_on_the_instance(machine: Machine) -> None:
    machine.note("fail-migration")
    done = migrated(machine, NEXT)
    assert done.returncode == 7
    assert "no table" in done.stderr
    assert "login" not in (machine.root / "notes/migration").read_text()


def test_an_instance_that_built_its_image_pulls_the_new_one(machine: Machine) -> None:
    done = migrated(machine, ECR, **TO_BUILD)
    assert done.returncode == 0, done.stderr
    asked = (machine.root / "notes/migration").read_text()
    assert asked.index("login") < asked.index("pull") < asked.index("run")
    assert "build" not in asked


def test_the_script_takes_all_of_the_program_but_what_acts() -> None:
    lines = bootstrap.part(*bootstrap.FILES).splitlines()
    acts = lines.index('case "${1:-boot}" in')
    assert len(lines) - acts < 10
