"""A machine per test, a fleet of some, and one that was born for several tests that only look."""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from .cloud import AWS, INSTANCE, PASSWORD, SECRETS, Cloud, serve
from .machine import Machine
from .place import Place, own_network, shared_network, why_not
from .postgres import lacking


class NotInItsOwnNetworkWarning(UserWarning):
    """A boot was tried with other addresses than an instance has."""


class NoRealDatabaseWarning(UserWarning):
    """Something was not tried in a real PostgreSQL."""


@pytest.fixture(scope="session")
def real_database() -> None:
    """Skip, and say so, where no PostgreSQL is."""
    if reason := lacking():
        warnings.warn(f"no real database here: {reason}", NoRealDatabaseWarning, stacklevel=1)
        pytest.skip(reason)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Yield a machine in a cloud with a database, a .env and a healthy image."""
    with _place_of_birth(tmp_path) as machine:
        yield machine


@pytest.fixture
def settled(machine: Machine, born: Machine) -> Machine:
    """Return a machine that has booted some time ago."""
    machine.age(born)
    return machine


@pytest.fixture(scope="package")
def born(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Yield a machine that has booted from a pulled image; not to be changed."""
    with _place_of_birth(tmp_path_factory.mktemp("born")) as machine:
        assert machine.run().returncode == 0
        yield machine


@contextmanager
def _network() -> Iterator[Place]:
    if reason := why_not():
        warnings.warn(
            f"the boot does not own 169.254.169.254 here: {reason}",
            NotInItsOwnNetworkWarning,
            stacklevel=1,
        )
    with shared_network() if reason else own_network() as place:
        yield place


@contextmanager
def _place_of_birth(
    root: Path, cloud: Cloud | None = None, instance: str = INSTANCE
) -> Iterator[Machine]:
    """Whatever the test does: every request was signed well, and no secret could be read."""
    with _network() as place, in_place(root, place, cloud, instance) as machine:
        yield machine


@contextmanager
def in_place(
    root: Path, place: Place, cloud: Cloud | None = None, instance: str = INSTANCE
) -> Iterator[Machine]:
    """The same in a network that there is."""
    cloud = cloud or Cloud()
    with ExitStack() as servers:
        machine = Machine(root, cloud, place, instance)
        for roles, listener in place.listeners.items():
            server = serve(cloud, listener, instance, lambda name: machine.healthy(name), roles)
            servers.callback(server.server_close)
            servers.callback(server.shutdown)
            if AWS in roles:
                machine.port = server.server_address[1]
        cloud.secret = {"host": "127.0.0.1", "port": machine.port}
        cloud.secret |= {"username": "clinic", "password": PASSWORD}
        yield machine
    assert cloud.forgeries == []
    written = machine.everything_written() + "\n".join(cloud.shipped())
    assert [secret for secret in SECRETS if secret in written] == []
