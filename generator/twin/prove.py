"""Probes of a running twin: each measures one property of the environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from generator.application.smoke.prove import OK
from generator.errors import ClinicError
from generator.twin import database, packets, visitor
from generator.twin.network_plan import DATABASE, launch
from generator.twin.stress import LOADED
from generator.twin.twin import Twin
from generator.twin.visitor import PATIENTS, ask, expect

HEALTHY_SECONDS = 600.0
SHOWN = 5


class ProbeResult(NamedTuple):
    """The outcome of one probe; ``seconds`` is how long it took."""

    name: str
    holds: bool
    observed: str
    seconds: float = 0.0
    promise: str = ""
    """The promise of `clinic smoke`, where it is one."""


def prove(twin: Twin, *, load: bool, only: Sequence[str] = ()) -> Iterator[ProbeResult]:
    """Try everything; only with ``load`` what needs it, which takes minutes, and of all of it only
    what begins with one of ``only``. Promises of `clinic smoke` are asked beside the probes."""

    def wanted(name: str) -> bool:
        return not only or name.startswith(tuple(only))

    yield _run_probe("user-data", lambda: _booted(twin))
    with ThreadPoolExecutor(1) as beside:
        promises = beside.submit(lambda: list(_smoke(twin)) if wanted("smoke") else [])
        for name in filter(wanted, PROBES):
            yield _run_probe(name, partial(PROBES[name], twin))
        yield from promises.result()
    for name in filter(wanted, LOADED if load else ()):
        yield _run_probe(name, partial(LOADED[name], twin))


def _run_probe(name: str, probe: Callable[[], str]) -> ProbeResult:
    begun = time.monotonic()
    try:
        holds, observed = True, probe()
    except ClinicError as trouble:
        holds, observed = False, str(trouble)
    return ProbeResult(name, holds, observed, time.monotonic() - begun)


def _fail(sentence: str) -> ClinicError:
    return ClinicError(sentence, exit_code=1)


def _booted(twin: Twin) -> str:
    """The user data ends well on every instance, and all targets get healthy."""
    health = twin.instances.wait(HEALTHY_SECONDS)
    return f"{len(health)} instances ran it to its end and are healthy targets"


def _signals(twin: Twin) -> str:
    statuses = Counter(status for _, status in twin.signals)
    instances = {instance for instance, status in twin.signals if status == "SUCCESS"}
    if missing := set(twin.instances.running) - instances:
        raise _fail(
            f"{', '.join(sorted(missing))} signalled no success (signals: {dict(statuses)})"
        )
    return f"{len(instances)} signals of success"


def _packets(twin: Twin) -> str:
    probes = packets.probe(twin.deployed, twin.network)
    wrong = [
        f"{one.source} to {one.target}:{one.port} is {one.outcome}"
        for one in probes
        if not one.agrees
    ]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise _fail(f"not what `clinic prove` derives: {'; '.join(wrong[:SHOWN])}{more}")
    return f"{len(probes)} of {len(probes)} connections do what `clinic prove` derives"


def _calls(twin: Twin) -> str:
    refused = sorted({f"{c.action} on {c.resource}" for c in twin.services.calls if not c.allowed})
    if refused:
        raise _fail(f"the role does not allow {'; '.join(refused[:SHOWN])}")
    actions = {call.action for call in twin.services.calls}
    return f"{len(twin.services.calls)} calls of {len(actions)} kinds, all allowed by the role"


def _hop_limit(twin: Twin) -> str:
    """A container is one hop further: it gets a token only where the limit is two."""
    limit = int(launch(twin.deployed).get("MetadataOptions", {}).get("HttpPutResponseHopLimit", 1))
    ask = (
        "name=$(docker ps --format '{{.Names}}' | tail -1); "
        "nsenter -n -t $(docker top $name -eo pid | tail -1) curl -s -m 2 -o "
        "/dev/null -w '%{http_code}' -X PUT http://169.254.169.254/latest/api/token "
        "-H 'X-aws-ec2-metadata-token-ttl-seconds: 60'"
    )
    for instance in twin.instances.running.values():
        got = instance.run(ask).strip().endswith("200")
        if got != (limit > 1):
            raise _fail(
                f"the hop limit is {limit}, and a container {'gets' if got else 'gets no'} token"
            )
    return f"a hop limit of {limit}: containers get {'a' if limit > 1 else 'no'} token"


def _metadata(twin: Twin) -> str:
    """The role's keys are for who holds a token: version 1 of the service is closed."""
    ask = "curl -s -m 2 -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/"
    for instance in twin.instances.running.values():
        if (status := instance.run(f"{ask}instance-id").strip()) != "401":
            raise _fail(f"without a token the metadata service answers {status} instead of 401")
    return "nothing without a token"


def _s3_endpoint(twin: Twin) -> str:
    """Calls of S3 take the gateway endpoint: S3 sees the instances' own addresses."""
    sources = {call.source for call in twin.services.calls if call.action.startswith("s3:")}
    block = IPv4Network(twin.network.plan.block)
    outside = sorted(one for one in sources if IPv4Address(one) not in block)
    if outside or not sources:
        raise _fail(f"S3 is asked from {', '.join(outside) or 'nowhere'}, not by its endpoint")
    return f"S3 is asked from {len(sources)} private addresses"


def _database(twin: Twin) -> str:
    """With the secret's password an instance connects, but not without TLS, and each setting of the
    parameter group is in force."""
    for mode, refusal in (("disable", "no encryption"), ("require", "")):
        if refusal not in (error := _connect(twin, mode)) or (error and not refusal):
            raise _fail(f"with sslmode={mode} the database says: {error or 'nothing'}")
    settings = database.server_settings(twin.deployed)
    rows = twin.database.sql("SELECT name, setting FROM pg_settings", "postgres").splitlines()
    now = dict(row.split("|", 1) for row in rows if "|" in row)
    for name, value in settings.items():
        if now.get(name) != value:
            raise _fail(f"{name} is {now.get(name)} instead of {value}")
    return f"refused without TLS; {len(settings)} settings of the parameter group are in force"


def _connect(twin: Twin, mode: str) -> str:
    """Why the master, by the secret of now, cannot connect from an instance; empty if it can."""
    data = twin.database
    _, attached = twin.deployed.only("AWS::SecretsManager::SecretTargetAttachment")
    secrets = twin.aws.client("secretsmanager")
    secret = json.loads(secrets.get_secret_value(SecretId=attached["SecretId"])["SecretString"])
    [interface] = twin.network.plan.of_kind(DATABASE)
    words = f"host={interface.address} port={data.port} dbname={data.name} user={data.user}"
    place = next(iter(twin.instances.running.values())).interface.name
    command = ["nsenter", f"--net=/run/netns/{place}", "psql", f"{words} sslmode={mode}"]
    ended = subprocess.run(
        [*command, "-XAtqwc", "SELECT 1"],
        env={**os.environ, "PGPASSWORD": secret["password"], "PGCONNECT_TIMEOUT": "5"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stderr.strip()[-200:] if ended.returncode else ""


def _log_in(twin: Twin) -> str:
    """A person registers, logs in and is recognised, by both instances and the database."""
    token = visitor.token(twin)
    expect(401, *ask(twin, "GET", PATIENTS))
    expect(201, *ask(twin, "POST", PATIENTS, {"nombre": "Ana"}, token))
    for _ in range(4):
        status, body = ask(twin, "GET", PATIENTS, token=token)
        expect(200, status, body)
        if "Ana" not in body:
            raise _fail(f"the patient that was written is not read again: {body[:200]}")
    return "registered, logged in and recognised through the CDN, with the database behind"


def _smoke(twin: Twin) -> Iterator[ProbeResult]:
    """Every promise of `clinic smoke`, asked from outside under AWS's names."""
    ended = twin.clinic("smoke", twin.env.name, "--json")
    promises = [json.loads(line) for line in ended.stdout.splitlines()]
    promises = [one for one in promises if one["kind"] == "promise"]
    for one in promises:
        name, holds = f"smoke {one['name']}", one["status"] == OK
        yield ProbeResult(name, holds, one["reason"], one["ms"] / 1000, one["says"])
    if not promises or ended.returncode not in (0, 1):
        yield ProbeResult("smoke", False, re.sub(r"\s+", " ", ended.stderr or ended.stdout)[-300:])


PROBES: dict[str, Callable[[Twin], str]] = {
    "signals": _signals,
    "calls": _calls,
    "packets": _packets,
    "hop-limit": _hop_limit,
    "metadata": _metadata,
    "s3-endpoint": _s3_endpoint,
    "database": _database,
    "log-in": _log_in,
}
