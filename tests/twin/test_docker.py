"""Instances with a Docker of their own, and what `--docker` says where there can be none."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from generator.twin import docker
from tests.conftest import ROOT
from tests.objects import judged

from .conftest import NotStoodUpWarning
from .test_stands import LIMIT, command

PROBES = ("user-data", "signals", "calls", "hop-limit", "log-in")
ASK = """#!/bin/bash
for daemon in $(pgrep -x dockerd); do
    nsenter -t "${daemon}" -m -p -n -r -w bash -c '
        export PATH=/usr/local/bin:/usr/bin:/usr/sbin
        docker inspect backend-a --format "{{.State.Status}} {{.HostConfig.CapDrop}}"'
done
for group in $(aws logs describe-log-groups --query "logGroups[].logGroupName" --output text); do
    aws logs describe-log-streams --log-group-name "${group}" \
        --query "logStreams[].logStreamName" --output text
done
"""


@pytest.fixture
def dockers(daemons: None) -> None:
    if why := docker.why_not():
        warnings.warn(f"--docker was NOT RUN here: {why}", NotStoodUpWarning, stacklevel=1)
        pytest.skip(why)  # said loudly by the warning above


def groups() -> list[Path]:
    return list(Path(docker.GROUPS).glob("**/clinic-twin-*"))


def swept(before: list[Path]) -> bool:
    """Whether no control group is left that was not there before, within a generous time."""
    end = time.monotonic() + 30
    while set(groups()) - set(before) and time.monotonic() < end:
        time.sleep(0.2)
    return not set(groups()) - set(before)


@pytest.mark.usefixtures("dockers")
def test_seed_keeps_its_promises_with_a_docker_on_each_instance() -> None:
    before = groups()
    only = [word for name in PROBES for word in ("--only", name)]
    ended = subprocess.run(
        command("seed", "--docker", "--prove", "--no-load", "--json", *only),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    objects = judged(["twin", "seed", "--json"], ended.returncode, ended.stdout)
    probes = {one["name"]: one for one in objects if one["kind"] == "probe"}
    broken = {name: one["seen"] for name, one in probes.items() if not one["holds"]}
    assert (ended.returncode, broken, set(probes)) == (0, {}, set(PROBES)), ended.stderr
    assert swept(before)


@pytest.mark.usefixtures("dockers")
def test_containers_are_dockers_own_and_write_to_their_log_stream(tmp_path: Path) -> None:
    before = groups()
    shell = tmp_path / "ask"
    shell.write_text(ASK)
    shell.chmod(0o755)
    ended = subprocess.run(
        command("seed", "--docker", "--shell"),
        cwd=ROOT,
        env={**os.environ, "SHELL": str(shell)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("running [ALL]") == 2, ended.stdout + ended.stderr
    streams = [word for word in ended.stdout.split() if word.endswith("/backend")]
    assert len(streams) == 2, ended.stdout
    assert swept(before)


@pytest.mark.usefixtures("daemons")
def test_who_is_not_the_machines_root_is_refused_before_anything_stands() -> None:
    """Root of a user namespace is not enough."""
    ended = subprocess.run(
        ["unshare", "-Ur", *command("seed", "--docker", "--prove")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    [sentence] = ended.stderr.strip().splitlines()
    assert sentence.endswith("which takes this machine's root.")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="root is asked for first")
def test_a_machine_without_docker_is_refused_with_the_command_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(docker, "PROGRAMS", ("no-such-program",))
    assert docker.why_not() == (
        "--docker needs Docker, and no-such-program is not here: "
        "apt-get install --no-install-recommends docker.io iptables"
    )


@pytest.mark.usefixtures("dockers")
def test_a_kernel_that_refuses_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "TRIAL", "echo no bridges >&2; false")
    assert docker.why_not() == "this kernel lacks what --docker needs (no bridges)."
