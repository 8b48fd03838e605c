"""What a real PostgreSQL with the parameters of the templates writes into its log."""

from __future__ import annotations

import os
import re
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resolved import properties

from .conftest import NoRealDatabaseWarning
from .postgres import FIRST, Database, fill, folder_of_programs, lacks_library, serve

PATIENT = "Ana-Condori"
"""What nobody may read in a log."""
PLAIN, AUDIT = "DatabaseParameters", "DatabaseAuditParameters"
Login = tuple[str, str]


@pytest.fixture(scope="module", params=[PLAIN, AUDIT])
def database(request: pytest.FixtureRequest, real_database: None) -> Iterator[Database]:
    """A server with one of the parameter groups of `prod`, and a table that refuses some rows."""
    if request.param == AUDIT and lacks_library("pgaudit"):
        reason = "pgaudit is not installed (Debian: postgresql-15-pgaudit)"
        warnings.warn(f"nothing audited here: {reason}", NoRealDatabaseWarning, stacklevel=1)
        pytest.skip(reason)
    found = properties(request.param, "prod")["Parameters"]
    with serve(**{name: found[name] for name in found if not name.startswith("rds.")}) as server:
        yield fill(server)


@pytest.fixture(scope="module")
def login(database: Database) -> Login:
    login = database.make_user(FIRST)
    database.ask("CREATE TABLE person (name text UNIQUE CHECK (name <> 'x'), at date)", *login)
    return login


@pytest.fixture
def audited(database: Database, login: Login) -> Database:
    if "pgaudit" not in database.admin("SHOW shared_preload_libraries"):
        pytest.skip("this group audits nothing")
    return database


def send(database: Database, login: Login, statement: str, value: str = PATIENT) -> int:
    """Run a statement whose :value is sent beside it, as TypeORM does; return the exit code."""
    programs = folder_of_programs()
    assert programs
    script = database.folder / "statement"
    script.write_text(f"{statement};\n")
    known = {"PGHOST": "127.0.0.1", "PGPORT": str(database.port), "PGSSLMODE": "require"}
    known |= {"PGUSER": login[0], "PGPASSWORD": login[1], "PGDATABASE": "clinic"}
    command: list[str | Path] = [
        programs / "pgbench",
        "-n",
        "-t",
        "1",
        "-M",
        "extended",
        "-D",
        f"value={value}",
    ]
    return subprocess.run(
        [*command, "-f", script], env=os.environ | known, capture_output=True, check=False
    ).returncode


def read(database: Database, wanted: str) -> str:
    """Return the log as soon as it has the text."""
    deadline = time.monotonic() + 30
    while wanted not in (text := database.log.read_text()):
        assert time.monotonic() < deadline, text[-3000:]
        time.sleep(0.02)
    return text


def test_a_slow_statement_is_logged_without_its_values(database: Database, login: Login) -> None:
    assert send(database, login, "SELECT pg_sleep(1.05) WHERE :value <> 'slow'") == 0
    log = read(database, "duration: ")
    assert "SELECT pg_sleep(1.05) WHERE $1 <> 'slow'" in log
    assert PATIENT not in log


def test_a_statement_that_fails_is_logged_without_its_values_and_without_rows(
    database: Database, login: Login
) -> None:
    insert = "INSERT INTO person (name) VALUES (:value)"
    assert send(database, login, insert) == 0
    assert send(database, login, insert) != 0
    assert send(database, login, f"{insert.replace(':value', ':value || :value')}, ('x')") != 0
    read(database, "duplicate key value violates unique constraint")
    log = read(database, "violates check constraint")
    assert "STATEMENT:  INSERT INTO person (name) VALUES ($1)" in log
    assert PATIENT not in log


def test_who_read_and_who_changed_is_logged_with_the_statement_and_no_value(
    audited: Database, login: Login
) -> None:
    for statement in (
        "SELECT * FROM person WHERE name = :value AND at IS NULL",
        "UPDATE person SET at = now() WHERE name = :value",
    ):
        assert send(audited, login, statement) == 0
    log = read(audited, "WRITE,UPDATE")
    user = rf"127\.0\.0\.1\(\d+\):{login[0]}@clinic:\[\d+\]:LOG:  AUDIT: SESSION,1,1"
    statement = r"SELECT \* FROM person WHERE name = \$1 AND at IS NULL;"
    assert re.search(rf"{user},READ,SELECT,,,{statement},<not logged>", log)
    assert re.search(rf"{user},WRITE,UPDATE,,,UPDATE person SET .*,<not logged>", log)
    assert PATIENT not in log


def test_whom_the_master_makes_is_logged_without_a_password(
    audited: Database, login: Login
) -> None:
    log = read(audited, "ROLE,CREATE ROLE,,,")
    assert f'CREATE ROLE ""{login[0]}"" LOGIN PASSWORD <REDACTED>' in log
    assert "SCRAM-SHA-256" not in log


def test_a_read_by_the_master_is_logged_under_its_name(audited: Database, login: Login) -> None:
    audited.master("SELECT name FROM person LIMIT 7")
    log = read(audited, "SELECT name FROM person LIMIT 7")
    assert re.search(r":clinic_owner@clinic:\[\d+\]:LOG:  AUDIT: SESSION,\d+,1,READ,SELECT", log)


@pytest.mark.parametrize(
    "statement",
    [
        "SET pgaudit.log = 'none'",
        "SET pgaudit.log_catalog = 0; SELECT set_config('pgaudit.log', 'none', false)",
        f"SET ROLE NONE; ALTER ROLE \"backend-{FIRST}\" SET pgaudit.log = 'none'",
    ],
)
def test_the_backend_cannot_switch_its_audit_off(
    audited: Database, login: Login, statement: str
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        audited.ask(statement, *login)
    assert "permission denied to set parameter" in refused.value.stderr


def test_nothing_explains_plans_with_their_values() -> None:
    for group in (PLAIN, AUDIT):
        libraries = properties(group, "prod")["Parameters"].get("shared_preload_libraries", "")
        assert "auto_explain" not in libraries
