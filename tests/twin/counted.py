"""What a router of its own counts: printed as JSON, one object a step. Run in `own_world`."""

from __future__ import annotations

import json

from generator.twin import namespaces, network_plan
from generator.twin.namespaces import inside, listener
from generator.twin.network import VpcNetwork
from generator.twin.network_plan import BACKEND, DATABASE
from generator.twin.packets import connect
from tests.twin.planned import planned


def show(network: VpcNetwork) -> None:
    """Packets so far: let through to the database, and dropped before it."""
    name = network.plan.of_kind(DATABASE)[0].owner
    total = network.counters.total()
    here = {one: count for one, count in total.items() if (one.owner, one.out) == (name, False)}
    allowed = sum(count for one, count in here.items() if one.rule)
    print(json.dumps({"allowed": allowed, "dropped": sum(here.values()) - allowed}))


def main() -> None:
    """Connections that are let through and dropped, and a new interface between them."""
    namespaces.furnish()
    deployed = planned("seed")
    network = VpcNetwork(network_plan.read(deployed))
    network.start()
    backend = network_plan.instance(deployed, network.plan, 0, "i-0")
    network.attach(backend)
    assert backend.kind == BACKEND
    [database] = network.plan.of_kind(DATABASE)
    balancer = network.plan.of_kind(network_plan.BALANCER)[0]
    listening = listener(database.name, database.address, 5432)
    show(network)
    inside(backend.name, connect, [(database.address, 5432)])
    show(network)
    # The balancer may send to the backend alone: what is dropped on its way out is its own.
    inside(balancer.name, connect, [(database.address, 5432)])
    show(network)
    stranger = network.plan.add_interface(
        "stranger", "", network_plan.STRANGER, backend.subnet, public=False
    )
    network.attach(stranger)
    inside(stranger.name, connect, [(database.address, 5432)])
    show(network)
    network.detach(stranger)
    show(network)
    listening.close()


main()
