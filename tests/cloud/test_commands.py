"""The commands, as a person calls them: exit codes and sentences."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.local import Endpoint
from tests.objects import judged

from .conftest import new_account

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


SET = ("stack-set", "dev", "--accounts", "111122223333", "--regions", "us-east-1")


@pytest.fixture
def environment(endpoint: Endpoint) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    account = {"AWS_ACCESS_KEY_ID": new_account()}
    return {**kept, **endpoint.environment, **account, "AWS_CONFIG_FILE": os.devnull}


@pytest.fixture
def clinic(environment: dict[str, str]) -> Run:
    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [sys.executable, "-m", "generator", *arguments],
            env={**environment, **variables},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if "--json" in arguments:
            judged(arguments, ended.returncode, ended.stdout)
        return ended

    return run


def test_the_whole_life_of_a_stack_by_hand(clinic: Run) -> None:
    planned = clinic("deploy", "dev", "--plan")
    assert planned.returncode == 0
    assert planned.stdout.startswith("check: nothing found by lint, ")
    assert "Nothing was changed." in planned.stdout
    assert clinic("status", "dev").returncode == 2
    deployed = clinic("deploy", "dev", "--yes")
    assert deployed.returncode == 0, deployed.stderr
    assert "SiteUrl" in deployed.stdout
    assert "Smoke: " in deployed.stdout
    again = clinic("deploy", "dev", "--yes", "--no-smoke")
    assert "Smoke: " not in again.stdout
    assert "nothing to change" in again.stdout
    shown = clinic("status", "dev")
    assert shown.returncode == 0
    assert "aws logs tail" in shown.stdout
    assert clinic("recover", "dev").returncode == 0
    unasked = clinic("destroy", "dev")
    assert unasked.returncode == 2
    assert unasked.stderr.splitlines()[-1] == (
        "clinic: nobody can be asked here: nothing was changed; give --yes."
    )
    assert clinic("status", "dev").returncode == 0
    assert clinic("destroy", "dev", "--yes").returncode == 0
    assert clinic("status", "dev").returncode == 2


def test_json_is_all_that_is_printed(clinic: Run) -> None:
    told = clinic("deploy", "dev", "--plan", "--json")
    kinds = {json.loads(line)["kind"] for line in told.stdout.splitlines()}
    assert kinds == {"check", "upload", "change", "done"}


def kinds(told: subprocess.CompletedProcess[str]) -> list[str]:
    """What a run told programs, in order, each kind once; no line may be anything else."""
    assert told.returncode == 0, told.stderr
    return list(dict.fromkeys(json.loads(line)["kind"] for line in told.stdout.splitlines()))


def test_the_whole_life_of_a_stack_is_told_to_programs(clinic: Run) -> None:
    assert kinds(clinic("destroy", "dev", "--json")) == ["done"]
    assert kinds(clinic("recover", "dev", "--json")) == ["done"]
    made = kinds(clinic("deploy", "dev", "--yes", "--json", "--no-smoke"))
    assert made == ["check", "upload", "change", "event", "done"]
    assert kinds(clinic("recover", "dev", "--json")) == ["stack", "done"]
    unasked = clinic("destroy", "dev", "--json")
    assert (unasked.returncode, "Type clinic-dev" in unasked.stderr) == (2, True)
    assert [json.loads(line)["kind"] for line in unasked.stdout.splitlines()][-3:] == [
        *("fate", "error", "done")
    ]
    destroyed = clinic("destroy", "dev", "--yes", "--json")
    assert kinds(destroyed) == ["fate", "emptied", "event", "left", "done"]


def test_a_stack_set_is_told_to_programs(clinic: Run) -> None:
    assert kinds(clinic(*SET, "--yes", "--json")) == ["place", "operation", "instance", "done"]
    assert kinds(clinic(*SET, "--remove", "--yes", "--json")) == ["place", "operation", "done"]
    assert kinds(clinic(*SET, "--remove", "--yes", "--json")) == ["done"]


def test_a_rehearsal_is_told_to_programs(clinic: Run) -> None:
    told = clinic("rehearse", "dev", "--json")
    found = [json.loads(line) for line in told.stdout.splitlines()]
    assert {"check", "step", "layer", "lost", "push", "sent", "refused"} <= set(kinds(told))
    assert [one["number"] for one in found if one["kind"] == "step"] == list(range(1, 10))
    assert [one["exit_code"] for one in found if one["kind"] == "refused"] == [3, 1]
    assert found[-2:] == [
        {"kind": "rehearsed", "stack": "clinic-dev"},
        {"kind": "done", "exit_code": 0},
    ]


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (("deploy", "nowhere"), {}, "no environment"),
        (("deploy", "dev"), {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "--region"),
        (("status", "dev", "--profile", "nobody"), {}, "nobody"),
        (("deploy", "dev"), {"AWS_ENDPOINT_URL": "nothing"}, "AWS_ENDPOINT_URL"),
        (("deploy", "dev"), {}, "give --yes"),
        (("stack-set", "dev", "--accounts", "12", "--regions", "us-east-1"), {}, "twelve digits"),
        (SET, {}, "nobody can be asked here: nothing was changed; give --yes."),
    ],
)
def test_bad_input_is_one_sentence(
    clinic: Run, arguments: tuple[str, ...], variables: dict[str, str], says: str
) -> None:
    told = clinic(*arguments, **variables)
    assert told.returncode == 2
    assert says in told.stderr
    assert told.stderr.startswith("clinic: ")
    assert len(told.stderr.splitlines()) == 1


def test_ctrl_c_in_a_pipe_detaches(environment: dict[str, str]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "generator", "deploy", "dev", "--yes"],
        env=environment,
        # What runs in the background inherits that Ctrl-C is ignored; a person's shell does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    # The first event: the operation has begun.
    assert next(line for line in child.stdout if "CREATE_IN_PROGRESS" in line)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "`clinic deploy dev` follows it" in errors
    assert "Traceback" not in errors


def test_drift_is_something_that_was_found(clinic: Run) -> None:
    """The emulator takes the secret of a nested stack for deleted."""
    assert clinic("deploy", "dev", "--yes", "--no-smoke").returncode == 0
    assert clinic("status", "dev").returncode == 0
    drifted = clinic("status", "dev", "--drift")
    assert (drifted.returncode, drifted.stderr) == (1, "")
    assert "DatabaseSecret      DELETED" in drifted.stdout


@pytest.mark.parametrize(
    "command", ["deploy", "status", "recover", "destroy", "stack-set", "rehearse"]
)
def test_every_command_explains_itself(clinic: Run, command: str) -> None:
    told = clinic(command, "--help")
    assert told.returncode == 0
    assert f"clinic {command}" in told.stdout


def test_an_interrupted_rehearsal_says_nothing_of_aws(environment: dict[str, str]) -> None:
    """Its endpoint ends with it, so nothing goes on that `clinic deploy` could follow."""
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", "rehearse", "dev"],
        env=environment,
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any("CREATE_IN_PROGRESS" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err.strip()) == (130, "clinic: interrupted")
