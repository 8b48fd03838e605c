"""The backend's own users in a real PostgreSQL, whose master is as RDS's: no superuser."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator import bootstrap

MASTER, FIRST, SECOND, THIRD = "clinic_owner", 1_700_000_000, 1_700_086_400, 1_700_172_800
PROGRAM = bootstrap.part(*bootstrap.FILES).partition('case "${1:-boot}"')[0]
ACT = 'SECRET=$(cat); if [[ "${WORD}" == sql ]]; then make_user; else database_user env; fi'


class NoRealDatabaseWarning(UserWarning):
    """The SQL for the backend's users was not tried."""


def folder_of_programs() -> Path | None:
    """Where the server's programs are: Debian keeps them beside PATH."""
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
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


@dataclass
class Database:
    """A server with TLS, in which `clinic` belongs to the master."""

    port: int
    log: Path
    password: str = "first-password"

    def ask(self, sql: str, user: str, password: str, tls: str = "require") -> str:
        """Return a statement's result, unaligned; CalledProcessError if it is refused."""
        known = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user}
        known |= {"PGPASSWORD": password, "PGSSLMODE": tls, "PGDATABASE": "clinic"}
        return subprocess.run(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql],
            env=os.environ | known,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def master(self, sql: str) -> str:
        return self.ask(sql, MASTER, self.password)

    def rotate(self, password: str) -> None:
        """As RDS: somebody else sets the master's password."""
        self.ask(f"ALTER ROLE {MASTER} PASSWORD '{password}'", "rdsadmin", "admin")
        self.password = password

    def begin(self, word: str, created: int) -> subprocess.Popen[str]:
        """Start a function of the instance's program, with a version of the secret."""
        secret = {"host": "127.0.0.1", "port": self.port}
        secret |= {"username": MASTER, "password": self.password}
        answer = {"SecretString": json.dumps(secret), "CreatedDate": created + 0.5}
        settings = dict.fromkeys(bootstrap.SETTINGS, "x") | {"DATABASE_NAME": "clinic"}
        started = subprocess.Popen(
            ["bash", "-c", PROGRAM + ACT],
            env=os.environ | settings | {"WORD": word},
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


@pytest.fixture
def database(server: Database) -> Database:
    """Return the server as before any instance booted."""
    return _filled(Database(server.port, server.log))


@pytest.fixture(scope="module")
def server() -> Iterator[Database]:
    if reason := lacking():
        warnings.warn(f"no real database here: {reason}", NoRealDatabaseWarning, stacklevel=1)
        pytest.skip(reason)
    programs = folder_of_programs()
    assert programs
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path("/tmp") / f"clinic-database-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if account:
        shutil.chown(folder, account)
    data = folder / "data"

    def run(*command: str | Path) -> None:
        subprocess.run(
            command, check=True, user=account, group=account, cwd=folder, capture_output=True
        )

    (folder / "admin").write_text("admin")
    run(programs / "initdb", "-D", data, "-U", "rdsadmin", "-A", "scram-sha-256", "-N",
        "--pwfile", folder / "admin")  # fmt: skip
    run("openssl", "req", "-new", "-x509", "-nodes", "-subj", "/CN=database", "-newkey", "rsa:2048",
        "-keyout", data / "server.key", "-out", data / "server.crt")  # fmt: skip
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-c", "ssl=on", "-c", "fsync=off",
             "-c", f"unix_socket_directories={folder}", "-c", "log_statement=all"],
            user=account, group=account, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        yield Database(port, log)
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(folder)


def _filled(database: Database) -> Database:
    """The state before: tables and a type that belong to the master, as a first boot left them."""
    admin = {"PGHOST": "127.0.0.1", "PGPORT": str(database.port), "PGUSER": "rdsadmin"}
    admin |= {"PGPASSWORD": "admin", "PGSSLMODE": "require", "PGDATABASE": "postgres"}
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
    command = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1"]
    while subprocess.run(
        command, env=os.environ | admin, input=begin.encode(), capture_output=True, check=False
    ).returncode:
        assert time.monotonic() < deadline, database.log.read_text()
        time.sleep(0.1)
    database.master(
        "CREATE TYPE state AS ENUM ('new'); CREATE TABLE patient (id serial PRIMARY KEY, s state);"
        "CREATE SEQUENCE alone; CREATE VIEW seen AS SELECT id FROM patient;"
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "INSERT INTO patient DEFAULT VALUES"
    )
    return database


OWNERS = (
    "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "UNION SELECT typowner::regrole FROM pg_type WHERE typname = 'state' "
    "UNION SELECT proowner::regrole FROM pg_proc WHERE proname = 'one'"
)


def refused(database: Database, login: tuple[str, str]) -> bool:
    try:
        database.ask("SELECT 1", *login)
    except subprocess.CalledProcessError as error:
        return "password authentication failed" in error.stderr
    return False


def test_a_containers_user_owns_what_was_the_masters_and_the_master_goes_on(
    database: Database,
) -> None:
    login = database.make_user(FIRST)
    assert login[0] == f"backend-{FIRST}"
    changes = "ALTER TABLE patient ADD name text; CREATE TABLE visit (id serial); DROP VIEW seen"
    assert database.ask(f"{changes}; SELECT count(*) FROM patient", *login) == "1"
    assert database.master(OWNERS) == '"backend-owner"'
    assert database.ask("SELECT current_user", *login) == "backend-owner"
    owner = "SELECT datdba::regrole FROM pg_database WHERE datname = 'clinic'"
    assert database.master(owner) == MASTER
    database.master("INSERT INTO visit DEFAULT VALUES; ALTER TABLE visit ADD day date")
    database.master("CREATE TABLE late (id serial)")
    database.ask("INSERT INTO late DEFAULT VALUES", *login)
    database.make_user(FIRST)
    assert database.master(OWNERS) == '"backend-owner"'


def test_a_rotation_refuses_no_container_until_the_next_but_one(database: Database) -> None:
    first = database.make_user(FIRST)
    database.rotate("second-password")
    assert not refused(database, first), "before any instance noticed"
    second = database.make_user(SECOND)
    assert second != first
    assert not refused(database, first)
    assert not refused(database, second)
    database.rotate("third-password")
    third = database.make_user(THIRD)
    assert refused(database, first)
    assert not refused(database, second)
    assert not refused(database, third)


def test_instances_that_boot_together_do_not_collide(database: Database) -> None:
    together = [database.begin("sql", FIRST) for _ in range(4)]
    said = [one.communicate(timeout=60)[1] for one in together]
    assert [one.returncode for one in together] == [0] * 4, said
    assert not refused(database, database.login(FIRST))


def test_no_password_reaches_the_servers_log_and_none_goes_without_tls(database: Database) -> None:
    login = database.make_user(FIRST)
    log = database.log.read_text()
    assert "CREATE ROLE" in log
    assert login[1] not in log
    with pytest.raises(subprocess.CalledProcessError, match="psql"):
        database.ask("SELECT 1", *login, tls="disable")


def test_a_password_that_is_not_the_masters_makes_nobody(database: Database) -> None:
    database.password = "not-yet"
    making = database.begin("sql", FIRST)
    assert "password authentication failed" in making.communicate(timeout=60)[1]
    assert making.returncode == 2
