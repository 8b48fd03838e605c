"""The boot script's own functions against a real Docker: what an instance does, and nothing typed
a second time."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from generator import bootstrap
from generator.shipped import text

NAME = "backend-a"
BACKEND = Path(__file__).with_name("backend")
ENVIRONMENT = b"JWT_SECRET=an-obviously-fake-signing-key\nGEMINI_API_KEY=fake\n"
SECRET = {"host": "db.invalid", "port": 5432, "username": "clinic", "password": "fake"}

WRAPPER = """#!/bin/bash
# Builds get this machine's network. Logs stay here: CloudWatch is not.
verb=$1 && shift
options=()
if [[ "${verb}" == build ]]; then options=(--network host); fi
if [[ "${verb}" == run ]]; then
    while (($#)); do
        case "$1" in
            --log-driver | --log-opt) shift ;;
            *) options+=("$1") ;;
        esac
        shift
    done
fi
DOCKER_BUILDKIT=0 exec REAL -H ADDRESS "${verb}" "${options[@]}" "$@"
"""

STAND_INS = """
add_swap() { :; }
step() { echo "--- $1 ---"; }
imds() { echo i-00000000000000001; }
rpc() { cat secret.json; }
fetch_env() { cp given.env configuration.env; }
"""


def dockerfile_base() -> str:
    """Return the name of the image that the default Dockerfile builds on."""
    [name] = set(re.findall(r"^FROM (\S+)", text("generator.bootstrap", "Dockerfile"), re.M))
    return name


@dataclass
class Instance:
    """A folder that is the instance's state, and the daemon that is its Docker."""

    folder: Path
    address: str
    daemon: int = 0
    """Process id of the daemon whose network the container's port is in."""

    def build(self) -> None:
        """Clone the small backend and build it with the default Dockerfile, as at boot."""
        source = self.folder / "repository"
        shutil.copytree(BACKEND, source)
        for command in ("init -q -b main", "add .", "commit -q -m x"):
            known = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
            subprocess.run(["git", "-C", str(source), *known, *command.split()], check=True)
        self._run("build_image")

    def start(self) -> None:
        """Make the environment file and start the container, as at boot and at each restart."""
        (self.folder / "given.env").write_bytes(ENVIRONMENT)
        version = {"SecretString": json.dumps(SECRET), "CreatedDate": 1_700_000_000}
        (self.folder / "secret.json").write_text(json.dumps(version))
        (self.folder / "database.crt").touch()
        self._run(f"fetch_env; usable; compose configuration.env; start {NAME}")

    def wait_healthy(self) -> None:
        """Wait for the health path as the script does; AssertionError with the container's log."""
        self._run(f"wait_healthy {NAME} || {{ container_log {NAME}; exit 1; }}")

    def docker(self, *arguments: str) -> str:
        """Return what one docker command prints, on either channel."""
        command = ["docker", "-H", self.address, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        return ran.stdout + ran.stderr

    def ask(self, path: str, *options: str) -> tuple[int, bytes]:
        """Return status and body of one request to the container, as the rule leads it there."""
        url = f"http://198.18.0.2:3000{path}"
        command = ["curl", "-s", "-m", "60", "-w", "%{http_code}", *options, url]
        ran = subprocess.run(self._inside() + command, capture_output=True, check=True)
        return int(ran.stdout[-3:]), ran.stdout[:-3]

    def _inside(self) -> list[str]:
        return ["nsenter", "-t", str(self.daemon), "-n"] if self.daemon else []

    def _run(self, action: str) -> None:
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        real = shutil.which("docker") or "docker"
        wrapper = WRAPPER.replace("REAL", real).replace("ADDRESS", self.address)
        (folder / "docker").write_text(wrapper)
        (folder / "docker").chmod(0o755)
        parts = bootstrap.part(*(name for name in bootstrap.FILES if name != "main.sh"))
        program = "\n".join([parts, STAND_INS, f"cd {shlex.quote(str(self.folder))}", action])
        ran = subprocess.run(
            [*self._inside(), "bash", "-c", program],
            env=self._settings(folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, (ran.stdout + ran.stderr)[-4000:]

    def _settings(self, programs: Path) -> dict[str, str]:
        own = {
            "STATE": str(self.folder),
            "APP": str(self.folder / "app"),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "BACKEND_REPOSITORY": f"file://{self.folder / 'repository'}",
            "BACKEND_REVISION": "main",
            "BACKEND_IMAGE": "",
            "HEALTH_PATH": "/api",
            "HEALTH_SECONDS": "30",
            "POLL_SECONDS": "0.3",
        }
        return dict.fromkeys(bootstrap.SETTINGS, "x") | own
