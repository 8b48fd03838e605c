"""A rotation as it really goes, before two instances with a real Docker and a real PostgreSQL.

The function is the one that the template holds, with boto3's own clients; of AWS only Secrets
Manager and RDS are played, behind the clients' check of what is asked.

    python -m tests.bootstrap.rotation

measures it with the times of an instance and of RDS: about seven minutes.
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
from typing import Any
from unittest import mock

import boto3
from botocore.awsrequest import AWSResponse

from generator.functions import rotate_password

from . import postgres
from .cloud import CREATED, JWT_SECRET, PASSWORD, REGION, Cloud
from .docker_host import IMAGE, INSTANCE, DockerHost, docker_host
from .postgres import MASTER, Database

SOURCES = Path(__file__).with_name("logins")
DATABASE = "database.internal"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database"
OLD, NEW = "1" * 32, "2" * 32


@dataclass(frozen=True)
class Times:
    """In seconds."""

    status: float
    """From the call until RDS says that it resets the credentials."""
    applied: float
    """From the call until the password is in force."""
    done: float
    """From the call until nothing is pending any more."""
    timer: float
    """From one look of an instance to the next."""
    spread: float
    """By how much the timer is late, at most."""
    drain: float
    pause: float
    """Between two questions of the function."""


QUICK = Times(status=0.5, applied=2, done=3, timer=1, spread=1, drain=2, pause=0.5)
# RDS: as it took on instances of this class, of which AWS says only that the change is
# asynchronous. The rest: the units', the program's and the function's own.
REAL = Times(status=10, applied=40, done=60, timer=60, spread=20, drain=70, pause=5)


@dataclass
class Aws:
    """Secrets Manager and RDS, as far as a rotation asks them."""

    database: Database
    clouds: list[Cloud]
    times: Times
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, list[str]] = field(default_factory=dict)
    asked: float = 0

    def client(self, service: str) -> Any:
        """Return a real client whose calls, once it has found them well-formed, end here."""
        keys = {"aws_access_key_id": "x" * 16, "aws_secret_access_key": "x"}
        client = _client(service, region_name=REGION, **keys)
        client.meta.events.register("before-call", self._answer)
        return client

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, Any]:
        body = params["body"]
        body = json.loads(body) if isinstance(body, bytes) else body
        try:
            code, answer = 200, getattr(self, model.name)(body) or {}
        except KeyError as error:
            missing = {"Code": "ResourceNotFoundException", "Message": str(error)}
            code, answer = 400, {"Error": missing}
        metadata = {"ResponseMetadata": {"HTTPStatusCode": code}}
        return AWSResponse("", code, {}, None), answer | metadata

    def DescribeSecret(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"VersionIdsToStages": self.stages}

    def GetSecretValue(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        stage = body.get("VersionStage", "AWSCURRENT")
        version = body.get("VersionId") or next(v for v, s in self.stages.items() if stage in s)
        return {"SecretString": json.dumps(self.versions[version]["secret"])}

    def GetRandomPassword(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"RandomPassword": os.urandom(int(body["PasswordLength"]) // 2).hex()}

    def PutSecretValue(self, body: dict[str, Any]) -> None:  # noqa: N802
        value = {"secret": json.loads(body["SecretString"]), "created": time.time()}
        self.versions[body["ClientRequestToken"]] = value

    def UpdateSecretVersionStage(self, body: dict[str, Any]) -> None:  # noqa: N802
        self.stages[body["RemoveFromVersionId"]] = ["AWSPREVIOUS"]
        self.stages[body["MoveToVersionId"]] = ["AWSCURRENT"]
        version = self.versions[body["MoveToVersionId"]]
        for cloud in self.clouds:
            cloud.secret, cloud.created = version["secret"], version["created"]

    def ModifyDBInstance(self, body: dict[str, Any]) -> None:  # noqa: N802
        self.asked = time.monotonic()
        password = body["MasterUserPassword"]
        threading.Timer(self.times.applied, self.database.rotate, [password]).start()

    def DescribeDBInstances(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        since, pending, status = time.monotonic() - self.asked, {}, "available"
        if since < self.times.done:
            pending = {"MasterUserPassword": "****"}
            status = "resetting-master-credentials" if since > self.times.status else status
        return {"DBInstances": [{"DBInstanceStatus": status, "PendingModifiedValues": pending}]}


_client = boto3.client


class Lambda:
    """The context of a call, with the time that the template gives the function."""

    def __init__(self) -> None:
        self.end = time.monotonic() + 600

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.end - time.monotonic()))


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
    version: itertools.count = field(default_factory=lambda: itertools.count(2))  # type: ignore[type-arg]

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
        aws.versions[OLD] = {"secret": secret, "created": CREATED}
        aws.stages[OLD] = ["AWSCURRENT"]
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


def main() -> None:
    """Print what each rotation cost."""
    with TemporaryDirectory(prefix="clinic-rotation") as folder, ExitStack() as stack:
        here = stack.enter_context(site(Path(folder), REAL, QUIET))
        for name, rate in (("quiet", 2), ("busy", 24)):
            if name == "busy":
                here.configure(BUSY)
            said = here.rotation(rate)
            print(
                f"{name} ({rate}/s): {len(said.answers)} logins, "
                f"{sum(map(len, said.failed.values()))} failed in {len(said.failed)} seconds; "
                f"{said.connections} new connections; function {said.rotated:.0f} s, "
                f"switched everywhere after {said.switched:.0f} s",
                flush=True,
            )
            for second, wrong in said.failed.items():
                print(f"  second {second}: {len(wrong)}, {wrong[0]}")


if __name__ == "__main__":
    main()
