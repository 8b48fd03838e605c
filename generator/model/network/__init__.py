"""The network that templates describe: VPCs, subnets, routes, security group rules, interfaces.

addresses.py, ports.py   ranges of addresses and sets of ports
routes.py     VPCs, subnets, network ACLs and where route tables lead
groups.py     security group rules, prefix lists
stations.py   what has a network interface: balancers, instances, databases, ...
"""

from __future__ import annotations

from typing import NamedTuple

from generator.model.network.groups import Rules, rules
from generator.model.network.routes import Land, land
from generator.model.network.stations import Station, stations
from generator.model.references import References
from generator.model.unknown import Unknown


class Network(NamedTuple):
    """All that decides about packets, and what could not be judged of it."""

    land: Land
    rules: Rules
    stations: tuple[Station, ...]
    unknown: tuple[Unknown, ...]


def read(names: References) -> Network:
    """The networks of some resources."""
    around, doubts = land(names)
    let, more = rules(names)
    return Network(around, let, tuple(stations(names, around)), (*doubts, *more))
