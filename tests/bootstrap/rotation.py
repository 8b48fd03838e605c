"""A rotation as it really goes, before two instances with a real Docker and a real PostgreSQL.

The function is the one that the template holds, with boto3's own clients; of AWS only Secrets
Manager and RDS are played, behind the clients' check of what is asked.
"""

import contextlib
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from generator.functions import rotate_password

from . import postgres
from .cloud import CREATED, JWT_SECRET, PASSWORD, Cloud
from .docker_host import IMAGE, INSTANCE, DockerHost, docker_host
from .postgres import MASTER
from .rotation_services import Aws, Lambda, Times

SOURCES = Path(__file__).with_name("logins")
DATABASE = "database.internal"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database"
FIRST = "1" * 32
"""The version of the secret before any rotation."""

QUICK = Times(status=0.5, applied=2, done=3, timer=1, spread=1, drain=2, pause=0.5)


@dataclass
class Logins:
    """What came of the logins during one rotation."""

    answers: list[tuple[float, str]]
    """Seconds since the first call, and the database's user or what went wrong."""
    rotated: float
    """Seconds until the function had ended."""
    switched: float
    """Seconds until the last instance had switched and let its container before go."""
    connections: int
    """How many the database took meanwhile from the backend's users."""

    @property
    def failed(self) -> dict[int, list[str]]:
        """What went wrong, by second."""
        wrong = [(when, said) for when, said in self.answers if not said.startswith("backend-")]
        return {
            second: [said for _, said in group]
            for second, group in itertools.groupby(sorted(wrong), lambda one: int(one[0]))
        }

    def users(self) -> set[str]:
        return {said for _, said in self.answers if said.startswith("backend-")}


@dataclass
class Site:
    """Two instances with one secret and one database."""

    hosts: list[DockerHost]
    aws: Aws
    version: Iterator[int] = field(default_factory=lambda: itertools.count(2))

    def program(self, host: DockerHost, *words: str) -> int:
        """Run an instance's program."""
        times = self.aws.times
        settings = {"BACKEND_IMAGE": IMAGE, "DOCKER_HOST": host.socket}
        settings |= {"DRAIN_SECONDS": f"{times.drain:g}", "PGHOSTADDR": INSTANCE}
        done = host.machine.run(*words, **settings)
        if done.returncode:
            print(done.stdout, done.stderr, host.machine.log(), file=sys.stderr)
        return done.returncode

    def configure(self, text: str) -> None:
        """Upload another .env, and have the instances take it up."""
        for cloud in self.aws.clouds:
            cloud.configuration = text
        assert self.everywhere("refresh") == [0, 0]

    def everywhere(self, *words: str) -> list[int]:
        """Run the program on all instances at a time, and return the statuses."""
        codes = [1] * len(self.hosts)

        def run(number: int) -> None:
            codes[number] = self.program(self.hosts[number], *words)

        threads = [threading.Thread(target=run, args=(n,)) for n in range(len(self.hosts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return codes

    def rotation(self, rate: float) -> Logins:
        """Rotate before so many logins a second over all instances."""
        how = (f"{rate / len(self.hosts):g}", "POST", "/api/auth/login")
        with ExitStack() as stack:
            loads = [stack.enter_context(host.load(*how)) for host in self.hosts]
            time.sleep(3)
            began, log = time.monotonic(), self.aws.database.log
            before = _connections(log)
            timers = [threading.Thread(target=self._timer, args=(host,)) for host in self.hosts]
            for timer in timers:
                timer.start()
            self._rotate()
            rotated = time.monotonic() - began
            for timer in timers:
                timer.join()
            switched = time.monotonic() - began
            time.sleep(3)
            said = [json.loads(load.communicate(timeout=60)[0]) for load in loads]
        answers = sorted((when - began, text) for one in said for when, text in one)
        return Logins(answers, rotated, switched, _connections(log) - before)

    def _rotate(self) -> None:
        """As Secrets Manager: a version that is pending, and a call for each step."""
        token = str(next(self.version)) * 32
        self.aws.stages[token] = ["AWSPENDING"]
        slower = mock.Mock(sleep=lambda _: time.sleep(self.aws.times.pause))
        with (
            mock.patch.object(rotate_password.boto3, "client", self.aws.client),
            mock.patch.object(rotate_password, "time", slower),
            mock.patch.dict(os.environ, {"DATABASE": "clinic-db"}),
        ):
            for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
                event = {"SecretId": SECRET, "ClientRequestToken": token, "Step": step}
                rotate_password.handler(event, Lambda())

    def _timer(self, host: DockerHost) -> None:
        """As clinic-refresh.timer, until the instance has another user than at first."""
        first, times = host.serving(), self.aws.times
        deadline = time.monotonic() + 600
        while host.serving() == first:
            assert time.monotonic() < deadline
            time.sleep(times.timer + random.uniform(0, times.spread))
            self.program(host, "refresh")


def _connections(log: Path) -> int:
    return len(re.findall(r"connection authorized: user=backend-", log.read_text()))


@contextmanager
def site(folder: Path, times: Times, configuration: str) -> Iterator[Site]:
    """Yield two instances that have booted."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres.serve(log_connections="on"))
        database.password = PASSWORD
        postgres.fill(database)
        clouds = [Cloud(configuration=configuration), Cloud(configuration=configuration)]
        application = files()
        hosts = [
            stack.enter_context(
                docker_host(folder / str(number), application, cloud, f"i-0000000000000000{number}")
            )
            for number, cloud in enumerate(clouds)
        ]
        secret = {"host": DATABASE, "port": 5432, "username": MASTER, "password": PASSWORD}
        aws = Aws(database, clouds, times)
        aws.versions[FIRST] = {"secret": secret, "created": CREATED}
        aws.stages[FIRST] = ["AWSCURRENT"]
        for host, cloud in zip(hosts, clouds, strict=True):
            cloud.secret, cloud.created = secret, CREATED
            cloud.authority = (database.folder / "authority.pem").read_text()
            host.knows(DATABASE, INSTANCE)
            (host.machine.root / "bin/psql").unlink()
            (host.machine.root / "bin/psql").symlink_to(str(shutil.which("psql")))
            listener = host.listen(INSTANCE, 5432)
            stack.callback(listener.close)
            threading.Thread(target=_relay, args=(listener, database.port), daemon=True).start()
        site = Site(hosts, aws)
        assert site.everywhere() == [0, 0]
        yield site


def _relay(listener: socket.socket, port: int) -> None:
    """Lead connections from an instance's network to the database in this one."""
    with contextlib.suppress(OSError):
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while octets := one.recv(65536):
            other.sendall(octets)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
    one.close()


def files() -> dict[str, bytes]:
    """Return the backend that logs in and its packages, which npm fetches once."""
    digest = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()[:12]
    kept = Path.home() / ".cache/clinic-stack-tests" / f"logins-{digest}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept.parent) as made:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SOURCES / name, made)
            command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
            subprocess.run(command, cwd=made, check=True)
            with contextlib.suppress(OSError):  # another worker was faster
                Path(made, "node_modules").rename(kept)
    packages = {path: path.relative_to(kept) for path in kept.rglob("*") if path.is_file()}
    found = {f"node_modules/{name}": path.read_bytes() for path, name in packages.items()}
    return found | {"main.js": (SOURCES / "main.js").read_bytes()}


QUIET = f"JWT_SECRET={JWT_SECRET}\nPOOL_IDLE=100\n"
"""Each login opens a connection of its own."""
BUSY = f"JWT_SECRET={JWT_SECRET}\nPOOL_IDLE=10000\n"
"""As node-postgres is by itself."""
