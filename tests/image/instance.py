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
from typing import Any

from generator import bootstrap
from generator.shipped import text

from . import postgresql

NAME = "backend-a"
BACKEND = Path(__file__).with_name("backend")
ENVIRONMENT = {
    "JWT_SECRET": "an-obviously-fake-signing-key",
    "GEMINI_API_KEY": "fake",
    "JWT_EXPIRATION_TIME": "86400",
    "BASE_URL": "https://site.invalid",
}
ADDRESSES = {"backend-a": "198.18.0.2", "backend-b": "198.18.0.3"}
MEMORY = "MemTotal: 960000 kB\n"
"""What Linux leaves of a t3.micro's GiB."""

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
    authority: bytes = b""
    """The certificate by which the database is known."""

    def build(self) -> None:
        """Clone the small backend and build it with the default Dockerfile, as at boot."""
        source = self.folder / "repository"
        shutil.copytree(BACKEND, source)
        for command in ("init -q -b main", "add .", "commit -q -m x"):
            known = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
            subprocess.run(["git", "-C", str(source), *known, *command.split()], check=True)
        self._run("build_image")

    def start(self, name: str = NAME, **changes: str) -> None:
        """Make the database's user and the environment file, start the container and wait for its
        health path, as at boot and at each restart; AssertionError with the container's log.
        """
        lines = [f"{key}={value}\n" for key, value in (ENVIRONMENT | changes).items()]
        (self.folder / "given.env").write_text("".join(lines))
        version = {"SecretString": json.dumps(postgresql.SECRET), "CreatedDate": 1_700_000_000}
        (self.folder / "secret.json").write_text(json.dumps(version))
        (self.folder / "database.crt").write_bytes(self.authority)
        self._run(f"fetch_env; usable; new_user; start {name}")
        self.wait_healthy(name)

    def wait_healthy(self, name: str = NAME) -> None:
        self._run(f"wait_healthy {name} || {{ container_log {name}; exit 1; }}")

    def docker(self, *arguments: str) -> str:
        """Return what one docker command prints, on either channel."""
        command = ["docker", "-H", self.address, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        return ran.stdout + ran.stderr

    def ask(self, path: str, *options: str, name: str = NAME) -> tuple[int, bytes]:
        """Return status and body of one request to a container, as the rule leads it there."""
        url = path if "://" in path else f"http://{ADDRESSES[name]}:3000{path}"
        command = ["curl", "-s", "-m", "60", "-w", "%{http_code}", *options, url]
        ran = subprocess.run(self.inside() + command, capture_output=True, check=True)
        return int(ran.stdout[-3:]), ran.stdout[:-3]

    def send(self, path: str, body: object, *options: str, name: str = NAME) -> tuple[int, Any]:
        """POST a body as JSON; return status and the response's JSON."""
        file = self.folder / "body.json"
        file.write_text(json.dumps(body))
        kind = ("-H", "Content-Type: application/json", "--data-binary", f"@{file}")
        status, answer = self.ask(path, *kind, *options, name=name)
        return status, json.loads(answer)

    def inside(self) -> list[str]:
        return ["nsenter", "-t", str(self.daemon), "-n"] if self.daemon else []

    def _run(self, action: str) -> None:
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        real = shutil.which("docker") or "docker"
        wrapper = WRAPPER.replace("REAL", real).replace("ADDRESS", self.address)
        (folder / "docker").write_text(wrapper)
        (folder / "docker").chmod(0o755)
        parts = bootstrap.part(*bootstrap.LIBRARY, *(n for n in bootstrap.FILES if n != "main.sh"))
        program = "\n".join([parts, STAND_INS, f"cd {shlex.quote(str(self.folder))}", action])
        ran = subprocess.run(
            [*self.inside(), "bash", "-c", program],
            env=self._settings(folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, (ran.stdout + ran.stderr)[-4000:]

    def _settings(self, programs: Path) -> dict[str, str]:
        memory = self.folder / "root/proc/meminfo"
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(MEMORY)
        own = {
            "STATE": str(self.folder),
            "ROOT": str(self.folder / "root"),
            "DATABASE_NAME": postgresql.NAME,
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
