"""The process: where it listens, when it ends, what it says when it cannot start."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from generator.local import Endpoint, EndpointError, embedded_endpoint

ROOT = Path(__file__).parents[2]


def listening(pid: int) -> list[str]:
    """The addresses, as the kernel writes them, on which a process accepts connections."""
    sockets = {os.readlink(f) for f in Path(f"/proc/{pid}/fd").iterdir() if f.is_symlink()}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


def gone(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False


def test_the_endpoint_listens_on_one_port_of_loopback_and_nowhere_else(endpoint: Endpoint) -> None:
    port = int(endpoint.url.rsplit(":", 1)[1])
    assert listening(endpoint.pid) == [f"0100007F:{port:04X}"]


def test_its_environment_is_all_that_boto3_needs(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in endpoint.environment.items():
        monkeypatch.setenv(name, value)
    identity = boto3.Session().client("sts").get_caller_identity()
    assert identity["Account"] == endpoint.account


def test_two_endpoints_share_nothing_and_both_end_with_their_block(endpoint: Endpoint) -> None:
    with embedded_endpoint(account="444455556666", region="eu-west-1") as other:
        assert other.url != endpoint.url
        assert other.environment["AWS_REGION"] == "eu-west-1"
    assert gone(other.pid)
    assert not gone(endpoint.pid, 0.1)


def test_no_variable_of_the_caller_reaches_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")
    monkeypatch.setenv("MINISTACK_REGION", "ap-south-1")
    with embedded_endpoint() as running:
        environment = Path(f"/proc/{running.pid}/environ").read_text()
    assert "a-token" not in environment
    assert "ap-south-1" not in environment


def test_a_proxy_of_the_caller_is_not_asked_for_the_endpoints_own_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = '{"Resources": {"Address": {"Type": "AWS::EC2::EIP"}}}'
    with monkeypatch.context() as patch:
        patch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "example.com")
        with embedded_endpoint() as running:
            patch.setenv("no_proxy", "127.0.0.1")
            secret = running.environment["AWS_SECRET_ACCESS_KEY"]
            session = boto3.Session(running.account, secret, region_name="us-east-1")
            api = session.client("cloudformation", endpoint_url=running.url)
            api.create_stack(StackName="proxied", TemplateBody=template)
            api.get_waiter("stack_create_complete").wait(
                StackName="proxied", WaiterConfig={"Delay": 1, "MaxAttempts": 10}
            )


def test_the_endpoint_dies_with_a_parent_that_is_killed_and_leaves_no_file(
    tmp_path: Path,
) -> None:
    script = (
        "import sys, time\n"
        "from generator.local import embedded_endpoint\n"
        "with embedded_endpoint() as running:\n"
        "    print(running.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert list(tmp_path.iterdir())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert gone(child)
    assert not list(tmp_path.iterdir())


def test_a_ctrl_c_for_the_caller_leaves_the_endpoint_running(endpoint: Endpoint) -> None:
    assert os.getpgid(endpoint.pid) == endpoint.pid != os.getpgrp()


def test_a_missing_extra_gives_one_sentence_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    sentence = r"pip install 'clinic-stack\[local\]'"
    with pytest.raises(EndpointError, match=sentence), embedded_endpoint():
        pass


def test_an_emulator_without_a_private_name_is_refused_by_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = "import ministack.services.cloudformation.stacks as s\ndel s._add_event\n"
    (tmp_path / "sitecustomize.py").write_text(later)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sentence = r"ministack has no .*stacks\._add_event; install"
    with pytest.raises(EndpointError, match=sentence), embedded_endpoint():
        pass


def test_an_endpoint_that_breaks_while_it_starts_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['hypercorn'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sentence = r"did not start: .*hypercorn"
    with pytest.raises(EndpointError, match=sentence), embedded_endpoint():
        pass
