"""What the backend's user can do in a real PostgreSQL, searched for and tried."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from .postgres import FIRST, MASTER, SECOND, Database, fill, serve

RIGHTS = """
SELECT 'database ' || datname, p FROM pg_database,
  unnest(ARRAY['CREATE', 'CONNECT', 'TEMPORARY']) p WHERE has_database_privilege({user}, oid, p)
UNION SELECT 'schema ' || nspname, p FROM pg_namespace, unnest(ARRAY['CREATE', 'USAGE']) p
  WHERE has_schema_privilege({user}, oid, p)
UNION SELECT 'tables in ' || relnamespace::regnamespace, p FROM pg_class, unnest(ARRAY['SELECT',
  'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
  WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND has_table_privilege({user}, oid, p)
UNION SELECT 'columns in ' || relnamespace::regnamespace, p FROM pg_class, unnest(ARRAY['SELECT',
  'INSERT', 'UPDATE', 'REFERENCES']) p
  WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND has_any_column_privilege({user}, oid, p)
UNION SELECT 'sequences in ' || relnamespace::regnamespace, p FROM pg_class,
  unnest(ARRAY['SELECT', 'USAGE', 'UPDATE']) p
  WHERE relkind = 'S' AND has_sequence_privilege({user}, oid, p)
UNION SELECT 'function ' || oid::regprocedure, 'EXECUTE' FROM pg_proc
  WHERE has_function_privilege({user}, oid, 'EXECUTE')
UNION SELECT 'language ' || lanname, 'USAGE' FROM pg_language
  WHERE has_language_privilege({user}, oid, 'USAGE')
UNION SELECT 'wrapper ' || fdwname, 'USAGE' FROM pg_foreign_data_wrapper
  WHERE has_foreign_data_wrapper_privilege({user}, oid, 'USAGE')
UNION SELECT 'tablespace ' || spcname, 'CREATE' FROM pg_tablespace
  WHERE has_tablespace_privilege({user}, oid, 'CREATE')
UNION SELECT 'parameter ' || name, p FROM pg_settings, unnest(ARRAY['SET', 'ALTER SYSTEM']) p
  WHERE has_parameter_privilege({user}, name, p)
UNION SELECT 'role ' || rolname, p FROM pg_roles, unnest(ARRAY['MEMBER',
  'MEMBER WITH ADMIN OPTION']) p WHERE rolname <> {user} AND pg_has_role({user}, oid, p)
UNION SELECT 'attribute', key FROM pg_roles r, jsonb_each(to_jsonb(r))
  WHERE pg_has_role({user}, oid, 'MEMBER') AND value = 'true'
UNION SELECT 'owner of', coalesce('what is in ' || schema, identity) FROM pg_shdepend,
  pg_identify_object(classid, objid, objsubid)
  WHERE deptype = 'o' AND pg_has_role({user}, refobjid, 'MEMBER') AND dbid IN (0,
  (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
"""Whatever a user may do anywhere, as target and right; what is granted to all included."""

WANTED = {
    *(f"database clinic|{right}" for right in ("CREATE", "CONNECT", "TEMPORARY")),
    "schema public|CREATE",
    *(
        f"tables in public|{right}"
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    ),
    *(f"columns in public|{right}" for right in ("SELECT", "INSERT", "UPDATE", "REFERENCES")),
    *(f"sequences in public|{right}" for right in ("SELECT", "USAGE", "UPDATE")),
    "role backend-owner|MEMBER",
    "owner of|what is in public",
}
"""What TypeORM's synchronize and migrations need; CREATE in the database is for its uuid-ossp."""

FORBIDDEN = (
    "SELECT rolpassword FROM pg_authid",
    "SELECT passwd FROM pg_shadow",
    f"SET ROLE {MASTER}",
    f"SET SESSION AUTHORIZATION {MASTER}",
    f'SET SESSION AUTHORIZATION "backend-{FIRST}"',
    f'SET ROLE "backend-{FIRST}"',
    f"ALTER ROLE \"backend-{FIRST}\" PASSWORD 'known'",
    f"ALTER ROLE {MASTER} PASSWORD 'known'",
    f"ALTER ROLE {MASTER} SET search_path = public",
    "ALTER DATABASE clinic SET search_path = public",
    f'GRANT {MASTER} TO "backend-{SECOND}"',
    f'GRANT pg_read_all_data TO "backend-{SECOND}"',
    'GRANT "backend-owner" TO nobody',
    "CREATE ROLE another",
    "CREATE DATABASE another",
    f"CREATE SCHEMA for_the_master AUTHORIZATION {MASTER}",
    "CREATE TABLE pg_catalog.another (id int)",
    "COPY patient TO PROGRAM 'cat'",
    "COPY patient FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION dblink",
    "CREATE FUNCTION read_all() RETURNS int LANGUAGE internal AS 'int4inc'",
    "CREATE FUNCTION read_all() RETURNS int LANGUAGE c AS 'dblink'",
    "CREATE OR REPLACE FUNCTION each() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    "CREATE EVENT TRIGGER each ON ddl_command_start EXECUTE FUNCTION each()",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "SELECT pg_create_physical_replication_slot('another')",
    "ALTER SYSTEM SET log_statement = 'none'",
    "SET log_min_duration_statement = -1",
    "SET log_error_verbosity = 'default'",
    "SET session_replication_role = 'replica'",
)
REFUSAL = (
    "permission denied|must be (a )?(superuser|owner|member)|must have|"
    "must be able to SET ROLE|Must be superuser|only roles with"
)

PLANTED = f"""
CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN EXECUTE 'GRANT {MASTER} TO "backend-owner"'; RETURN 'SELECT 1'; END $$;
CREATE FUNCTION public.same(oid, regrole) RETURNS bool LANGUAGE plpgsql AS $$
  BEGIN EXECUTE 'GRANT {MASTER} TO "backend-owner"'; RETURN true; END $$;
CREATE OPERATOR public.= (leftarg = oid, rightarg = regrole, function = public.same);
"""
"""Functions that stand in for PostgreSQL's own when somebody calls these without their schema."""


@pytest.fixture(scope="module")
def database(real_database: None) -> Iterator[Database]:
    """A server after a rotation, with a user who was granted nothing."""
    with serve() as server:
        database = fill(server)
        database.admin("CREATE ROLE nobody LOGIN PASSWORD 'nobody'")
        database.make_user(FIRST)
        database.make_user(SECOND)
        yield database


@pytest.fixture(scope="module")
def login(database: Database) -> tuple[str, str]:
    return database.login(SECOND)


def rights(database: Database, user: str) -> set[str]:
    return set(database.admin(RIGHTS.format(user=f"'{user}'")).splitlines())


def test_a_search_for_every_right_finds_the_backends_own_tables_and_nothing_else(
    database: Database, login: tuple[str, str]
) -> None:
    of_all = rights(database, "nobody")
    assert rights(database, login[0]) - of_all == WANTED
    assert not {right for right in of_all if right.endswith(("|SET", "|ALTER SYSTEM"))}
    assert "attribute|rolcanlogin" in of_all
    assert "function pg_read_file(text)|EXECUTE" not in of_all


@pytest.mark.parametrize("role", ["", "SET ROLE NONE;"])
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_what_only_the_master_or_rds_may_do_is_refused(
    database: Database, login: tuple[str, str], statement: str, role: str
) -> None:
    """As the owner of the tables, and as the user that logged in."""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        database.ask(role + statement, *login)
    assert re.search(REFUSAL, refused.value.stderr), refused.value.stderr


def test_statements_of_another_user_are_not_seen(
    database: Database, login: tuple[str, str]
) -> None:
    seen = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE usename <> session_user AND query <> '<insufficient privilege>'"
    )
    with subprocess.Popen(
        ["psql", f"host=127.0.0.1 port={database.port} user={MASTER} dbname=clinic "
         f"password={database.password} sslmode=require"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as master:  # fmt: skip
        assert master.stdin
        assert master.stdout
        master.stdin.write("\\o\nSELECT 'a patient';\n\\echo asked\n")
        master.stdin.flush()
        assert any("asked" in line for line in iter(master.stdout.readline, ""))
        assert database.ask(seen, *login) == "0"
        assert int(database.admin(seen)) > 0
        master.stdin.close()


def test_nobody_connects_to_the_patients_database_without_a_grant(database: Database) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        database.ask("SELECT 1", "nobody", "nobody")
    assert "does not have CONNECT privilege" in refused.value.stderr


def test_nothing_that_the_backend_plants_is_called_by_the_master(database: Database) -> None:
    """The master makes the next user in the backend's own database, and may give away itself."""
    login = database.login(SECOND)
    database.ask(PLANTED, *login)
    database.make_user(SECOND + 1)
    database.make_user(SECOND)
    assert rights(database, login[0]) - rights(database, "nobody") == WANTED
