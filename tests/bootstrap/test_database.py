"""The backend's own users in a real PostgreSQL."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from .postgres import FIRST, MASTER, SECOND, THIRD, Database, fill, serve


@pytest.fixture(scope="module")
def server(real_database: None) -> Iterator[Database]:
    with serve(log_statement="all") as server:
        yield server


@pytest.fixture
def database(server: Database) -> Database:
    """Return the server as before any instance booted."""
    return fill(Database(server.port, server.folder))


OWNERS = (
    "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "UNION SELECT typowner::regrole FROM pg_type WHERE typname = 'state' "
    "UNION SELECT proowner::regrole FROM pg_proc WHERE proname = 'one'"
)


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
    assert not database.refuses(first), "before any instance noticed"
    second = database.make_user(SECOND)
    assert second != first
    assert not database.refuses(first)
    assert not database.refuses(second)
    database.rotate("third-password")
    third = database.make_user(THIRD)
    assert database.refuses(first)
    assert not database.refuses(second)
    assert not database.refuses(third)


def test_instances_that_boot_together_do_not_collide(database: Database) -> None:
    together = [database.begin("sql", FIRST) for _ in range(4)]
    said = [one.communicate(timeout=60)[1] for one in together]
    assert [one.returncode for one in together] == [0] * 4, said
    assert not database.refuses(database.login(FIRST))


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
