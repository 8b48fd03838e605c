"""Environments stood up with real daemons, and what is seen of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import ROOT
from tests.objects import judged

LIMIT = 480.0
PROBES = {
    *("user-data", "signals", "calls", "packets", "hop-limit", "metadata", "s3-endpoint"),
    *("database", "log-in"),
}
CHANGES = {"rotation", "release", "release turned back"}
"""Under load, in the environment that rotates its password."""
ONLY = [word for name in (*PROBES, "smoke", *CHANGES) for word in ("--only", name)]
SMOKE = 18
"""Promises of `clinic smoke`: none of them is left untested."""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "generator", "twin", *arguments, "--quick"]


@pytest.mark.usefixtures("daemons")
@pytest.mark.parametrize(
    ("env", "form"),
    [
        ("seed", ["--no-load"]),
        ("dev", ["--no-load", "--flat"]),
        ("prod", ["--minute", "10", *ONLY]),
    ],
)
def test_an_environment_stands_and_keeps_all_of_its_promises(
    env: str, form: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "twin.xml"
    ended = subprocess.run(
        command(env, "--prove", "--json", "--junit", str(file), *form),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    told = judged(["twin", env, "--json"], ended.returncode, ended.stdout)
    probes = {one["name"]: one for one in told if one["kind"] == "probe"}
    broken = {name: one["seen"] for name, one in probes.items() if not one["holds"]}
    assert (ended.returncode, broken) == (0, {}), ended.stderr
    assert set(probes) >= PROBES | (CHANGES if env == "prod" else set())
    assert sum(name.startswith("smoke ") for name in probes) == SMOKE
    suites = ElementTree.parse(file).getroot()
    assert (int(suites.attrib["tests"]), suites.attrib["failures"]) == (len(probes), "0")


@pytest.mark.usefixtures("daemons")
def test_a_browser_gets_in_and_nothing_is_left_after_a_kill(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stream:
        twin = subprocess.Popen(command("seed"), cwd=ROOT, stdout=stream, stderr=stream)
        try:
            end = time.monotonic() + LIMIT
            while "Ctrl-C" not in log.read_text():
                assert twin.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.3)
            address = next(w for w in log.read_text().split() if w.startswith("http://127"))
            with urllib.request.urlopen(f"{address}api", timeout=20) as response:
                assert "funcionando" in response.read().decode()
            with urllib.request.urlopen(f"{address}pacientes", timeout=20) as response:
                assert "<title>" in response.read().decode()
            family = {pid: born(pid) for pid in descendants(twin.pid)}
            assert len(family) > 10
        finally:
            twin.send_signal(signal.SIGKILL)
            twin.wait()
    end = time.monotonic() + 10
    while left(family) and time.monotonic() < end:
        time.sleep(0.1)
    assert left(family) == []


def descendants(pid: int) -> list[int]:
    todo, found = [pid], []
    while todo:
        one = todo.pop()
        path = Path(f"/proc/{one}/task/{one}/children")
        children = [int(word) for word in path.read_text().split()] if path.exists() else []
        todo += children
        found += children
    return found


def born(pid: int) -> str:
    """When a process began, in the kernel's ticks: numbers are used again. Empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def left(family: dict[int, str]) -> list[int]:
    """Those of the processes that still run."""
    return [pid for pid, when in family.items() if when and born(pid) == when]


@pytest.mark.usefixtures("daemons")
def test_a_port_that_is_taken_is_one_sentence() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            command("seed", "--port", port),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"port {port} of 127.0.0.1 cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr
