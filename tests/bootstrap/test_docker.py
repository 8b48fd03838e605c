"""The switch with a real Docker, real rules and requests as a balancer sends them: none is lost."""

import json
import subprocess
import warnings
from collections import Counter
from pathlib import Path

import pytest

from .cloud import CREATED, JWT_SECRET
from .docker_host import IMAGE, DockerHost, docker_host, lacking

OLD = f"JWT_SECRET={JWT_SECRET}\nGREETING=old\nDOCUMENT=letter\n"
NEW = f"JWT_SECRET={JWT_SECRET}\nGREETING=new\n"


class NoRealDockerWarning(UserWarning):
    """The switch between containers was tried with a stand-in only."""


def run(host: DockerHost, *arguments: str, **more: str) -> int:
    """Run the instance's program; a drain takes seconds instead of a minute."""
    settings = {"BACKEND_IMAGE": IMAGE, "DOCKER_HOST": host.socket, "DRAIN_SECONDS": "2", **more}
    done = host.machine.run(*arguments, **settings)
    print(done.stdout, done.stderr, host.machine.log())
    return done.returncode


def test_a_restart_loses_no_request_and_no_document(tmp_path: Path) -> None:
    if reason := lacking():
        warnings.warn(f"no real Docker here: {reason}", NoRealDockerWarning, stacklevel=1)
        pytest.skip(reason)
    with docker_host(tmp_path) as host:
        cloud = host.machine.cloud
        cloud.configuration = OLD
        assert run(host) == 0
        first = f"backend-{CREATED:.0f}"
        assert host.ask() == f"old letter {first}"
        with host.load() as load:
            cloud.configuration = NEW
            assert run(host, "refresh") == 0
            assert host.ask() == f"new letter {first}"
            cloud.configuration = f"{NEW}BROKEN=yes\n"
            assert run(host, "refresh", HEALTH_SECONDS="1") == 1
            cloud.rotate("another-password")
            assert run(host, "refresh") == 0
            answers = Counter(said for _, said in json.loads(load.communicate(timeout=60)[0]))
        second = f"backend-{CREATED + 86_400:.0f}"
        assert set(answers) == {f"{old} letter {first}" for old in ("old", "new")} | {
            f"new letter {second}"
        }
        assert sum(answers.values()) > 100
        assert host.docker("ps", "--format", "{{.Names}}").split() == ["backend-a"]
        restart(host)
        assert host.ask() == f"new letter {second}"


def restart(host: DockerHost) -> None:
    """As a start of the machine: no rules, and Docker starts what ran."""
    subprocess.run([*host.enter, "nft", "flush", "ruleset"], check=True)
    assert host.daemon
    host.daemon.kill()
    host.daemon.wait()
    host.start()
    assert host.ask() == ""
    assert run(host, "route") == 0
    assert run(host, "wake", WARM_POOL_SIZE="1") == 0
