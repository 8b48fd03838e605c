"""A machine to be born on: a folder as its root, and commands that note how they were called."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import generated
from .cloud import Cloud
from .place import Place

STATE = "var/lib/clinic-backend"
STAND_INS = Path(__file__).with_name("stand-ins")
NOTE = 'printf -v line "\\t%s" "$@"; echo "${0##*/}${line}" >>"${NOTES}/commands"'
"""One write per call, since several programs note theirs at the same time."""

UBUNTU_HAS = (
    *("bash", "cat", "chmod", "cmp", "cp", "curl", "flock", "install", "ln", "mkdir", "mv"),
    *("readlink", "rm", "sed", "sha256sum", "tail", "timeout"),
)
"""The real programs that the script may use: Ubuntu's cloud image has each of them."""


@dataclass
class Machine:
    """One instance and the cloud that it was born in."""

    root: Path
    cloud: Cloud
    place: Place
    instance: str
    port: int = 0
    """Where AWS and the database answer on this machine's loopback."""

    def __post_init__(self) -> None:
        """Lay out the root folder and the only folder on PATH."""
        self.healthy: Callable[[str], bool] = self.runs
        for folder in ("bin", "later", "notes/containers", "proc", "home/ubuntu"):
            (self.root / folder).mkdir(parents=True)
        for stand_in in STAND_INS.iterdir():
            late = stand_in.name in ("docker", "git", "nft", "psql")
            self._pass_on("later" if late else "bin", stand_in.name, stand_in)
        for name in UBUNTU_HAS:
            self._pass_on("bin", name, shutil.which(name))
        for name in ("mkswap", "systemctl", "usermod"):
            self._pass_on("bin", name, shutil.which("true"))
        self._pass_on("bin", "python3", sys.executable)
        self.has_memory(free=600)

    def age(self, older: "Machine") -> None:
        """Bring this machine to where one that has booted is, without another boot."""
        for tool in (self.root / "later").iterdir():
            tool.rename(self.root / "bin" / tool.name)
        kept = ["notes/containers/backend-a", "notes/route", "var/log/user-data.log"]
        kept += [f"{STATE}/{name}" for name in ("shipped", "accepted.env", "backend-a.env")]
        kept += [f"{STATE}/database.crt", f"{STATE}/library.sh"]
        for path in kept:
            text = (older.root / path).read_text()
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text.replace(f"={older.port}\n", f"={self.port}\n"))
        (self.root / STATE / "backend.env").symlink_to("backend-a.env")
        self.cloud.streams.add(f"{self.instance}/boot")

    @property
    def route(self) -> str:
        """The container to which new connections to port 3000 go, by the rule in force."""
        rule = (self.root / "notes/route").read_text()
        number = rule.rpartition(".")[2].partition(":")[0]
        return {"2": "backend-a", "3": "backend-b"}[number]

    @property
    def container(self) -> Path:
        """The environment file that the container that serves was started with."""
        return self.root / "notes/containers" / self.route

    def containers(self) -> list[str]:
        """Return the names of all containers."""
        return sorted(path.name for path in (self.root / "notes/containers").iterdir())

    def runs(self, name: str) -> bool:
        """Whether there is a container of that name."""
        return name in self.containers()

    def has_memory(self, free: int) -> None:
        """Set /proc/meminfo: so many MiB are free, half of it as swap."""
        half = free * 512
        lines = f"MemTotal: 960000 kB\nMemAvailable: {half} kB\nSwapFree: {half} kB\n"
        (self.root / "proc/meminfo").write_text(lines)

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
        """Return a file's content as soon as the text is in it (or a minute is over)."""
        deadline = time.monotonic() + 60
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
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(
        self, *arguments: str, program: Path | None = None, **settings: str
    ) -> "subprocess.Popen[str]":
        """Start the same in a process group of its own, as a unit has one."""
        known = {name: settings[name] for name in settings if name in generated.PARAMETERS}
        return subprocess.Popen(
            [*self.place.prefix, program or self.user_data(**known), *arguments],
            env=self.environment() | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def user_data(self, environment: str = "seed", **settings: str) -> Path:
        """Write the launch template's user data to a file that may be executed, and return it."""
        path = self.root / "part-001"
        wanted = {"BACKEND_IMAGE": "example/backend:1"} | settings
        path.write_text(generated.user_data(environment, **wanted))
        path.chmod(0o700)
        return path

    def environment(self) -> dict[str, str]:
        """Return the environment that moves the script to this machine and shortens its waits."""
        server = f"http://127.0.0.1:{self.port}"
        shared = {"IMDS_ENDPOINT": server, "NETWORK": "127.0.0", "PORT": str(self.port)}
        shared = {} if self.place.is_own else shared
        return shared | {
            "PATH": str(self.root / "bin"),
            "ROOT": str(self.root),
            "NOTES": str(self.root / "notes"),
            "CONSOLE": str(self.root / "notes/console"),
            "AWS_ENDPOINT": server,
            "RETRY_SECONDS": "0",
            "POLL_SECONDS": "0.1",
            "SHIP_SECONDS": "0.3",
            "CONFIG_SECONDS": "100",
            "DATABASE_SECONDS": "100",
            "HEALTH_SECONDS": "100",
            "DRAIN_SECONDS": "0",
        }

    def _pass_on(self, folder: str, name: str, program: Path | str | None) -> None:
        """Put a command in a folder that notes its arguments and goes on as the program."""
        path = self.root / folder / name
        path.write_text(f'#!/bin/bash\n{NOTE}\nexec "{program}" "$@"\n')
        path.chmod(0o755)
