"""One embedded endpoint for all tests of this folder, and a fresh account of it for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

from generator.cloud.aws import Aws, connect
from generator.local import Endpoint, embedded_endpoint

_accounts = count(200_000_000_000)


def new_account() -> str:
    """Twelve digits that no other test of this process has used."""
    return str(next(_accounts))


@pytest.fixture(autouse=True)
def no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test reaches loopback only, whatever the person's shell is signed in to."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    with embedded_endpoint() as running:
        yield running


@pytest.fixture
def aws(endpoint: Endpoint) -> Aws:
    """A connection to an account that nobody has used."""
    return connect(variables={**endpoint.environment, "AWS_ACCESS_KEY_ID": new_account()})
