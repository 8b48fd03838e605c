"""Connections between every two network interfaces, against what `clinic prove` derived."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from generator.checks.reach import collect, roles
from generator.checks.reach.facts import Link
from generator.checks.reach.names import Names
from generator.model.network import ports
from generator.twin.deployed import DeployedStack
from generator.twin.namespaces import inside
from generator.twin.network import CLIENT, VpcNetwork
from generator.twin.network_plan import CDN, NAT, STRANGER, NetworkInterface, NetworkPlan

OPEN, REFUSED, BLOCKED = "open", "refused", "blocked"
USUAL = (22, 80, 443, 3306, 8080)
"""Ports that are tried besides those that rules name."""
PATIENCE = 1.0
"""Seconds without an answer after which a packet is taken for dropped; an answer takes one
thousandth of that."""
INTERNET = "internet"

Target = tuple[str, int]
Links = Mapping[tuple[str, str], Link]


class Probe(NamedTuple):
    """One attempted TCP connection."""

    source: str
    target: str
    port: int
    outcome: str
    """``open``, ``refused``: the packet arrived; ``blocked``: it did not."""
    expected: bool | None
    """Whether it should arrive by `clinic prove`; None where that depends on the subnet."""

    @property
    def agrees(self) -> bool:
        """Whether the outcome is the one that was derived."""
        return self.expected is None or self.expected == (self.outcome != BLOCKED)


class ProbeSource(NamedTuple):
    """The source of connections: its namespace, name and role; ``targets`` has the interface and
    role by address and port."""

    namespace: str
    name: str
    role: str
    targets: Mapping[Target, tuple[str, str]]


def probe(deployed: DeployedStack, network: VpcNetwork) -> list[Probe]:
    """Connect from every interface to every other, on each port that a rule names and some more.

    An additional interface in the VPC has unrestricted egress: what it reaches is what ingress
    rules let the internet reach, whatever the egress rules of other sources are.
    """
    plan = network.plan
    names = Names(deployed.view)
    roles.assign(names)
    links = {(fact.source, fact.target): fact for fact in collect(names) if isinstance(fact, Link)}
    numbers = sorted(_ports(plan))
    places = [one for one in plan.interfaces if one.kind not in (NAT, CDN)]
    tries: list[ProbeSource] = []
    for source in places:
        targets = _targets(names, [one for one in places if one is not source], numbers)
        targets |= {(CLIENT, port): (INTERNET, INTERNET) for port in numbers}
        tries.append(ProbeSource(source.name, source.name, names.called(source.owner), targets))
    public = {
        (one.public, port): (one.name, names.called(one.owner))
        for one in places
        if one.public
        for port in numbers
    }
    tries.append(ProbeSource("client", INTERNET, INTERNET, public))
    stranger = plan.add_interface(STRANGER, STRANGER, STRANGER, places[-1].subnet, public=False)
    network.attach(stranger)
    tries.append(ProbeSource(STRANGER, STRANGER, INTERNET, _targets(names, places, numbers)))
    try:
        with ThreadPoolExecutor(len(tries)) as pool:
            made = pool.map(lambda one: list(_probes_from(one, links)), tries)
            unreached = _without_address(names, places, numbers, links)
            return [*(each for some in made for each in some), *unreached]
    finally:
        network.detach(stranger)


def _targets(
    names: Names, places: Iterable[NetworkInterface], numbers: Iterable[int]
) -> dict[Target, tuple[str, str]]:
    """Interface and name of its owner by private address and port."""
    return {
        (one.address, port): (one.name, names.called(one.owner))
        for one in places
        for port in numbers
    }


def _ports(plan: NetworkPlan) -> Iterator[int]:
    yield from USUAL
    for rule in plan.rules:
        if rule.protocol in ("tcp", "6"):
            yield from {rule.first or 1, rule.last, max(rule.first - 1, 1)}


def _without_address(
    names: Names, places: Iterable[NetworkInterface], numbers: Iterable[int], links: Links
) -> Iterator[Probe]:
    """Failed probes for what the internet should reach and what has no public address."""
    for one in places:
        for port in numbers if not one.public else ():
            link = links.get((INTERNET, names.called(one.owner)))
            if _expected(link, port):
                yield Probe(INTERNET, one.name, port, BLOCKED, True)


def _probes_from(place: ProbeSource, links: Links) -> Iterator[Probe]:
    for target, outcome in inside(place.namespace, connect, list(place.targets)).items():
        called, role = place.targets[target]
        expected = _expected(links.get((place.role, role)), target[1])
        yield Probe(place.name, called, target[1], outcome, expected)


def _expected(link: Link | None, port: int) -> bool | None:
    bit = ports.some("tcp", port, port)
    if link is None or not link.may & bit:
        return False
    return True if link.must & bit else None


def connect(targets: Iterable[Target]) -> dict[Target, str]:
    """``open``, ``refused`` or ``blocked`` by address and port; all are tried at once."""
    results: dict[Target, str] = {}
    with selectors.DefaultSelector() as selector:
        for target in targets:
            one = socket.socket()
            one.setblocking(False)
            code = one.connect_ex(target)
            if code == errno.EINPROGRESS:
                selector.register(one, selectors.EVENT_WRITE, target)
            else:
                results[target] = _outcome(code)
                one.close()
        end = time.monotonic() + PATIENCE
        while selector.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                tried = key.fileobj
                assert isinstance(tried, socket.socket)
                results[key.data] = _outcome(tried.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
                selector.unregister(tried)
                tried.close()
        for key in list(selector.get_map().values()):
            results[key.data] = BLOCKED
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
    return results


def _outcome(code: int) -> str:
    if code == 0:
        return OPEN
    return REFUSED if code == errno.ECONNREFUSED else BLOCKED
