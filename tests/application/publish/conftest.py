"""One embedded endpoint for the folder, and a site of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from generator.cloud.aws import Aws, connect
from generator.local import Endpoint, embedded_endpoint

from .sites import Frontend, make, write

_accounts = count(700_000_000_000)


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
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
def given(endpoint: Endpoint) -> dict[str, str]:
    """The variables that lead to an account that nobody has used."""
    return {**endpoint.environment, "AWS_ACCESS_KEY_ID": str(next(_accounts))}


@pytest.fixture
def aws(given: dict[str, str]) -> Aws:
    return connect(given=given)


@pytest.fixture
def site(aws: Aws) -> Frontend:
    """A stack with an empty bucket and a distribution."""
    make(aws)
    return Frontend(aws)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A small build of one page and two chunks."""
    return write(tmp_path / "dist")
