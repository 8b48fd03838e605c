"""A real PostgreSQL in the instance's network, whose master is as RDS's: no superuser."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bootstrap.postgres import folder_of_programs

ADDRESS = "192.0.2.5"
"""One for documentation (RFC 5737), on the loopback of the network that the containers' is in."""
MASTER, PASSWORD, NAME = "clinic_owner", "an-obviously-fake-password", "clinic"
SECRET = {"host": ADDRESS, "port": 5432, "username": MASTER, "password": PASSWORD}
PATIENCE = 60.0


@contextmanager
def postgresql(inside: Sequence[str]) -> Iterator[bytes]:
    """Run a server that demands TLS, with an empty database, and yield its certificate; ``inside``
    enters its network."""
    programs = folder_of_programs()
    assert programs
    # The server refuses root, and root's temporary folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="clinic-image-"))
    shutil.chown(folder, "postgres")
    data = folder / "data"

    def run(*command: str | Path, text: str = "") -> int:
        ran = subprocess.run(
            command, input=text.encode(), user="postgres", cwd=folder, capture_output=True
        )
        (folder / "said").write_bytes(ran.stdout + ran.stderr)
        return ran.returncode

    try:
        assert not run(programs / "initdb", "-D", data, "-U", "rdsadmin", "-A", "trust", "-N")
        assert not run(
            "openssl", "req", "-new", "-x509", "-nodes", "-subj", "/CN=database", "-newkey",
            "rsa:2048", "-addext", f"subjectAltName=IP:{ADDRESS}",
            "-keyout", data / "server.key", "-out", data / "server.crt",
        )  # fmt: skip
        (data / "pg_hba.conf").write_text("local all all trust\nhostssl all all all scram-sha-256")
        subprocess.run([*inside, "ip", "address", "replace", ADDRESS, "dev", "lo"], check=True)
        enter = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        with (folder / "log").open("wb") as log, subprocess.Popen(
            [*inside, *enter, "--pdeathsig=TERM", programs / "postgres", "-D", data, "-c", "ssl=on",
             "-c", "fsync=off", "-c", f"listen_addresses={ADDRESS}",
             "-c", f"unix_socket_directories={folder}"],
            stdout=log, stderr=log,
        ) as server:  # fmt: skip
            try:
                deadline = time.monotonic() + PATIENCE
                sql = (
                    f"CREATE ROLE {MASTER} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}';\n"
                    f"CREATE DATABASE {NAME} OWNER {MASTER};\n"
                )
                known = ("-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "rdsadmin", "postgres")
                while run("psql", "-Xq", *known, text=sql):
                    assert time.monotonic() < deadline, (folder / "said").read_text()
                    time.sleep(0.2)
                yield (data / "server.crt").read_bytes()
            finally:
                # SIGTERM would wait for the container's connections.
                server.send_signal(signal.SIGINT)
                server.wait(PATIENCE)
    finally:
        shutil.rmtree(folder)
