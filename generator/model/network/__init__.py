"""The network that templates describe: VPCs, subnets, routes, security group rules, interfaces.

addresses.py, ports.py   ranges of addresses and sets of ports
routes.py     VPCs, subnets, network ACLs and where route tables lead
groups.py     security group rules, prefix lists
components.py   what has a network interface: balancers, instances, databases, ...
"""

from __future__ import annotations

from typing import NamedTuple

from generator.model.network import components, groups, routes
from generator.model.references import References
from generator.model.unknown import Unknown


class Network(NamedTuple):
    """Everything that decides which packets pass, and what could not be judged of it."""

    topology: routes.Topology
    rules: groups.Rules
    components: tuple[components.Component, ...]
    unknown: tuple[Unknown, ...]


def read(names: References) -> Network:
    """The networks of some resources."""
    topology, doubts = routes.topology(names)
    rules, more = groups.rules(names)
    return Network(topology, rules, tuple(components.components(names, topology)), (*doubts, *more))
