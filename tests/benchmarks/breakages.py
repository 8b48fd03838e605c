"""Breakages of the templates, planted in one environment that stands, and the probes that see them.

    python -m tests.benchmarks.breakages [ENV [AREA or NAME...]]

What is enacted is broken, and what `clinic prove` derives stays that of the sound templates. Each
breakage is undone again; everything holds before the first and after the last. Takes minutes.
"""

from __future__ import annotations

import base64
import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from generator.cloud.environment import load
from generator.errors import ClinicError
from generator.local.frontend import write_small_build
from generator.model import view
from generator.report import Report
from generator.twin import balancer, cdn, database, image, namespaces, prove, wiring
from generator.twin.database import NOT_ROOT
from generator.twin.deployed import Deployed
from generator.twin.network import ROUTER
from generator.twin.stand import FILES, PROGRAMS
from generator.twin.twin import Choices, Twin, stand_up
from tests.benchmarks.planted import PLANTED, Breakage

PATIENCE = 12.0
"""Seconds that a boot, or a target, has to get well."""
ROOT = Path(__file__).parents[2]
PARAMS = ROOT / "params"


class Outcome(NamedTuple):
    """What became of one breakage."""

    breakage: Breakage
    red: list[str]
    """Probes that no longer hold."""

    @property
    def caught(self) -> bool:
        """Whether the probe that should see it does."""
        return any(one.startswith(self.breakage.probe) for one in self.red)


def main(env: str) -> int:
    """Stand ``env`` up and plant everything: 0 if all of it is seen and the controls hold."""
    if not namespaces.is_own_world():
        if why := namespaces.why_not(PROGRAMS, FILES):
            raise ClinicError(f"the twin cannot stand here: {why}")
        image.prepare(None)
        namespaces.own_world(["-m", __spec__.name, *sys.argv[1:]])
    namespaces.furnish()
    choices = Choices(
        image.small(namespaces.SCRATCH / "image"),
        b"JWT_SECRET=breakages-of-the-templates-0123456789\nGEMINI_API_KEY=made-up\n",
        quick=True,
        params=PARAMS,
    )
    with stand_up(load(env, PARAMS, False), view.load(env, PARAMS), choices, Report(False)) as twin:
        return _plant(twin)


def _plant(twin: Twin) -> int:
    folder = namespaces.SCRATCH / "frontend"
    folder.mkdir()
    write_small_build(folder)
    published = twin.clinic("publish", twin.env.name, str(folder))
    assert published.returncode == 0, published.stderr
    before = [one for one in prove.prove(twin, load=False) if not one.holds]
    print("control before:", before or "all hold", flush=True)
    prove.HEALTHY_SECONDS = PATIENCE
    outcomes = []
    wanted = sys.argv[2:] or list(AREAS)
    if unknown := set(wanted) - {word for one in PLANTED for word in (one.area, one.name)}:
        raise ClinicError(f"nothing is planted as {', '.join(sorted(unknown))}.")
    for one in [one for one in PLANTED if one.area in wanted or one.name in wanted]:
        outcome = Outcome(one, sorted(_red(twin, one)))
        outcomes.append(outcome)
        print(
            f"{'caught' if outcome.caught else 'MISSED':7} {one.area:9} {one.name}: "
            f"{', '.join(outcome.red) or 'nothing is red'}",
            flush=True,
        )
    after = [one for one in prove.prove(twin, load=False) if not one.holds]
    print("control after:", after or "all hold")
    caught = sum(one.caught for one in outcomes)
    print(json.dumps({"planted": len(outcomes), "caught": caught}))
    return 0 if caught == len(outcomes) and not before and not after else 1


def _red(twin: Twin, breakage: Breakage) -> Iterator[str]:
    resources = copy.deepcopy(dict(twin.deployed.resources))
    breakage.plant(resources)
    assert resources != twin.deployed.resources, f"{breakage.name} changes nothing"
    enact, probes = AREAS[breakage.area]
    sound = list(twin.services.calls)
    twin.services.calls.clear()
    try:
        enact(twin, replace(twin.deployed, resources=resources))
        for name in probes:
            if name == "smoke":
                yield from (one.name for one in prove._smoke(twin) if not one.holds)
            elif not prove._tried(name, partial(_probe(name), twin)).holds:
                yield name
    except ClinicError as trouble:
        yield f"not stood up ({trouble})"
    finally:
        enact(twin, twin.deployed)
        twin.services.calls[:] = sound


def _probe(name: str) -> Callable[[Twin], str]:
    return prove._booted if name == "user-data" else prove.PROBES[name]


def _network(twin: Twin, broken: Deployed) -> None:
    """Enact rules, public addresses and routes anew, with the interfaces that there are."""
    network, wanted = twin.network, wiring.read(broken)
    network.wiring.rules, network.wiring.lists = wanted.rules, wanted.lists
    by_name = {one.name: one for one in wanted.interfaces}
    for number, one in enumerate(network.wiring.interfaces):
        like = by_name.get(one.name) or wiring.instance(broken, wanted, number, one.name)
        one.groups = like.groups
        one.public = (one.public or like.public) if like.public else ""
        subnet = wanted.subnets[one.subnet]
        if one.link:
            rule = f"pref 200 iif {one.link}"
            namespaces.ip(
                [f"rule del {rule}", f"rule add {rule} lookup {network.numbers[subnet.table]}"],
                ROUTER,
            )
    network.wiring.tables, network.wiring.s3_tables = wanted.tables, wanted.s3_tables
    for number in network.numbers.values():
        flush = ["ip", "-n", ROUTER, "route", "flush", "table", str(number)]
        subprocess.run(flush, capture_output=True, check=False)  # an empty one is an error
    for table, routes in wanted.tables.items():
        network._route(table, [r.destination for r in routes if r.by != wiring.NAT_GATEWAY])
    network._route_through({one.owner: one for one in network.wiring.of_kind(wiring.NAT)})
    network.filter()


def _balancer(twin: Twin, broken: Deployed) -> None:
    for process in twin.balancer.processes:
        process.kill()
        process.wait()
    shutil.rmtree(twin.balancer.folder)
    made = balancer.start(broken, twin.network.wiring, twin.authority, 0.3)
    twin.balancer = twin.instances.balancer = made
    for name, one in twin.instances.running.items():
        made.register(name, one.interface.address)
    if broken is twin.deployed:
        twin.instances.wait(PATIENCE)


def _cdn(twin: Twin, broken: Deployed) -> None:
    twin.cdn.process.terminate()
    twin.cdn.process.wait()
    shutil.rmtree(twin.cdn.folder)
    twin.cdn = cdn.start(broken, twin.network.wiring, twin.authority)


def _buckets(twin: Twin, broken: Deployed) -> None:
    twin.services.deployed = broken
    _cdn(twin, twin.deployed)  # whose cache would still know the site


def _boot(twin: Twin, broken: Deployed) -> None:
    """One more instance, of what is broken; it goes again when all is sound."""
    fleet = twin.instances
    twin.services.deployed = fleet.deployed = broken
    if broken is twin.deployed:
        for name in [name for name in fleet.running if name.startswith("i-broken")]:
            fleet.terminate(name, 0)
        return
    data = wiring.launch(broken)
    user_data = base64.b64encode(data["UserData"]["Fn::Base64"].encode()).decode()
    with patch.object(fleet, "_launch_data", return_value={**data, "UserData": user_data}):
        fleet.launch(f"i-broken{fleet.begun}", "1")


def _database(twin: Twin, broken: Deployed) -> None:
    """The same data under the settings of what is broken."""
    data = twin.database
    place = database.programs()
    assert place
    stop = [str(place / "pg_ctl"), "stop", "-m", "fast", "-D", str(data.folder / "data")]
    namespaces.run([*NOT_ROOT, *stop])
    data.process.wait()
    [interface] = twin.network.wiring.of_kind(wiring.DATABASE)
    _, given = broken.the("AWS::RDS::DBInstance")
    database.configure(broken, data.folder, interface.address)
    data.port = int(given.get("Port", database.PORT))
    command = [*NOT_ROOT, str(place / "postgres"), "-D", str(data.folder / "data")]
    data.process = namespaces.spawn(interface.name, command, data.folder / "log")
    database._wait(data, place, data.folder / "log")
    data.set_password(str(given["MasterUserPassword"]))


Enact = Callable[[Twin, Deployed], None]
AREAS: dict[str, tuple[Enact, list[str]]] = {
    "network": (_network, ["packets"]),
    "endpoint": (_network, ["s3-endpoint"]),
    "balancer": (_balancer, ["user-data", "log-in", "smoke"]),
    "CDN": (_cdn, ["log-in", "smoke"]),
    "buckets": (_buckets, ["smoke"]),
    "boot": (_boot, ["user-data", "signals", "calls", "hop-limit", "metadata"]),
    "database": (_database, ["database", "log-in"]),
}
"""By area: what enacts it anew, and the probes that are run then."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "seed"))
