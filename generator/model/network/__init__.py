"""The network that templates describe: VPCs, subnets, routes, security group rules, interfaces.

addresses.py, ports.py   ranges of addresses and sets of ports
routes.py     VPCs, subnets, network ACLs and where route tables lead
groups.py     security group rules, prefix lists
stations.py   what has a network interface: balancers, instances, databases, ...
"""

from __future__ import annotations

from typing import NamedTuple

from generator.model.network import groups, routes, stations
from generator.model.references import References
from generator.model.unknown import Unknown


class Network(NamedTuple):
    """All that decides about packets, and what could not be judged of it."""

    land: routes.Land
    rules: groups.Rules
    stations: tuple[stations.Station, ...]
    unknown: tuple[Unknown, ...]


def read(names: References) -> Network:
    """The networks of some resources."""
    land, doubts = routes.land(names)
    rules, more = groups.rules(names)
    return Network(land, rules, tuple(stations.stations(names, land)), (*doubts, *more))
