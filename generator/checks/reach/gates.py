"""What stands on the way of a packet: groups, lists, public addresses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from generator.model.network import ports
from generator.model.network.groups import Rules
from generator.model.network.routes import Land, Subnet, passing
from generator.model.network.stations import Station

ANY_PORT = (1024, 65535)
"""Where a client that is not known may wait for answers."""


class Gate(NamedTuple):
    """One thing on the way of a packet."""

    name: str
    may: int
    must: int
    parts: tuple[tuple[str, int], ...] = ()
    """What opens it, each with its ports; nothing if nobody needs to be told."""


class End(NamedTuple):
    """One end of a connection: an address and, inside a network, its place."""

    station: Station | None
    subnet: Subnet | None
    address: int
    lists: tuple[str, ...] = ()
    """Prefix lists that the address is on."""


class Net(NamedTuple):
    """Everything that decides about packets."""

    land: Land
    rules: Rules


def closed(why: str) -> Gate:
    """What lets nothing pass."""
    return Gate(why, 0, 0)


def public(end: End) -> Gate:
    """The address by which the internet knows a component."""
    assert end.station is not None
    assert end.subnet is not None
    if end.subnet.name in end.station.public:
        return Gate("a public address", ports.EVERYTHING, ports.EVERYTHING)
    return closed(f"no public address in {end.subnet.name}")


def group(net: Net, own: End, other: End, out: bool) -> Gate:
    """What the groups of ``own`` let out to or in from ``other``."""
    assert own.station is not None
    groups = other.station.groups if other.station else other.lists
    parts = [
        (rule, rule.ports)
        for name in own.station.groups
        for rule in net.rules.get(name, ())
        if rule.out == out and rule.admits(other.address, groups)
    ]
    names = " and ".join(own.station.groups)
    label = f"no rule of {names} lets it {'out' if out else 'in'}"
    return Gate(
        label,
        _any(let for _, let in parts),
        _any(let for rule, let in parts if rule.known),
        tuple((rule.name, let) for rule, let in parts),
    )


def _any(sets: Iterable[int]) -> int:
    return reduce(int.__or__, sets, 0)


def entrance(place: Subnet, address: int) -> Gate:
    """The list of a subnet, for what comes from ``address``."""
    let = passing(place.inward, address)
    return Gate(place.list, let, let, _told(place.list, let))


def _told(name: str, let: int) -> tuple[tuple[str, int], ...]:
    """The network's own list lets everything pass, and needs no mention."""
    return () if let == ports.EVERYTHING else ((name, let),)


def lists(start: End, address: int, into: Subnet | None) -> list[Gate]:
    """The lists of the subnets that a packet for ``address`` leaves and, inside, enters."""
    assert start.subnet is not None
    out = passing(start.subnet.outward, address)
    gates = [Gate(start.subnet.list, out, out, _told(start.subnet.list, out))]
    if into:
        gates.append(entrance(into, start.address))
    return gates


def answers(start: End, end: End) -> list[Gate]:
    """Lists forget who asked: they must let the answers pass as well."""
    back = []
    if end.subnet:
        back.append((end.subnet.list, passing(end.subnet.outward, start.address)))
    if start.subnet:
        back.append((start.subnet.list, passing(start.subnet.inward, end.address)))
    return _returning(back, start)


def relayed(start: End, relay: Subnet) -> list[Gate]:
    """Between a component and its NAT gateway in another subnet, both ways: on the component's
    side packets keep the address of the far end, so that only the gateway's own list is asked."""
    back = [(relay.list, passing(relay.outward, start.address))]
    return [entrance(relay, start.address), *_returning(back, start)]


def _returning(back: list[tuple[str, int]], start: End) -> list[Gate]:
    """``back``: what each list lets return, whatever the port that ``start`` asked from."""
    first, last = start.station.answers() if start.station else ANY_PORT
    tcp, udp = ports.some("tcp", first, last), ports.some("udp", first, last)
    together = reduce(int.__and__, (let for _, let in back), ports.EVERYTHING)
    # A datagram does its work without an answer.
    may = ports.EVERYTHING if together & tcp else ports.EVERYTHING & ~ports.some("tcp")
    return [
        Gate(
            f"{name}, for the answers",
            may,
            ports.EVERYTHING
            & ~(ports.some("tcp") if tcp & ~let else 0)
            & ~(ports.some("udp") if udp & ~let else 0),
        )
        for name, let in back
    ]
