"""TLS to a real PostgreSQL: with RDS's certificate only, whoever connects."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.shipped import text

from .postgres import FIRST, Database, fill, serve

CLIENT = """
const net = require('net'), [port, host] = process.argv.slice(1);
const ask = Buffer.from('0000000804d2162f', 'hex');
const socket = net.connect(port, '127.0.0.1', () => socket.write(ask));
socket.once('data', () => {
    const stream = require('tls').connect({socket, rejectUnauthorized: false, servername: host});
    stream.on('secureConnect', () => { console.log('connected'); process.exit(0); });
    stream.on('error', (error) => { console.log(error.code); process.exit(1); });
});
"""
"""As node-postgres connects for the documented backend, which takes any certificate."""


@pytest.fixture(scope="module")
def database(real_database: None) -> Iterator[Database]:
    with serve() as server:
        yield fill(server)


def test_the_master_logs_in_where_authority_and_host_are_right(database: Database) -> None:
    assert database.make_user(FIRST)[0] == f"backend-{FIRST}"


@pytest.mark.parametrize(
    ("authority", "host", "reason"),
    [
        ("stranger", "localhost", "certificate verify failed"),
        ("authority", "127.0.0.1", 'does not match host name "127.0.0.1"'),
    ],
)
def test_the_masters_password_goes_to_no_other_server(
    database: Database, authority: str, host: str, reason: str
) -> None:
    other = Database(database.port, database.folder, host=host)
    making = other.begin("sql", FIRST, authority)
    assert reason in making.communicate(timeout=60)[1]
    assert making.returncode == 2


def connect(database: Database, folder: Path, authority: str, host: str, asked: str) -> str:
    """Return what the backend finds; ``host`` is its DB_HOST, ``asked`` the host that it wants."""
    first, mounted = folder / "keep-alive.cjs", database.folder / f"{authority}.pem"
    code = text("generator.bootstrap", "keep-alive.cjs")
    assert code.count("/database.crt") == 1
    first.write_text(code.replace("/database.crt", str(mounted)))
    return subprocess.run(
        ["node", "--require", first, "-e", CLIENT, str(database.port), asked],
        env=os.environ | {"DB_HOST": host},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    ).stdout.strip()


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
@pytest.mark.parametrize(
    ("authority", "host", "asked", "result"),
    [
        ("authority", "localhost", "localhost", "connected"),
        ("stranger", "localhost", "localhost", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ("authority", "db.example", "db.example", "ERR_TLS_CERT_ALTNAME_INVALID"),
        # Whatever else the application connects to is its own matter.
        ("stranger", "db.example", "localhost", "connected"),
    ],
)
def test_a_backend_that_takes_any_certificate_takes_only_the_databases(
    database: Database, tmp_path: Path, authority: str, host: str, asked: str, result: str
) -> None:
    assert connect(database, tmp_path, authority, host, asked) == result
