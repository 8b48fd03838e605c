"""A machine to be born on: a folder as its root, and commands that note how they were called."""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from generator import bootstrap

from .cloud import REGION, Cloud

STAND_INS = Path(__file__).with_name("stand-ins")
NOTE = 'printf -v line "\\t%s" "$@"; echo "${0##*/}${line}" >>"${NOTES}/commands"'
"""One write per call, since several programs note theirs at the same time."""

UBUNTU_HAS = (
    *("bash", "cat", "chmod", "cmp", "curl", "flock", "install", "mkdir"),
    *("mv", "rm", "sed", "sleep", "tail", "timeout"),
)
"""The real programs that the script may use: Ubuntu's cloud image has each of them."""


@dataclass
class Machine:
    """One instance and the cloud that it was born in."""

    root: Path
    cloud: Cloud

    def __post_init__(self) -> None:
        """Lay out the root folder and the only folder on PATH."""
        for folder in ("bin", "later", "notes", "proc", "home/ubuntu"):
            (self.root / folder).mkdir(parents=True)
        for stand_in in STAND_INS.iterdir():
            late = stand_in.name in ("docker", "git")
            self._pass_on("later" if late else "bin", stand_in.name, stand_in)
        for name in UBUNTU_HAS:
            self._pass_on("bin", name, shutil.which(name))
        for name in ("mkswap", "systemctl", "usermod"):
            self._pass_on("bin", name, shutil.which("true"))
        self._pass_on("bin", "python3", sys.executable)
        self.cloud.healthy = self.container.exists

    @property
    def container(self) -> Path:
        """The environment file that the running container was started with, if one runs."""
        return self.root / "notes/container"

    def commands(self, name: str) -> list[str]:
        """Return the calls of one program, each as its arguments separated by tabs."""
        notes = self.root / "notes/commands"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [line.partition("\t")[2] for line in lines if line.split("\t")[0] == name]

    def log(self) -> str:
        """Return /var/log/user-data.log."""
        return (self.root / "var/log/user-data.log").read_text()

    def note(self, name: str) -> None:
        """Leave a note for the stand-ins, such as `fail-apt`."""
        (self.root / "notes" / name).touch()

    def wait_for_text(self, path: str, text: str) -> str:
        """Return a file's content as soon as the text is in it (or 5 s are over)."""
        deadline = time.monotonic() + 5
        found = ""
        while text not in found and time.monotonic() < deadline:
            time.sleep(0.02)
            found = (self.root / path).read_text() if (self.root / path).exists() else ""
        return found

    def everything_written(self) -> str:
        """Return all that a person could read: logs, console, units, arguments."""
        kept = [self.root / "notes" / name for name in ("commands", "syslog", "console")]
        kept += [self.root / "var/log/user-data.log", *self.root.glob("etc/**/*.*")]
        return "\n".join(path.read_text() for path in kept if path.is_file())

    def run(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run the user data as cloud-init does, or with the arguments of a unit."""
        return subprocess.run(
            [self.user_data(**settings), *arguments],
            env=self.environment() | settings,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def user_data(self, **settings: str) -> Path:
        """Write head and script to a file that may be executed, and return it."""
        values = dict.fromkeys(bootstrap.SETTINGS, "")
        values |= {
            "REGION": REGION,
            "STACK": "arn:aws:cloudformation:eu-west-1:1:stack/clinic-Backend/1",
            "GROUP_RESOURCE": "BackendGroup",
            "LOG_GROUP": "/clinic/backend",
            "CONFIG_BUCKET": "configuration",
            "CONFIG_KEY": ".env",
            "DATABASE_SECRET": "arn:aws:secretsmanager:eu-west-1:1:secret:database",
            "DATABASE_NAME": "clinic",
            "BACKEND_IMAGE": "example/backend:1",
            "HEALTH_PATH": "/api",
            "METRIC_PERIOD": "60",
            "METRIC_NAMESPACE": "Clinic/Backend",
            "GROUP_DIMENSION": "test & more",
        }
        values |= settings
        head = "".join(f"{name}='{value}'\n" for name, value in values.items())
        path = self.root / "part-001"
        path.write_text(f"#!/bin/bash\n{head}{bootstrap.script()}")
        path.chmod(0o700)
        return path

    def environment(self) -> dict[str, str]:
        """Return the environment that moves the script to this machine and shortens its waits."""
        server = f"http://127.0.0.1:{self.cloud.port}"
        return {
            "PATH": str(self.root / "bin"),
            "ROOT": str(self.root),
            "NOTES": str(self.root / "notes"),
            "CONSOLE": str(self.root / "notes/console"),
            "IMDS_ENDPOINT": server,
            "AWS_ENDPOINT": server,
            "BACKEND_ORIGIN": server,
            "RETRY_SECONDS": "0",
            "POLL_SECONDS": "0.1",
            "SHIP_SECONDS": "0.3",
            "CPU_SECONDS": "1",
            "CONFIG_SECONDS": "20",
            "DATABASE_SECONDS": "20",
            "HEALTH_SECONDS": "20",
        }

    def _pass_on(self, folder: str, name: str, program: Path | str | None) -> None:
        """Put a command in a folder that notes its arguments and goes on as the program."""
        path = self.root / folder / name
        path.write_text(f'#!/bin/bash\n{NOTE}\nexec "{program}" "$@"\n')
        path.chmod(0o755)
