"""The database: PostgreSQL with the secret's user, TLS, and the parameter group's settings."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.errors import ClinicError
from generator.twin.certificates import Authority
from generator.twin.deployed import DeployedStack
from generator.twin.namespaces import run, spawn
from generator.twin.network_plan import DATABASE, NetworkPlan

FORCED = "rds.force_ssl"
PORT = 5432
NOT_ROOT = ["unshare", "--map-user=1000", "--map-group=1000"]
"""PostgreSQL refuses root: a user namespace of its own, without any right."""
ADMIN = "rdsadmin"
MASTER = """
CREATE ROLE rds_superuser NOLOGIN CREATEDB CREATEROLE;
GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION;
CREATE ROLE "{user}" LOGIN CREATEDB CREATEROLE IN ROLE rds_superuser;
"""
"""RDS's master user is no superuser (RDS user guide, understanding the rds_superuser role)."""
PATIENCE = 30.0
MAX_CONNECTIONS = 81
"""What RDS gives a db.t3.micro: LEAST({DBInstanceClassMemory/9531392}, 5000)."""


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that Debian or Ubuntu installed, if any."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    return folders[-1].parent if folders else None


@dataclass
class Database:
    """A running server."""

    folder: Path
    process: subprocess.Popen[bytes]
    port: int
    user: str
    name: str

    def sql(self, statements: str, database: str = "") -> str:
        """What psql prints for some statements, as the server's owner."""
        where = ["-h", str(self.folder), "-p", str(self.port), "-U", ADMIN]
        return run(["psql", "-XAtq", *where, "-d", database or self.name], statements)

    def set_password(self, password: str) -> None:
        """Change the master's password, as ModifyDBInstance does."""
        quoted = password.replace("'", "''")
        self.sql(f"ALTER USER \"{self.user}\" PASSWORD '{quoted}';", "postgres")


def start(deployed: DeployedStack, plan: NetworkPlan, authority: Authority) -> Database:
    """Make and start the server at the database's interface. ClinicError if it does not start."""
    _, properties = deployed.only("AWS::RDS::DBInstance")
    [interface] = plan.of_kind(DATABASE)
    place = programs()
    if place is None:
        raise ClinicError("PostgreSQL is not here: apt-get install postgresql.")
    folder = authority.folder.parent / "database"
    data = folder / "data"
    folder.mkdir()
    locale = ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    initdb = [str(place / "initdb"), "-D", str(data), "-U", ADMIN, "-A", "trust", *locale]
    run([*NOT_ROOT, *initdb])
    host = deployed.outputs.get("DatabaseHost", "") or "database"
    pair = authority.sign("database", [host])
    for source, target in ((pair.certificate, "server.crt"), (pair.key, "server.key")):
        (data / target).touch(mode=0o600)
        (data / target).write_bytes(source.read_bytes())
    port = int(properties.get("Port", PORT))
    configure(deployed, folder, interface.address)
    log = folder / "log"
    command = [*NOT_ROOT, str(place / "postgres"), "-D", str(data)]
    process = spawn(interface.name, command, log)
    user, name = str(properties["MasterUsername"]), str(properties.get("DBName", "postgres"))
    made = Database(folder, process, port, user, name)
    _wait(made, place, log)
    made.sql(MASTER.format(user=user), "postgres")
    made.set_password(str(properties["MasterUserPassword"]))
    if name != "postgres":
        made.sql(f'CREATE DATABASE "{name}" OWNER "{user}";', "postgres")
    return made


def configure(deployed: DeployedStack, folder: Path, address: str) -> None:
    """Write the server's settings: what the instance and its parameter group say."""
    _, properties = deployed.only("AWS::RDS::DBInstance")
    lines = [
        f"listen_addresses = '{address}'",
        f"port = {properties.get('Port', PORT)}",
        f"unix_socket_directories = '{folder}'",
        "ssl = on",
        "fsync = off",
        f"max_connections = {MAX_CONNECTIONS}",
        *(f"{name} = '{value}'" for name, value in server_settings(deployed).items()),
    ]
    (folder / "data" / "postgresql.auto.conf").write_text("\n".join(lines) + "\n")
    kind = "hostssl" if _parameters(deployed, properties).get(FORCED, "1") == "1" else "host"
    (folder / "data" / "pg_hba.conf").write_text(
        f"local all all trust\n{kind} all all 0.0.0.0/0 scram-sha-256\n"
    )


def server_settings(deployed: DeployedStack) -> dict[str, str]:
    """The parameter group's settings that PostgreSQL itself knows."""
    _, properties = deployed.only("AWS::RDS::DBInstance")
    return {
        name: value
        for name, value in _parameters(deployed, properties).items()
        if not name.startswith(("rds.", "pgaudit.")) and "preload" not in name and "{" not in value
    }


def _parameters(deployed: DeployedStack, properties: dict[str, Any]) -> dict[str, str]:
    if "DBParameterGroupName" not in properties:
        return {}
    groups = deployed.of_type("AWS::RDS::DBParameterGroup")
    parameters = groups[deployed.logical_id(properties["DBParameterGroupName"])].get(
        "Parameters", {}
    )
    return {name: str(value) for name, value in parameters.items()}


def _wait(database: Database, place: Path, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    ready = [str(place / "pg_isready"), "-q", "-h", str(database.folder), "-p", str(database.port)]
    while subprocess.run(ready, check=False).returncode:
        if database.process.poll() is not None or time.monotonic() > end:
            raise ClinicError(f"PostgreSQL did not start: {log.read_text()[-600:]}", exit_code=1)
        time.sleep(0.05)
