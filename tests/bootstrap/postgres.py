"""A real PostgreSQL whose master is as RDS's: no superuser. And an instance's program before it."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from generator import bootstrap

MASTER, FIRST, SECOND, THIRD = "clinic_owner", 1_700_000_000, 1_700_086_400, 1_700_172_800
PROGRAM = bootstrap.part(*bootstrap.LIBRARY, *bootstrap.FILES).partition('case "${1:-boot}"')[0]
ACT = 'SECRET=$(cat); if [[ "${WORD}" == sql ]]; then make_user; else database_user env; fi'
RDS_PREFIX = "%t:%r:%u@%d:[%p]:"
"""How RDS begins each line of the log, which nobody can change."""


def folder_of_programs() -> Path | None:
    """Where the server's programs are: Debian keeps them beside PATH."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists()), None)


def lacking() -> str:
    """Return what is missing here; nothing if all is there."""
    if not (folder_of_programs() and shutil.which("psql") and shutil.which("openssl")):
        return "no PostgreSQL server, psql or openssl"
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return "no user postgres, and the server refuses root" if os.geteuid() == 0 else ""
    return ""


def lacks_library(name: str) -> bool:
    """Whether this machine's server lacks a module that RDS has."""
    programs = folder_of_programs()
    return not programs or not (programs.parent / f"lib/{name}.so").exists()


@dataclass
class Database:
    """A server with TLS, in which `clinic` belongs to the master."""

    port: int
    folder: Path
    password: str = "first-password"
    host: str = "localhost"
    """As the secret has it. The server's certificate is for localhost."""

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def ask(
        self, sql: str, user: str, password: str, tls: str = "require", database: str = "clinic"
    ) -> str:
        """Return a statement's result, unaligned; CalledProcessError if it is refused."""
        known = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user}
        known |= {"PGPASSWORD": password, "PGSSLMODE": tls, "PGDATABASE": database}
        return subprocess.run(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"],
            env=os.environ | known,
            input=sql,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def master(self, sql: str) -> str:
        return self.ask(sql, MASTER, self.password)

    def admin(self, sql: str, database: str = "clinic") -> str:
        """As RDS itself."""
        return self.ask(sql, "rdsadmin", "admin", database=database)

    def rotate(self, password: str) -> None:
        """As RDS: somebody else sets the master's password."""
        self.admin(f"ALTER ROLE {MASTER} PASSWORD '{password}'")
        self.password = password

    def begin(self, word: str, created: int, authority: str = "authority") -> subprocess.Popen[str]:
        """Start a function of the instance's program, with a version of the secret; ``authority``
        is whose certificate the instance has."""
        secret = {"host": self.host, "port": self.port}
        secret |= {"username": MASTER, "password": self.password}
        answer = {"SecretString": json.dumps(secret), "CreatedDate": created + 0.5}
        settings = dict.fromkeys(bootstrap.SETTINGS, "x") | {"DATABASE_NAME": "clinic"}
        state = self.folder / f"of-{authority}"
        state.mkdir(exist_ok=True)
        shutil.copy(self.folder / f"{authority}.pem", state / "database.crt")
        started = subprocess.Popen(
            ["bash", "-c", PROGRAM + ACT],
            env=os.environ | settings | {"WORD": word},
            cwd=state,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert started.stdin
        started.stdin.write(json.dumps(answer))
        started.stdin.close()
        started.stdin = None
        return started

    def login(self, created: int) -> tuple[str, str]:
        """Return the user and the password that a container gets."""
        said = self.begin("env", created).communicate(timeout=60)[0]
        known = dict(line.split("=", 1) for line in said.splitlines())
        return known["DB_USERNAME"], known["DB_PASSWORD"]

    def make_user(self, created: int) -> tuple[str, str]:
        """Have an instance make the user of a version, and return how a container logs in."""
        making = self.begin("sql", created)
        said = making.communicate(timeout=60)[1]
        assert making.returncode == 0, said
        return self.login(created)

    def refuses(self, login: tuple[str, str]) -> bool:
        """Whether it does not take a password."""
        try:
            self.ask("SELECT 1", *login)
        except subprocess.CalledProcessError as error:
            return "password authentication failed" in error.stderr
        return False


@contextmanager
def serve(**settings: str) -> Iterator[Database]:
    """Yield a server with these settings; `lacking` says whether there can be one."""
    account = "postgres" if os.geteuid() == 0 else None
    with TemporaryDirectory(prefix="clinic-database") as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, account)
        _make(folder, account)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        known = {"port": str(port), "listen_addresses": "127.0.0.1", "ssl": "on", "fsync": "off"}
        known |= {"unix_socket_directories": name, "log_line_prefix": RDS_PREFIX} | settings
        options = [word for key, value in known.items() for word in ("-c", f"{key}={value}")]
        programs = folder_of_programs()
        assert programs
        with (folder / "log").open("w") as out:
            server = subprocess.Popen(
                [programs / "postgres", "-D", folder / "data", *options],
                **{"user": account, "group": account, "stdout": out, "stderr": out},
            )
        try:
            yield Database(port, folder)
        finally:
            server.terminate()
            server.wait(60)


def _make(folder: Path, account: str | None) -> None:
    """Make data, the server's certificate, its authority and another one."""
    data = folder / "data"

    def run(*command: str | Path) -> None:
        subprocess.run(
            command, check=True, user=account, group=account, cwd=folder, capture_output=True
        )

    (folder / "password").write_text("admin")
    programs = folder_of_programs()
    assert programs
    run(programs / "initdb", "-D", data, "-U", "rdsadmin", "-A", "scram-sha-256", "-N",
        "--pwfile", folder / "password")  # fmt: skip
    request = ("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048")
    for name in ("authority", "stranger"):
        run(*request, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    signed = ("-CA", "authority.pem", "-CAkey", "authority.key", "-subj", "/CN=localhost")
    run(*request, *signed, "-addext", "subjectAltName=DNS:localhost,DNS:database.internal",
        "-keyout", data / "server.key", "-out", data / "server.crt")  # fmt: skip
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")


def fill(database: Database) -> Database:
    """The state before: tables and a type that belong to the master, as a first boot left them."""
    roles = (
        "SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname ~ '^(backend|clinic)'"
    )
    begin = f"""
        DROP DATABASE IF EXISTS clinic WITH (FORCE);
        {roles} \\gexec
        CREATE ROLE {MASTER} LOGIN CREATEROLE CREATEDB PASSWORD '{database.password}';
        CREATE DATABASE clinic OWNER {MASTER};
    """
    deadline = time.monotonic() + 60
    while True:
        try:
            database.admin(begin, database="postgres")
            break
        except subprocess.CalledProcessError:
            assert time.monotonic() < deadline, database.log.read_text()
            time.sleep(0.1)
    database.master(
        "CREATE TYPE state AS ENUM ('new'); CREATE TABLE patient (id serial PRIMARY KEY, s state);"
        "CREATE SEQUENCE alone; CREATE VIEW seen AS SELECT id FROM patient;"
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "INSERT INTO patient DEFAULT VALUES"
    )
    return database
