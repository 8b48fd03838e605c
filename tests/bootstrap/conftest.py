"""A machine per test, and one that was born for several tests that only look."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .cloud import PASSWORD, SECRETS, Cloud, serve
from .machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Yield a machine in a cloud with a database, a .env and a healthy image."""
    with _place_of_birth(tmp_path) as machine:
        yield machine


@pytest.fixture(scope="package")
def born(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Yield a machine that has booted from a pulled image; not to be changed."""
    with _place_of_birth(tmp_path_factory.mktemp("born")) as machine:
        assert machine.run().returncode == 0
        yield machine


@contextmanager
def _place_of_birth(root: Path) -> Iterator[Machine]:
    """Whatever the test does: every request was signed well, and no secret could be read."""
    cloud = Cloud()
    server = serve(cloud)
    cloud.secret = {"host": "127.0.0.1", "port": cloud.port}
    cloud.secret |= {"username": "clinic", "password": PASSWORD}
    machine = Machine(root, cloud)
    yield machine
    server.shutdown()
    server.server_close()
    assert cloud.forgeries == []
    written = machine.everything_written() + "\n".join(cloud.shipped())
    assert [secret for secret in SECRETS if secret in written] == []
