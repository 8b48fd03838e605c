"""The AWS CLI's command: what it is, what it needs, and its run on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from generator.application.shell import session
from generator.application.shell.choose import Instance
from generator.cloud import backend
from generator.cloud.aws import Aws, connect
from generator.cloud.deploy import DeployOptions, deploy
from generator.cloud.environment import load
from generator.errors import ClinicError
from generator.local import Endpoint
from generator.policies import operator
from generator.report import Report
from tests.cloud.conftest import new_account
from tests.cloud.test_diagnose import DENIED, Stubbed
from tests.conftest import ROOT, Ended

Clinic = Callable[..., Ended]
WELL = Instance("i-0123456789abcdef0", "InService", "healthy")
AWS = """#!/bin/sh
# Stands in for the AWS CLI: what it was called with, and the keys that a session gets.
for word in "$@"; do echo "word: ${word}"; done
[ -t 0 ] && [ -t 1 ] && echo "on a terminal"
trap 'echo "got Ctrl-C"; exit ${CODE}' INT
echo ready
while :; do sleep 0.1; done
"""


@pytest.fixture(scope="module")
def deployed(endpoint: Endpoint) -> dict[str, str]:
    """The variables of an account of the endpoint in which dev is deployed."""
    variables = {**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()}
    options = DeployOptions(True, report=Report(brief=True), pace=0.02)
    deploy(connect(variables=variables), load("dev", ROOT / "params"), options)
    return variables


@pytest.fixture
def at_endpoint(deployed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Aws:
    for name, value in deployed.items():
        monkeypatch.setenv(name, value)
    return connect(variables=deployed)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs, before all others."""
    for name in session.PAGES:
        (tmp_path / name).write_text(AWS)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def on_terminal(*arguments: str, code: int = 0) -> tuple[int, str]:
    """Run `clinic shell` on a terminal, press Ctrl-C once the session is there; how it ended, and
    what the terminal shows."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        variables = {**os.environ, "CODE": str(code)}
        words = [sys.executable, "-m", "generator", "shell", *arguments]
        os.execve(sys.executable, words, variables)
    shown, deadline, pressed = "", time.monotonic() + 60, False
    while True:
        assert time.monotonic() < deadline, shown
        try:
            read = os.read(master, 65536)
        except OSError:  # Linux's way to say that nobody has the terminal open any more
            break
        if not read:
            break
        shown += read.decode()
        if "ready" in shown and not pressed:
            os.write(master, b"\x03")
            pressed = True
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def test_a_session_is_opened_on_the_terminal_and_ctrl_c_is_its_own(
    at_endpoint: Aws, programs: Path
) -> None:
    [group] = at_endpoint.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    instance = backend.instances(group)[0]["InstanceId"]
    code, shown = on_terminal("dev")
    lines = shown.splitlines()
    assert code == 0
    assert lines[0].startswith(f"On {instance} (InService, ")
    words = [line.removeprefix("word: ") for line in lines if line.startswith("word: ")]
    assert words == ["ssm", "start-session", "--target", instance, "--region", at_endpoint.region]
    assert "on a terminal" in lines
    assert lines[-1].endswith("got Ctrl-C")


def test_a_session_that_fails_is_exit_code_1(at_endpoint: Aws, programs: Path) -> None:
    code, shown = on_terminal("dev", code=254)
    assert code == 1
    assert "the session ended with code 254" in shown
    assert "Traceback" not in shown


def test_json_is_the_command_and_nothing_is_opened(
    at_endpoint: Aws, programs: Path, clinic: Clinic
) -> None:
    (programs / "aws").unlink()
    ended = clinic("shell", "dev", "--json")
    opened, done = map(json.loads, ended.out.splitlines())
    assert (ended.code, opened["kind"], done["kind"]) == (0, "session", "done")
    assert opened["command"][:4] == ["aws", "ssm", "start-session", "--target"]
    assert opened["command"][4] == opened["instance"]


@pytest.mark.parametrize("program", sorted(session.PAGES))
def test_a_missing_program_is_one_sentence_with_the_page_to_install_it(
    program: str, programs: Path, monkeypatch: pytest.MonkeyPatch, clinic: Clinic
) -> None:
    monkeypatch.setattr(session, "terminal", lambda: True)
    monkeypatch.setenv("PATH", str(programs))
    (programs / program).unlink()
    ended = clinic("shell", "dev")
    assert (ended.code, ended.out) == (2, "")
    [line] = ended.err.splitlines()
    assert f"`{program}`" in line
    assert line.endswith(session.PAGES[program][1])


def test_a_pipe_gets_no_shell(programs: Path, clinic: Clinic) -> None:
    ended = clinic("shell", "dev")
    assert (ended.code, ended.out) == (2, "")
    assert "a shell needs a terminal" in ended.err


def test_the_operators_policy_allows_the_document_that_is_used() -> None:
    assert operator.SHELL.endswith(f":document/{session.DOCUMENT}")
    stubbed = Stubbed().aws
    plain = session.command(stubbed, WELL, None, container=False)
    assert "--document-name" not in plain
    inside = session.command(stubbed, WELL, "clinic", container=True)
    assert inside[inside.index("--document-name") + 1] == session.DOCUMENT
    assert inside[inside.index("--profile") + 1] == "clinic"
    assert json.loads(inside[-1]) == {session.PARAMETER: [session.CONTAINER]}


@pytest.mark.parametrize("page", ["docs/security.md", "docs/es/security.md"])
def test_the_document_that_the_pages_show_runs_the_parameter(page: str) -> None:
    text = (ROOT / page).read_text()
    shown = re.search(rf"{session.DOCUMENT} --document-type.*?--content '(.*?)'\n", text, re.DOTALL)
    assert shown
    document = json.loads(shown[1])
    assert document["inputs"]["shellProfile"]["linux"] == f"{{{{ {session.PARAMETER} }}}}"
    assert document["parameters"][session.PARAMETER]["type"] == "String"
    assert "{{" not in session.CONTAINER
    assert len(session.CONTAINER) <= 512


def document(content: str) -> Aws:
    stubbed = Stubbed()
    stubbed.say("ssm", "get_document", Content=content)
    return stubbed.aws


def test_a_document_with_the_parameter_is_well() -> None:
    session.require_parameter(document(json.dumps({"parameters": {session.PARAMETER: {}}})))


def test_an_account_without_the_document_or_its_parameter_is_a_sentence() -> None:
    absent = Stubbed()
    absent.of("ssm").add_client_error("get_document", "InvalidDocument")
    for aws in (absent.aws, document("{}"), document('{"inputs": {}}')):
        with pytest.raises(ClinicError, match=r"docs/security\.md shows") as refused:
            session.require_parameter(aws)
        assert refused.value.exit_code == 3
        assert session.CONTAINER in str(refused.value)


def test_another_refusal_is_not_taken_for_an_absent_document() -> None:
    stubbed = Stubbed()
    stubbed.of("ssm").add_client_error("get_document", **DENIED)
    with pytest.raises(ClientError):
        session.require_parameter(stubbed.aws)


def test_the_container_is_the_one_that_serves(tmp_path: Path) -> None:
    """Run as the session's shell would: the link that the boot programs change over."""
    settings = (ROOT / "generator/bootstrap/settings.sh").read_text()
    assert "${STATE:=${ROOT}/var/lib/clinic-backend}" in settings
    (tmp_path / "backend-b.env").touch()
    (tmp_path / "backend.env").symlink_to("backend-b.env")
    for name, body in {"sudo": 'exec "$@"', "docker": 'echo "$@"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    text = session.CONTAINER.replace("/var/lib/clinic-backend", str(tmp_path))
    variables = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def ran() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f"{text}\necho not replaced"],
            env=variables,
            capture_output=True,
            text=True,
        )

    assert ran().stdout == "exec -it backend-b sh\n"
    (tmp_path / "backend.env").unlink()
    assert ran().stdout == ""
    assert ran().returncode


def test_keys_are_as_before_once_the_session_is_over() -> None:
    before = {key: signal.getsignal(key) for key in session.KEYS}
    session.run([sys.executable, "-c", ""])
    assert {key: signal.getsignal(key) for key in session.KEYS} == before
